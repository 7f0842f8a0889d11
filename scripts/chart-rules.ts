/** What `helm/values.schema.json` asks of the chart's own values beyond the type of their defaults, by path. */

import { TOPIC_ROLES } from '../src/core/topic-contract.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

const NAME = { maxLength: 253, pattern: '^([a-z0-9]([a-z0-9.-]*[a-z0-9])?)?$' };
const KEY = { minLength: 1, pattern: '^[-._a-zA-Z0-9]+$' };
const OPTIONAL_KEY = { pattern: '^[-._a-zA-Z0-9]*$' };
const COUNT = { minimum: 0 };
const PORT = { type: 'integer', minimum: 1, maximum: 65_535 };
const PORTS = { items: PORT };
const PEERS = { items: { type: 'object' } };
const TEXTS = { additionalProperties: { type: 'string' } };
const OBJECTS = { items: { type: 'object' } };
const PROMETHEUS_DURATION = { pattern: '^([0-9]+(ms|s|m|h))*$' };
/** The same with days and more, as rules take them. */
const RULE_DURATION = { pattern: '^([0-9]+(ms|s|m|h|d|w|y))*$' };
const SHARE = { type: ['integer', 'string'], minimum: 0, pattern: '^([0-9]+%?)?$' };
const MONITOR = {
  labels: TEXTS,
  interval: PROMETHEUS_DURATION,
  scrapeTimeout: PROMETHEUS_DURATION,
  sampleLimit: COUNT,
  relabelings: OBJECTS,
  metricRelabelings: OBJECTS,
};

const OVERRIDE: JsonSchema = {
  type: 'object',
  properties: {
    for: { type: 'string', ...RULE_DURATION },
    keep_firing_for: { type: 'string', ...RULE_DURATION },
    expr: { type: 'string' },
    labels: { type: 'object', ...TEXTS },
    annotations: { type: 'object', ...TEXTS },
  },
  additionalProperties: false,
};

const CREDENTIALS = ['kafka', 'schemaRegistry', 'redis'].flatMap(system => [
  [`${system}.auth.existingSecret`, NAME],
  [`${system}.auth.usernameKey`, OPTIONAL_KEY],
  [`${system}.auth.passwordKey`, KEY],
  [`${system}.tls.ca.existingSecret`, NAME],
  [`${system}.tls.ca.existingConfigMap`, NAME],
  [`${system}.tls.ca.key`, KEY],
  [`${system}.tls.client.existingSecret`, NAME],
  [`${system}.tls.client.certKey`, KEY],
  [`${system}.tls.client.keyKey`, KEY],
]);

