/** Values that are wrong, each refused with a text that names the value: at `helm install`, not by a pod that dies. */

import { describe, expect, test } from 'vitest';
import { template } from './helm.ts';

type Wrong = Readonly<Record<string, readonly [values: Readonly<Record<string, unknown>>, ...said: string[]]>>;

const EMPTY = { config: { kafka: { brokers: [] } } };
const password = 'hunter2-hunter2';

/** What the schema refuses. */
const WRONG_BY_THEMSELVES: Wrong = {
  'a misspelt value': [{ replicacount: 3 }, 'Additional property replicacount is not allowed'],
  'a misspelt value inside': [{ kafka: { auth: { mod: 'tls' } } }, 'kafka.auth: Additional property mod'],
  'a misspelt option of the service': [
    { config: { window: { size: '2m' } } },
    'config.window: Additional property size',
  ],
  'an option of the service out of bounds': [
    { config: { window: { sizeMs: 5 } } },
    'config.window.sizeMs',
    'Must be greater than or equal to 100',
  ],
  'no broker in the list': [EMPTY, 'config.kafka.brokers'],
  'a number for a text': [{ image: { tag: 1.5 } }, 'image.tag: Invalid type. Expected: string, given: number'],
  'an authentication nobody speaks': [{ kafka: { auth: { mode: 'gssapi' } } }, 'kafka.auth.mode must be one of'],
  'a password without its secret': [
    { kafka: { auth: { mode: 'plain', username: 'sync' } } },
    'kafka.auth.existingSecret: String length must be greater than or equal to 1',
  ],
  'mutual TLS without a certificate': [{ kafka: { auth: { mode: 'tls' } } }, 'kafka.tls.client.existingSecret'],
  'OAUTHBEARER without an endpoint': [
    { kafka: { auth: { mode: 'oauthbearer', existingSecret: 'oauth' } } },
    'kafka.auth.oauth.tokenEndpoint',
    'kafka.auth.oauth.clientId',
  ],
  'a tag in the repository': [{ image: { repository: 'mirror.example:5000/sync:1.2' } }, 'image.repository'],
  'a number for a variable': [{ extraEnv: [{ name: 'A', value: 1 }] }, 'extraEnv.0.value: Invalid type'],
  'a token endpoint that is no URL': [
    {
      kafka: {
        auth: {
          mode: 'oauthbearer',
          existingSecret: 'oauth',
          oauth: { tokenEndpoint: 'login.example', clientId: 'sync' },
        },
      },
    },
    'kafka.auth.oauth.tokenEndpoint',
  ],
  'a digest that is none': [{ image: { digest: 'sha256:abc' } }, 'image.digest'],
  'no pod at all for KEDA': [
    { keda: { minReplicaCount: 0 } },
    'keda.minReplicaCount: Must be greater than or equal to 1',
  ],
  'a second query for KEDA': [{ keda: { freshness: { metadata: { query: 'up' } } } }, 'keda.freshness.metadata'],
  'topics by somebody unknown': [{ topics: { create: 'terraform' } }, 'topics.create must be one of'],
  'an override of what an alert has not': [
    { metrics: { prometheusRule: { overrides: { TikTokSyncAppDown: { severity: 'warning' } } } } },
    'metrics.prometheusRule.overrides.TikTokSyncAppDown: Additional property severity',
  ],
};

