import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { VARIANTS, valuesOf } from './cluster/variants.ts';
import { render } from './helm.ts';

const EVERY_API = new Set(VARIANTS.flatMap(({ parts }) => parts.map(({ needs }) => needs)));

function kinds(name: string): ReadonlySet<string> {
  const variant = VARIANTS.find(each => each.name === name) ?? expect.fail(`no variant ${name}`);
  const { values, leftOut } = valuesOf(variant, EVERY_API);
  expect(leftOut).toEqual([]);
  return new Set(render({ values: [], inline: values }).map(({ kind }) => kind));
}

test('the cluster suite installs every kind of object that the chart can make', () => {
  const all = new Set(VARIANTS.flatMap(({ name }) => [...kinds(name)]));
  const operators = ['ServiceMonitor', 'PodMonitor', 'PrometheusRule', 'ScaledObject', 'KafkaTopic'];
  const ours = ['ConfigMap', 'Deployment', 'PodDisruptionBudget', 'Service', 'ServiceAccount', 'Pod', 'Job'];
  for (const kind of [...operators, ...ours, 'NetworkPolicy', 'HorizontalPodAutoscaler']) expect(all).toContain(kind);
});

test('with the defaults it installs nothing that needs an operator', () => {
  const expected = ['ConfigMap', 'Deployment', 'Pod', 'PodDisruptionBudget', 'Service', 'ServiceAccount'];
  expect([...kinds('defaults')].sort()).toEqual(expected);
});

test('what a cluster does not know is left out, and named', () => {
  const operators = VARIANTS.find(({ name }) => name === 'operators') ?? expect.fail();
  const { values, leftOut } = valuesOf(operators, new Set(['v1', 'networking.k8s.io/v1']));
  expect(leftOut).toEqual(['ServiceMonitor', 'PrometheusRule', 'ScaledObject', 'KafkaTopic']);
  expect(values).toMatchObject({ metrics: { dashboards: { enabled: true } }, networkPolicy: { enabled: true } });
  expect(values).not.toHaveProperty('keda');
});

test('without a KUBECONFIG it touches no cluster', () => {
  const main = fileURLToPath(new URL('cluster/main.ts', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [main], {
    env: { PATH: process.env['PATH'] ?? '' },
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([2, expect.stringContaining('KUBECONFIG is not set')]);
});
