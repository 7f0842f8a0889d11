import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { NO_FLAGS } from '../../src/config-sources.ts';
import { only, type RenderOptions, render } from './helm.ts';

interface Container {
  readonly env: readonly { readonly name: string; readonly value?: string }[];
}

/** The configuration that the service makes of what the chart gives it. */
function loaded(options: RenderOptions, secrets: Readonly<Record<string, string>> = {}) {
  const objects = render(options);
  const { data } = only(objects, 'ConfigMap', 'sync-tiktok-conversion-sync') as unknown as { data: object };
  const files: Record<string, string> = { ...secrets };
  for (const [name, text] of Object.entries(data)) files[`/etc/tiktok-sync/${name}`] = text;
  const { spec } = only(objects, 'Deployment') as unknown as {
    spec: { template: { spec: { containers: readonly [Container] } } };
  };
  const env = spec.template.spec.containers[0].env.map(({ name, value }) => [name, value ?? `${name} of a secret`]);
  return loadConfig({
    flags: NO_FLAGS,
    env: Object.fromEntries(env),
    readFile: path => files[path] ?? expect.fail(`nothing is mounted at ${path}`),
  });
}

test('the service takes the configuration that the chart renders', () => {
  expect(loaded({})).toMatchObject({
    ok: true,
    config: {
      kafka: { brokers: ['kafka-1.kafka:9092', 'kafka-2.kafka:9092'], tls: { enabled: false } },
      registry: { url: 'http://schema-registry.kafka:8081' },
      redis: { url: 'redis://redis.kafka:6379' },
      http: { host: '0.0.0.0', port: 8080 },
      tokens: { dir: '/etc/tiktok-sync/tokens', keyFile: null },
    },
  });
});

test('large numbers and durations arrive as they were written', () => {
  const config = {
    window: { maxBufferedBytes: 4_294_967_296, sizeMs: '90s' },
    delivery: { rateFloorPerSecond: 0.001 },
  };
  expect(loaded({ inline: { config } })).toMatchObject({
    config: {
      window: { maxBufferedBytes: 4_294_967_296, sizeMs: 90_000 },
      delivery: { rateFloorPerSecond: 0.001 },
    },
  });
});

test.each([
  ['1Gi', '--max-old-space-size=768'],
  ['1.5Gi', '--max-old-space-size=1152'],
  ['512Mi', '--max-old-space-size=384'],
  ['2G', '--max-old-space-size=1430'],
  [1_073_741_824, '--max-old-space-size=768'],
  [null, undefined],
])("a memory limit of %s makes Node's old space %s", (memory, expected) => {
  const { spec } = only(render({ inline: { resources: { limits: { memory } } } }), 'Deployment') as unknown as {
    spec: { template: { spec: { containers: readonly [Container] } } };
  };
  const { env } = spec.template.spec.containers[0];
  expect(env.find(({ name }) => name === 'NODE_OPTIONS')?.value).toBe(expected);
});