/** What depends on another value, or needs a sentence. */
const WRONG_TOGETHER: Wrong = {
  'a port of its own': [{ config: { http: { port: 9090 } } }, 'config.http.port is not for values', 'service.port'],
  'another folder for tokens': [
    { config: { tokens: { dir: '/tokens' } } },
    'config.tokens.dir',
    'tiktok.existingSecret',
  ],
  'a password of Kafka': [
    { config: { kafka: { sasl: { password } } } },
    'config.kafka.sasl.password',
    'kafka.auth.existingSecret',
  ],
  'a password of the registry': [
    { config: { registry: { password } } },
    'config.registry.password',
    'schemaRegistry.auth.existingSecret',
  ],
  'a password of Redis': [{ config: { redis: { password } } }, 'config.redis.password', 'redis.auth.existingSecret'],
  'a password in the address of Redis': [
    { config: { redis: { url: `redis://sync:${password}@redis:6379` } } },
    'config.redis.url holds a user or password',
    'redis.auth.urlKey',
  ],
  'a password in the address of the proxy': [
    { config: { tiktok: { proxyUrl: `http://sync:${password}@proxy:3128` } } },
    'config.tiktok.proxyUrl holds a user or password',
    'tiktok.proxy.existingSecret',
  ],
  'a password in the address of the registry': [
    { config: { registry: { url: `https://sync:${password}@registry:8081` } } },
    'config.registry.url holds a user or password',
    'schemaRegistry.auth.existingSecret',
  ],
  'an authority, and Redis in clear': [
    { redis: { tls: { ca: { existingSecret: 'redis-ca' } } } },
    'config.redis.url must begin with rediss:// with redis.tls.ca',
  ],
  'a client certificate, and the registry in clear': [
    { schemaRegistry: { tls: { client: { existingSecret: 'registry-client' } } } },
    'config.registry.url must begin with https:// with schemaRegistry.tls.ca or schemaRegistry.tls.client',
  ],
  'Sentinels without the name of what they watch': [
    { config: { redis: { mode: 'sentinel' } } },
    'config.redis.sentinelName is required',
  ],
  'a name for Sentinels that are not there': [
    { config: { redis: { sentinelName: 'claims' } } },
    'config.redis.sentinelName has no effect with config.redis.mode standalone',
  ],
  'nodes that nobody would ask': [
    { config: { redis: { nodes: ['redis-2:6379'] } } },
    'config.redis.nodes has no effect with config.redis.mode standalone',
  ],
  'TLS where the chart would not see it': [
    { config: { kafka: { tls: { enabled: false } } } },
    'config.kafka.tls.enabled is not for values: set kafka.tls.enabled',
  ],
  'a web server that nobody can reach': [{ config: { http: { host: '127.0.0.1' } } }, 'config.http.host is 127.0.0.1'],
  'tokens in clear': [{ tiktok: { tokens: { acme: password } } }, 'tiktok.tokens', 'tiktok.existingSecret'],
  'two places for tokens': [
    { tiktok: { createSecret: true, tokens: { acme: password } } },
    'tiktok.createSecret and tiktok.existingSecret',
  ],
  'a grace period shorter than the drain': [
    { terminationGracePeriodSeconds: 60 },
    'terminationGracePeriodSeconds is 60',
    'config.shutdown.deadlineMs',
    'set it to 70 or more',
  ],
  'a drain longer than the grace period': [
    { config: { shutdown: { deadlineMs: '1.5m' } } },
    'terminationGracePeriodSeconds is 90',
    'take 90 s',
    'set it to 100 or more',
  ],
  'two autoscalers': [
    { autoscaling: { enabled: true }, keda: { enabled: true, freshness: { serverAddress: 'http://p:9090' } } },
    'autoscaling.enabled and keda.enabled exclude each other',
  ],
  'an autoscaler and a fixed number': [
    { replicaCount: 4, autoscaling: { enabled: true } },
    'replicaCount and autoscaling.enabled exclude each other',
  ],
  'KEDA without a Prometheus': [{ keda: { enabled: true } }, 'keda.freshness.serverAddress is required'],
  'credentials for Prometheus that KEDA would not use': [
    { keda: { enabled: true, freshness: { serverAddress: 'http://p:9090' }, authenticationRef: { name: 'p' } } },
    'keda.freshness.metadata.authModes is required',
  ],
  'KEDA without the right to ask Kafka': [
    {
      keda: { enabled: true, trigger: 'lag' },
      kafka: { auth: { mode: 'plain', username: 'sync', existingSecret: 'kafka' } },
    },
    'keda.authenticationRef is required',
  ],
  'a password without a user': [
    { kafka: { auth: { mode: 'scram-sha-512', existingSecret: 'kafka' } } },
    'kafka.auth.username (or kafka.auth.usernameKey) is required',
  ],
  'a broker without a port': [
    { config: { kafka: { brokers: 'kafka-1, kafka-2:9092' } } },
    'config.kafka.brokers: kafka-1 has no port',
  ],
  'a broker with a scheme': [
    { config: { kafka: { brokers: 'SASL_SSL://kafka-1:9092' } } },
    'config.kafka.brokers: SASL_SSL://kafka-1:9092 is no host:port',
  ],
  'credentials that nobody would use': [
    { kafka: { auth: { username: 'sync', existingSecret: 'kafka' } } },
    'kafka.auth.existingSecret',
    'no effect with kafka.auth.mode none',
  ],
  'an authority, and Kafka in clear': [
    { kafka: { tls: { ca: { existingSecret: 'kafka-ca' } } } },
    'kafka.tls.enabled must be true',
  ],
  'a user of Redis without a password': [
    { redis: { auth: { username: 'sync' } } },
    'redis.auth.existingSecret is required with redis.auth.username',
  ],
  'a user beside an address that has one': [
    { redis: { auth: { existingSecret: 'redis', urlKey: 'url', usernameKey: 'user' } } },
    'redis.auth.usernameKey have no effect with redis.auth.urlKey',
  ],
  'a share that lets no node be drained': [
    { replicaCount: 1, podDisruptionBudget: { minAvailable: '50%' } },
    'podDisruptionBudget.minAvailable is 50% with 1 pods',
  ],
  'a budget that lets no node be drained': [
    { podDisruptionBudget: { minAvailable: 2 } },
    'podDisruptionBudget.minAvailable is 2 with 2 pods',
  ],
  'a budget of nothing': [{ podDisruptionBudget: { maxUnavailable: 0 } }, 'podDisruptionBudget.maxUnavailable is 0'],
  'a budget that says nothing': [
    { podDisruptionBudget: { maxUnavailable: '' } },
    'podDisruptionBudget.maxUnavailable is required',
  ],
  'a scrape longer than the time between two': [
    { metrics: { podMonitor: { enabled: true, interval: '1m', scrapeTimeout: '1m30s' } } },
    'metrics.podMonitor.scrapeTimeout is 1m30s, longer than metrics.podMonitor.interval, 1m',
  ],
  'both monitors': [
    { metrics: { podMonitor: { enabled: true }, serviceMonitor: { enabled: true } } },
    'metrics.podMonitor.enabled and metrics.serviceMonitor.enabled exclude each other',
  ],
  'an alert that does not exist': [
    { metrics: { prometheusRule: { disabled: ['TikTokSyncApDown'] } } },
    'metrics.prometheusRule.disabled: there is no alert TikTokSyncApDown',
  ],
  'an opt-in to what is always there': [
    { metrics: { prometheusRule: { optIn: ['TikTokSyncAppDown'] } } },
    'metrics.prometheusRule.optIn: there is no optional alert TikTokSyncAppDown',
  ],
  'topics for no cluster': [{ topics: { create: 'strimzi' } }, 'topics.strimzi.cluster is required'],
  'two configurations': [{ existingConfigMap: 'mine' }, 'config and existingConfigMap exclude each other'],
  'the newest image, whatever it is': [{ image: { tag: 'latest' } }, 'image.tag is latest'],
  'a label that selects the pods': [
    { podLabels: { 'app.kubernetes.io/name': 'ads' } },
    'podLabels: app.kubernetes.io/name selects the pods',
  ],
  "a variable of the chart's own": [
    { extraEnv: [{ name: 'TIKTOK_SYNC_HTTP_PORT', value: '9090' }] },
    'extraEnv: the chart sets TIKTOK_SYNC_HTTP_PORT itself',
  ],
  'a secret by a variable and by the chart': [
    {
      redis: { auth: { existingSecret: 'redis' } },
      extraEnv: [{ name: 'TIKTOK_SYNC_REDIS_PASSWORD', value: password }],
    },
    "extraEnv: TIKTOK_SYNC_REDIS_PASSWORD and the chart's own TIKTOK_SYNC_REDIS_PASSWORD_FILE exclude each other",
  ],
  "a volume of the chart's own": [{ extraVolumes: [{ name: 'tmp', emptyDir: {} }] }, 'extraVolumes: tmp is taken'],
  'a mount where the chart has one': [
    {
      extraVolumes: [{ name: 'mine', emptyDir: {} }],
      extraVolumeMounts: [{ name: 'mine', mountPath: '/etc/tiktok-sync/tokens' }],
    },
    'extraVolumeMounts: /etc/tiktok-sync/tokens is taken',
  ],
  'a name that no Service can have': [{ nameOverride: 'Ads' }, 'fullnameOverride is required: sync-Ads'],
  'memory in a unit nobody knows': [{ resources: { limits: { memory: '1GB' } } }, 'resources.limits.memory: 1GB'],
};

describe.each(Object.entries({ ...WRONG_BY_THEMSELVES, ...WRONG_TOGETHER }))('%s', (_, [inline, ...said]) => {
  test('is refused by name', () => {
    const { ok, stderr } = template({ inline });
    expect(ok).toBe(false);
    for (const text of said) expect(stderr).toContain(text);
    expect(stderr).not.toContain(password);
  });
});

test.each(['ads.eu', '2024-ads'])('a release called %s, as no Service can be, is refused by name', release => {
  const { ok, stderr } = template({ release });
  expect(ok).toBe(false);
  expect(stderr).toContain(`fullnameOverride is required: ${release}-tiktok-conversion-sync`);
  expect(template({ release, inline: { fullnameOverride: 'ads' } })).toMatchObject({ ok: true });
});

test('all problems are told at once', () => {
  const { stderr } = template({
    inline: {
      image: { tag: 'latest' },
      terminationGracePeriodSeconds: 5,
      replicaCount: 1,
      autoscaling: { enabled: true },
    },
  });
  expect(stderr.match(/^\* /gm)).toHaveLength(3);
});