export const REFINEMENTS: Readonly<Record<string, JsonSchema>> = {
  ...Object.fromEntries(CREDENTIALS),
  ...Object.fromEntries(Object.entries(MONITOR).map(([key, rule]) => [`metrics.podMonitor.${key}`, rule])),
  ...Object.fromEntries(Object.entries(MONITOR).map(([key, rule]) => [`metrics.serviceMonitor.${key}`, rule])),
  nameOverride: { maxLength: 63, pattern: '^([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9-])?)?$' },
  fullnameOverride: { maxLength: 52, pattern: '^([a-z]([a-z0-9-]*[a-z0-9])?)?$' },
  commonLabels: TEXTS,
  // A colon behind the last slash would be a tag's.
  'image.repository': { minLength: 1, pattern: '^([^@\\s]*/)?[^@:/\\s]+$' },
  'image.tag': { pattern: '^([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$' },
  'image.digest': { pattern: '^(sha256:[0-9a-f]{64})?$' },
  'image.pullPolicy': { enum: ['IfNotPresent', 'Always', 'Never'] },
  imagePullSecrets: { items: { type: 'object', required: ['name'] } },
  replicaCount: COUNT,
  existingConfigMap: NAME,
  'kafka.auth.mode': { enum: ['none', 'tls', 'plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'] },
  'kafka.auth.oauth.tokenEndpoint': { pattern: '^(https?://\\S+)?$' },
  'kafka.auth.oauth.clientSecretKey': KEY,
  'redis.auth.urlKey': OPTIONAL_KEY,
  'tiktok.existingSecret': NAME,
  'tiktok.tokens': { propertyNames: KEY, additionalProperties: { type: 'string', minLength: 1 } },
  'tiktok.envelopeKeys.existingSecret': NAME,
  'tiktok.envelopeKeys.key': KEY,
  'tiktok.proxy.existingSecret': NAME,
  'tiktok.proxy.urlKey': KEY,
  'serviceAccount.name': NAME,
  'serviceAccount.annotations': TEXTS,
  'service.port': PORT,
  'service.annotations': TEXTS,
  'service.labels': TEXTS,
  podAnnotations: TEXTS,
  podLabels: TEXTS,
  minReadySeconds: COUNT,
  revisionHistoryLimit: COUNT,
  terminationGracePeriodSeconds: { minimum: 1 },
  nodeSelector: TEXTS,
  tolerations: OBJECTS,
  topologySpreadConstraints: { items: { type: 'object', required: ['topologyKey', 'maxSkew', 'whenUnsatisfiable'] } },
  extraEnv: { items: { type: 'object', properties: { value: { type: 'string' } }, required: ['name'] } },
  extraEnvFrom: OBJECTS,
  extraVolumes: { items: { type: 'object', required: ['name'] } },
  extraVolumeMounts: { items: { type: 'object', required: ['name', 'mountPath'] } },
  initContainers: { items: { type: 'object', required: ['name'] } },
  extraContainers: { items: { type: 'object', required: ['name'] } },
  maxOldSpacePercent: { minimum: 10, maximum: 90 },
  'autoscaling.minReplicas': { minimum: 1 },
  'autoscaling.maxReplicas': { minimum: 1 },
  'autoscaling.targetCPUUtilizationPercentage': { type: ['integer', 'null'], minimum: 1 },
  'autoscaling.metrics': OBJECTS,
  'keda.minReplicaCount': { minimum: 1 },
  'keda.maxReplicaCount': { minimum: 1 },
  'keda.pollingInterval': { minimum: 1 },
  'keda.trigger': { enum: ['freshness', 'lag'] },
  'keda.freshness.serverAddress': { pattern: '^(https?://\\S+)?$' },
  'keda.freshness.thresholdSeconds': { minimum: 1 },
  'keda.freshness.minBacklogRecords': COUNT,
  'keda.freshness.metadata': {
    ...TEXTS,
    propertyNames: { not: { enum: ['serverAddress', 'query', 'threshold'] } },
  },
  'keda.freshness.metricType': { enum: ['Value', 'AverageValue'] },
  'keda.lag.lagThreshold': { minimum: 1 },
  'keda.extraTriggers': { items: { type: 'object', required: ['type', 'metadata'] } },
  'keda.annotations': TEXTS,
  'podDisruptionBudget.maxUnavailable': SHARE,
  'podDisruptionBudget.minAvailable': SHARE,
  'podDisruptionBudget.unhealthyPodEvictionPolicy': { enum: ['AlwaysAllow', 'IfHealthyBudget'] },
  'networkPolicy.metricsFrom': PEERS,
  'networkPolicy.dns.to': PEERS,
  'networkPolicy.dns.ports': PORTS,
  'networkPolicy.kafka.to': PEERS,
  'networkPolicy.kafka.ports': PORTS,
  'networkPolicy.registry.to': PEERS,
  'networkPolicy.registry.ports': PORTS,
  'networkPolicy.redis.to': PEERS,
  'networkPolicy.redis.ports': PORTS,
  'networkPolicy.tiktok.to': PEERS,
  'networkPolicy.tiktok.ports': PORTS,
  'networkPolicy.proxy.to': PEERS,
  'networkPolicy.proxy.ports': PORTS,
  'networkPolicy.extraIngress': OBJECTS,
  'networkPolicy.extraEgress': OBJECTS,
  'metrics.prometheusRule.labels': TEXTS,
  'metrics.prometheusRule.ruleLabels': TEXTS,
  'metrics.prometheusRule.disabled': { items: { type: 'string' } },
  'metrics.prometheusRule.optIn': { items: { type: 'string' } },
  'metrics.prometheusRule.overrides': { additionalProperties: OVERRIDE },
  'metrics.dashboards.annotations': TEXTS,
  'topics.create': { enum: ['none', 'strimzi', 'job'] },
  'topics.partitions': { minimum: 1, maximum: 1_000 },
  'topics.exclude': { items: { enum: TOPIC_ROLES } },
  'topics.strimzi.apiVersion': { pattern: '^kafka\\.strimzi\\.io/v[0-9a-z]+$' },
  'topics.strimzi.replicas': { minimum: 1 },
  'topics.strimzi.annotations': TEXTS,
  'topics.job.ttlSecondsAfterFinished': COUNT,
  'topics.job.backoffLimit': COUNT,
  'topics.job.activeDeadlineSeconds': { minimum: 1 },
  extraObjects: { items: { type: ['object', 'string'] } },
};

const FILLED = { minLength: 1 };

/** Fields that a mode of Kafka's authentication cannot do without; which of two it needs is told by the templates. */
export const KAFKA_RULES: readonly JsonSchema[] = [
  when(
    { mode: { enum: ['plain', 'scram-sha-256', 'scram-sha-512'] } },
    { auth: { properties: { existingSecret: FILLED } } },
  ),
  when({ mode: { const: 'tls' } }, { tls: { properties: { client: { properties: { existingSecret: FILLED } } } } }),
  when(
    { mode: { const: 'oauthbearer' }, oauth: { properties: { tokenFile: { maxLength: 0 } } } },
    {
      auth: {
        properties: { existingSecret: FILLED, oauth: { properties: { tokenEndpoint: FILLED, clientId: FILLED } } },
      },
    },
  ),
];

/** Written by entries, as an object literal with a `then` would pass for a promise. */
function when(auth: JsonSchema, properties: JsonSchema): JsonSchema {
  return Object.fromEntries([
    ['if', { properties: { auth: { properties: auth } } }],
    ['then', { properties }],
  ]);
}
