import { describe, expect, test } from 'vitest';
import type { KubernetesObject } from './helm.ts';
import { type Change, sample, spoilt } from './policies/sample.ts';
import { schemaProblems } from './schemas.ts';
import { fieldProblems } from './typed-fields.ts';

async function problemsOf(objects: readonly KubernetesObject[]): Promise<string[]> {
  return (await Promise.all(objects.map(schemaProblems))).flat();
}

describe('the published schemas', () => {
  test('take the sample', async () => expect(await problemsOf(sample())).toEqual([]));

  test.each<[string, Change]>([
    ['a missing selector', ['Deployment/spec/selector', undefined]],
    ['a number that is text', ['Deployment/spec/replicas', 'two']],
    ['a kind that does not exist', ['Service/kind', 'Servise']],
    ['a scrape of nothing', ['PodMonitor/spec/selector', undefined]],
    ['an interval that is none', ['ServiceMonitor/spec/endpoints/0/interval', 'often']],
    ['a topic with a field of another', ['KafkaTopic/spec/partition', 3]],
    ['a topic without replicas', ['KafkaTopic/spec/replicas', 0]],
    ['a topic of no cluster', ['KafkaTopic/metadata/labels', {}]],
  ])('refuse %s', async (_, change) => {
    expect(await problemsOf(spoilt(change))).toHaveLength(1);
  });
});

test('fields that Kubernetes does not have are found, all objects in one go', () => {
  const bad: Readonly<Record<string, Change>> = {
    'a misspelt field': ['Deployment/spec/replicasss', 2],
    'a field in the wrong place': ['Deployment/spec/template/spec/containers/0/livenessProbe/path', '/livez'],
    'a field of a volume': ['Deployment/spec/template/spec/volumes/0/configMap/optionall', true],
    'a field of a job': ['Job/spec/ttlSecondsAfterFinish', 1],
    'a field of a budget': ['PodDisruptionBudget/spec/unhealthyEvictionPolicy', 'AlwaysAllow'],
    'a field of a policy': ['NetworkPolicy/spec/podSelectors', {}],
    'a field of a monitor': ['PodMonitor/spec/podMetricsEndpoints/0/intervall', '30s'],
  };
  const renderings = Object.entries(bad).flatMap(([name, change]) => [
    { name, objects: spoilt(change), oldest: true },
    { name: `${name}, newest`, objects: spoilt(change), oldest: false },
  ]);
  const found = fieldProblems([{ name: 'the sample', objects: sample(), oldest: true }, ...renderings]);
  const expected = Object.entries(bad).flatMap(([name, [path]]) => {
    const field = path.split('/').at(-1);
    const operator = path.startsWith('PodMonitor');
    return [`${name}: ${path.split('/')[0]}/`, ...(operator ? [] : [`${name}, newest: ${path.split('/')[0]}/`])].map(
      start => expect.stringMatching(new RegExp(`^${start}.*'"${field}"' does not exist`)),
    );
  });
  expect(found).toEqual(expected);
});
