import { describe, expect, test } from 'vitest';
import { only, type RenderOptions, render } from './helm.ts';

/** What Helm would print after the install; `helm template` does not print it, so an extra object carries it out. */
function notes(values: Readonly<Record<string, unknown>> = {}, options: RenderOptions = {}): string {
  const carrier = [
    'apiVersion: v1',
    'kind: ConfigMap',
    'metadata: { name: notes }',
    'data: { notes: {{ include "tiktok-sync.notes" . | toJson }} }',
  ].join('\n');
  const objects = render({ ...options, inline: { ...values, extraObjects: [carrier] } });
  return (only(objects, 'ConfigMap', 'notes')['data'] as { notes: string }).notes;
}

test('the notes say how to see that all is well, and what is missing', () => {
  const text = notes();
  expect(text).toContain('kubectl -n ads rollout status deployment/sync-tiktok-conversion-sync');
  expect(text).toContain('helm -n ads test sync');
  // A pod that cannot reach its servers ends, and nobody can run anything in it.
  expect(text).toContain('kubectl -n ads logs deployment/sync-tiktok-conversion-sync');
  for (const name of ['metrics.podMonitor', 'metrics.prometheusRule', 'metrics.dashboards', 'networkPolicy']) {
    expect(text).toContain(`${name}.enabled`);
  }
  expect(text).not.toContain('access tokens');
  expect(text).not.toContain('Risky');
});

test('an install without any token is told so', () => {
  expect(notes({ tiktok: { existingSecret: '' } })).toContain('name a secret in tiktok.existingSecret');
});

test('nothing is missing where everything is on', () => {
  const on = { enabled: true };
  const metrics = { podMonitor: on, dashboards: on, prometheusRule: { ...on, grafanaBaseUrl: 'https://g.example/' } };
  const text = notes({ metrics, networkPolicy: on, topics: { create: 'job' } });
  expect(text).not.toContain('Not there yet');
  expect(text).toContain('https://g.example/d/tiktok-sync-overview');
});

const RISKS: readonly (readonly [said: string, values: Readonly<Record<string, unknown>>])[] = [
  ['tiktok.createSecret', { tiktok: { existingSecret: '', createSecret: true, tokens: { acme: 'x' } } }],
  ['the password travels in clear', { kafka: { auth: { mode: 'plain', username: 'sync', existingSecret: 'kafka' } } }],
  ['config.redis.tls.rejectUnauthorized is false', { config: { redis: { tls: { rejectUnauthorized: false } } } }],
  ['config.dedup.onUnavailable is pass_through', { config: { dedup: { onUnavailable: 'pass_through' } } }],
  ['config.tiktok.baseUrl is http', { config: { tiktok: { baseUrl: 'http://simulator:8090' } } }],
  ['replicaCount is 1', { replicaCount: 1 }],
  ['replicaCount is 0', { replicaCount: 0 }],
  ['13 pods for 12 partitions', { replicaCount: 13, topics: { create: 'job' } }],
  [
    'config.window.sizeMs is above 5 minutes',
    { config: { window: { sizeMs: '6m' } }, metrics: { prometheusRule: { enabled: true } } },
  ],
  ['resources.limits.memory is not set', { resources: { limits: null } }],
];

describe('a risky combination', () => {
  test.each(RISKS)('is told: %s', (said, values) => {
    expect(notes(values)).toContain(said);
  });
});

test('a configuration that the chart does not see is told of', () => {
  const values = { existingConfigMap: 'mine', tiktok: { existingSecret: 'tokens' } };
  expect(notes(values, { values: [] })).toContain('existingConfigMap: the chart cannot compare');
  const keda = { enabled: true, freshness: { serverAddress: 'http://prometheus:9090' } };
  const risk = 'takes window.sizeMs for its default (120 s)';
  expect(notes({ ...values, keda }, { values: [] })).toContain(risk);
  const own = { ...keda, freshness: { ...keda.freshness, query: 'up' } };
  expect(notes({ ...values, keda: own }, { values: [] })).not.toContain(risk);
});
