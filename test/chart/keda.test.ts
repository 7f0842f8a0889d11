/** The triggers of the ScaledObject. */

import { expect, test } from 'vitest';
import { only, render } from './helm.ts';

interface Trigger {
  readonly type: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly authenticationRef?: { readonly name: string };
}

function triggers(keda: object, more: object = {}): readonly Trigger[] {
  const scaled = only(render({ inline: { keda: { enabled: true, ...keda }, ...more } }), 'ScaledObject');
  return (scaled['spec'] as { triggers: readonly Trigger[] }).triggers;
}

const serverAddress = 'https://prometheus.monitoring:9090';

test('a query of the values may speak of the release', () => {
  const query = 'max(lateness{namespace="{{ .Release.Namespace }}"})';
  expect(triggers({ freshness: { serverAddress, query } })).toMatchObject([
    { type: 'prometheus', metadata: { query: 'max(lateness{namespace="ads"})' } },
  ]);
});

test('a Prometheus that wants credentials or a tenant is told them', () => {
  const metadata = { authModes: 'bearer', customHeaders: 'X-Scope-OrgID=ads' };
  const [trigger] = triggers({ freshness: { serverAddress, metadata }, authenticationRef: { name: 'prometheus' } });
  expect(trigger).toMatchObject({
    metadata: { serverAddress, ...metadata },
    authenticationRef: { name: 'prometheus' },
  });
});

test('lag is asked for of both event topics under their own names, as the service speaks to Kafka', () => {
  const config = {
    kafka: { brokers: 'kafka-1:9093, kafka-2:9093,', groupId: 'ads', startFrom: 'latest' },
    topics: { conversions: 'ads.conversions', revenueUpdates: 'ads.revenue' },
  };
  const kafka = {
    auth: { mode: 'scram-sha-512', username: 'sync', existingSecret: 'kafka' },
    tls: { enabled: true },
  };
  const found = triggers({ trigger: 'lag', authenticationRef: { name: 'kafka' } }, { config, kafka });
  expect(found.map(({ metadata }) => metadata)).toEqual(
    ['ads.conversions', 'ads.revenue'].map(topic => ({
      ...{ bootstrapServers: 'kafka-1:9093,kafka-2:9093', consumerGroup: 'ads', topic, lagThreshold: '100000' },
      ...{ offsetResetPolicy: 'latest', excludePersistentLag: 'false', sasl: 'scram_sha512', tls: 'enable' },
    })),
  );
});

test('KEDA is told of no SASL where there is none: before 2.18 it took no `none`', () => {
  for (const { metadata } of triggers({ trigger: 'lag' })) expect(metadata).not.toHaveProperty('sasl');
});
