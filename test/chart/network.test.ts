import { describe, expect, test } from 'vitest';
import { NAMESPACE, only, type RenderOptions, render } from './helm.ts';

interface EgressRule {
  readonly to?: readonly { readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] } }[];
  readonly ports: readonly { readonly port: number; readonly protocol: string }[];
}

function egress(
  config: object,
  more: Readonly<Record<string, unknown>> = {},
  values: RenderOptions['values'] = ['minimal'],
) {
  const objects = render({ values, inline: { config, networkPolicy: { enabled: true }, ...more } });
  const policy = only(objects, 'NetworkPolicy', 'sync-tiktok-conversion-sync');
  const rules = (policy as unknown as { spec: { egress: EgressRule[] } }).spec.egress;
  return rules.map(({ to, ports }) => ({
    ports: [...new Set(ports.map(({ port }) => port))],
    blocks: to?.flatMap(({ ipBlock }) => ipBlock?.cidr ?? []) ?? null,
  }));
}

describe('the network policy opens', () => {
  test('the ports of what is configured, and public HTTPS', () => {
    expect(egress({})).toEqual([
      { ports: [53], blocks: [] },
      { ports: [9092], blocks: null },
      { ports: [8081], blocks: null },
      { ports: [6379], blocks: null },
      { ports: [443], blocks: ['0.0.0.0/0', '::/0'] },
    ]);
  });

  test("each port once, those of the schemes where none is written, and Redis' further nodes", () => {
    const config = {
      kafka: { brokers: 'kafka-1:9094, kafka-2:9095,kafka-3:9094' },
      registry: { url: 'https://registry.example/apis/ccompat/v7' },
      redis: { mode: 'cluster', url: 'rediss://redis.example', nodes: ['redis-1:26379'] },
      tiktok: { baseUrl: 'http://simulator:8090' },
    };
    expect(egress(config).map(({ ports }) => ports)).toEqual([[53], [9094, 9095], [443], [6379, 26_379], [8090]]);
  });

  test('the way to the proxy instead of the public one', () => {
    const config = { tiktok: { proxyUrl: 'http://proxy.example:8888' } };
    expect(egress(config).at(-1)).toEqual({ ports: [8888], blocks: null });
    const tiktok = { existingSecret: 'tokens', proxy: { existingSecret: 'proxy' } };
    expect(egress({}, { tiktok }).at(-1)).toEqual({ ports: [3128], blocks: null });
  });

  test('the token endpoint that Kafka asks for', () => {
    const oauth = { tokenEndpoint: 'https://login.example:8443/token', clientId: 'sync' };
    const kafka = { auth: { mode: 'oauthbearer', existingSecret: 'oauth', oauth } };
    expect(egress({}, { kafka })).toContainEqual({ ports: [8443], blocks: null });
  });
});

test('the topics Job, which runs first, has a policy of its own that goes with it', () => {
  const objects = render({ inline: { networkPolicy: { enabled: true }, topics: { create: 'job' } } });
  const { metadata } = only(objects, 'NetworkPolicy', 'sync-tiktok-conversion-sync-topics');
  expect(metadata).toMatchObject({
    namespace: NAMESPACE,
    annotations: { 'helm.sh/hook': 'pre-install,pre-upgrade', 'helm.sh/hook-weight': '-10' },
  });
});
