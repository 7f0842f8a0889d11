import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ciValues, lint, NEWEST_KUBERNETES, OLDEST_KUBERNETES, only, render, template } from './helm.ts';

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

test.each(['README.md', 'helm/README.md'])('the install of %s is four lines, and they are right', page => {
  const text = readFileSync(new URL(`../../${page}`, import.meta.url), 'utf8');
  const lines = /```sh\n(kubectl create namespace[\s\S]*?)\n```/.exec(text)?.[1]?.split('\n') ?? [];
  expect(lines).toHaveLength(4);
  const set = [...(lines[2] ?? '').matchAll(/--set (?:'([^']*)'|(\S+))/g)].map(
    ([, quoted, plain]) => quoted ?? plain ?? '',
  );
  const objects = render({ values: [], set });
  expect(only(objects, 'Deployment').metadata.name).toBe('sync-tiktok-conversion-sync');
  expect(lines[1]).toContain(' tiktok-tokens ');
  expect(JSON.stringify(objects)).toContain('"secretName":"tiktok-tokens"');
});

test("every example of the chart's page is taken by the chart", () => {
  const text = readFileSync(new URL('../../helm/README.md', import.meta.url), 'utf8');
  const examples = [...text.matchAll(/```yaml\n([\s\S]*?)\n```/g)].map(([, example = '']) => parse(example) as object);
  const values = examples.filter(example => !('kind' in example));
  expect(values).toHaveLength(3);
  for (const inline of values) expect(render({ inline: { ...inline } }).length).toBeGreaterThan(5);
});
