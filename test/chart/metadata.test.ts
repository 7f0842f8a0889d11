/** Labels and annotations of the values beside the chart's own; a key that is there twice is no YAML, and fails to parse. */

import type { DeploymentSpec } from 'kubernetes-types/apps/v1.d.ts';
import { describe, expect, test } from 'vitest';
import { only, render } from './helm.ts';

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

test('a rollout by Recreate has no bounds of a rolling update, which Kubernetes would refuse', () => {
  const { strategy } = only(render({ inline: { strategy: { type: 'Recreate' } } }), 'Deployment')[
    'spec'
  ] as DeploymentSpec;
  expect(strategy).toEqual({ type: 'Recreate' });
});
