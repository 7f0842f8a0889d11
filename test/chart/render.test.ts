import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ciValues, lint, NEWEST_KUBERNETES, OLDEST_KUBERNETES, render, template } from './helm.ts';

describe.each(ciValues())('the values of ci/%s-values.yaml', name => {
  test('pass a strict lint', () => {
    const { ok, stdout, stderr } = lint({ values: [name] });
    expect(ok, stdout + stderr).toBe(true);
  });

  test.each([OLDEST_KUBERNETES, NEWEST_KUBERNETES])('render on Kubernetes %s', kubeVersion => {
    expect(render({ values: [name], kubeVersion }).length).toBeGreaterThan(3);
  });
});

test('an older Kubernetes than the chart was made for is refused', () => {
  expect(template({ kubeVersion: '1.26.15' }).stderr).toContain('incompatible with Kubernetes v1.26.15');
});

test('what nobody can do without is asked for by name, all of it at once', () => {
  const { ok, stderr } = template({ values: [] });
  expect(ok).toBe(false);
  for (const name of ['config.kafka.brokers', 'config.registry.url', 'config.redis.url']) {
    expect(stderr).toContain(`* ${name} is required`);
  }
});

test("the chart's version of the service is the package's", () => {
  const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  const { version } = JSON.parse(read('package.json')) as { version: string };
  expect(parse(read('helm/Chart.yaml'))).toMatchObject({
    appVersion: version,
    kubeVersion: `>=${OLDEST_KUBERNETES}-0`,
  });
});
