/** Labels and annotations of the values beside the chart's own; a key that is there twice is no YAML, and fails to parse. */

import type { DeploymentSpec } from 'kubernetes-types/apps/v1.d.ts';
import { describe, expect, test } from 'vitest';
import { only, type RenderOptions, render } from './helm.ts';
import { containersOf, podsOf } from './objects.ts';
import { schemaProblems } from './schemas.ts';

const TEAM = { team: 'ads' };

describe('a label or annotation that is set twice', () => {
  test('is there once, and the nearer one wins', () => {
    const objects = render({
      inline: {
        commonLabels: TEAM,
        podLabels: { team: 'ads-pods' },
        service: { labels: TEAM },
        metrics: {
          podMonitor: { enabled: true, labels: { team: 'monitoring' } },
          prometheusRule: { enabled: true, labels: TEAM },
        },
        topics: { create: 'job' },
      },
    });
    for (const { metadata } of objects) expect(metadata.labels).toHaveProperty('team');
    expect(only(objects, 'PodMonitor').metadata.labels).toMatchObject({ team: 'monitoring' });
    const { template } = only(objects, 'Deployment')['spec'] as DeploymentSpec;
    expect(template.metadata?.labels).toMatchObject({ team: 'ads-pods' });
  });

  test("may be one of the chart's own, such as the application it is part of", () => {
    const partOf = 'app.kubernetes.io/part-of';
    const container = 'kubectl.kubernetes.io/default-container';
    const objects = render({
      inline: { commonLabels: { [partOf]: 'ads' }, podAnnotations: { [container]: 'sidecar' } },
    });
    for (const { metadata } of objects) expect(metadata.labels).toHaveProperty([partOf], 'ads');
    const { template } = only(objects, 'Deployment')['spec'] as DeploymentSpec;
    expect(template.metadata?.annotations).toMatchObject({
      [container]: 'sidecar',
      'checksum/config': expect.any(String),
    });
  });
});

/** YAML takes these for a number, a truth value and a float, and Kubernetes takes none of them for a name. */
test.each<readonly [what: string, options: RenderOptions]>([
  ['a release', { release: '2024', inline: { fullnameOverride: 'ads' } }],
  ['a chart', { inline: { nameOverride: '2024' } }],
  [
    'a secret',
    {
      inline: {
        tiktok: { existingSecret: '20240101', envelopeKeys: { existingSecret: '1e5', key: '2024' } },
        schemaRegistry: { auth: { existingSecret: 'true', usernameKey: '1', passwordKey: '2' } },
        topics: { create: 'job' },
      },
    },
  ],
  ['a service account', { inline: { serviceAccount: { create: false, name: '1234' }, topics: { create: 'job' } } }],
  ['a priority class', { inline: { priorityClassName: '100' } }],
])('the name of %s may look like something else', async (_, options) => {
  expect((await Promise.all(render(options).map(schemaProblems))).flat()).toEqual([]);
});

test('tokens of a demo keep the names that connections use', () => {
  const tokens = { '0123': 'a', on: 'b', '1e3': 'c', 'acme.eu': 'd' };
  const objects = render({ inline: { tiktok: { existingSecret: '', createSecret: true, tokens } } });
  expect(only(objects, 'Secret')['stringData']).toEqual(tokens);
});

describe('a value that is left blank', () => {
  const blank = (values: Readonly<Record<string, unknown>>) => render({ inline: values });

  test('asks for no secret of no name', () => {
    const { template } = only(blank({ tiktok: { existingSecret: null } }), 'Deployment')['spec'] as DeploymentSpec;
    expect(template.spec?.volumes?.map(({ name }) => name)).toEqual(['config', 'tmp']);
  });

  test('leaves the disruption budget its other bound', () => {
    const spec = only(blank({ podDisruptionBudget: { minAvailable: null } }), 'PodDisruptionBudget')['spec'];
    expect(spec).toMatchObject({ maxUnavailable: 1 });
    expect(spec).not.toHaveProperty('minAvailable');
  });

  test.each(['resources', 'podLabels', 'commonLabels'])('takes %s away', name => {
    expect(only(blank({ [name]: null }), 'Deployment').metadata.name).toBe('sync-tiktok-conversion-sync');
  });
});

test('every pod can have the CPU limit that a quota asks for', () => {
  const resources = { limits: { cpu: '1' } };
  const objects = render({
    inline: { resources, tests: { resources }, topics: { create: 'job', job: { resources } } },
  });
  const containers = podsOf(objects).flatMap(containersOf);
  expect(containers.map(({ container }) => container.resources?.limits?.['cpu'])).toEqual(['1', '1', '1']);
});

test('a rollout by Recreate has no bounds of a rolling update, which Kubernetes would refuse', () => {
  const { strategy } = only(render({ inline: { strategy: { type: 'Recreate' } } }), 'Deployment')[
    'spec'
  ] as DeploymentSpec;
  expect(strategy).toEqual({ type: 'Recreate' });
});
