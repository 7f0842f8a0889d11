/** A small rendering with which every policy is content, for the policies' own tests to spoil. */

import type { KubernetesObject } from '../helm.ts';

const SELECTOR = { 'app.kubernetes.io/name': 'sync', 'app.kubernetes.io/instance': 'prod' };

function labels(component: string): Record<string, string> {
  return {
    ...SELECTOR,
    'app.kubernetes.io/version': '1.0.0',
    'app.kubernetes.io/component': component,
    'app.kubernetes.io/part-of': 'tiktok',
    'app.kubernetes.io/managed-by': 'Helm',
    'helm.sh/chart': 'sync-1.0.0',
  };
}

const CONTAINER = {
  name: 'sync',
  image: 'example/sync:1.0.0',
  securityContext: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  },
  resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '512Mi' } },
};

const POD = {
  serviceAccountName: 'prod-sync',
  automountServiceAccountToken: false,
  securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
};

const spread = (topologyKey: string) => ({
  topologyKey,
  maxSkew: 1,
  whenUnsatisfiable: 'ScheduleAnyway',
  labelSelector: { matchLabels: SELECTOR },
});

const probe = (path: string, failureThreshold: number) => ({ httpGet: { path, port: 'http' }, failureThreshold });

const CONFIG = {
  kafka: { brokers: 'kafka:9092' },
  registry: { url: 'http://registry:8081' },
  redis: { url: 'redis://redis:6379' },
};

const DEPLOYMENT: KubernetesObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'prod-sync', labels: labels('service') },
  spec: {
    replicas: 2,
    selector: { matchLabels: SELECTOR },
    template: {
      metadata: { labels: labels('service') },
      spec: {
        ...POD,
        topologySpreadConstraints: [spread('kubernetes.io/hostname'), spread('topology.kubernetes.io/zone')],
        initContainers: [{ ...CONTAINER, name: 'first' }],
        containers: [
          {
            ...CONTAINER,
            ports: [{ name: 'http', containerPort: 8080 }],
            env: [{ name: 'TIKTOK_SYNC_CONFIG', value: '/etc/tiktok-sync/config.yaml' }],
            startupProbe: probe('/readyz', 30),
            livenessProbe: probe('/livez', 3),
            readinessProbe: probe('/readyz', 3),
            volumeMounts: [
              { name: 'config', mountPath: '/etc/tiktok-sync' },
              { name: 'tmp', mountPath: '/tmp' },
            ],
          },
        ],
        volumes: [
          { name: 'config', configMap: { name: 'prod-sync', items: [{ key: 'config.yaml', path: 'config.yaml' }] } },
          { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } },
        ],
      },
    },
  },
};

const JOB: KubernetesObject = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: {
    name: 'prod-sync-topics',
    labels: labels('topics'),
    annotations: {
      'helm.sh/hook': 'post-install',
      'helm.sh/hook-delete-policy': 'before-hook-creation,hook-succeeded',
    },
  },
  spec: {
    ttlSecondsAfterFinished: 600,
    backoffLimit: 2,
    activeDeadlineSeconds: 300,
    template: {
      metadata: { labels: { 'app.kubernetes.io/name': 'sync-topics' } },
      spec: { ...POD, restartPolicy: 'Never', containers: [CONTAINER] },
    },
  },
};

const OBJECTS: readonly KubernetesObject[] = [
  DEPLOYMENT,
  JOB,
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'prod-sync', labels: labels('service') } },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'prod-sync', labels: labels('service') },
    data: { 'config.yaml': JSON.stringify(CONFIG) },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'prod-sync', labels: labels('service') },
    spec: { selector: SELECTOR, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  },
  {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'prod-sync', labels: labels('service') },
    spec: { maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow', selector: { matchLabels: SELECTOR } },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'prod-sync', labels: labels('service') },
    spec: { podSelector: { matchLabels: SELECTOR }, ingress: [{ ports: [{ port: 'http' }] }] },
  },
  {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    metadata: { name: 'prod-sync', labels: labels('service') },
    spec: { selector: { matchLabels: SELECTOR }, podMetricsEndpoints: [{ port: 'http', path: '/metrics' }] },
  },
  {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: { name: 'prod-sync', labels: labels('service') },
    spec: { selector: { matchLabels: SELECTOR }, endpoints: [{ port: 'http' }] },
  },
  {
    apiVersion: 'kafka.strimzi.io/v1',
    kind: 'KafkaTopic',
    metadata: {
      name: 'sourceloop.conversions',
      labels: { ...labels('topics'), 'strimzi.io/cluster': 'main' },
      annotations: { 'helm.sh/resource-policy': 'keep' },
    },
    spec: { topicName: 'sourceloop.conversions', partitions: 12, replicas: 3 },
  },
];

/** A copy of the sample, safe to change: no part of it is in two places. */
export function sample(): KubernetesObject[] {
  return JSON.parse(JSON.stringify(OBJECTS)) as KubernetesObject[];
}

/** The path of a value, `Deployment/spec/replicas`, which is then set or, with `undefined`, removed. */
export type Change = readonly [path: string, value: unknown];

/** The sample with something about it changed. Numbers in a path are places in a list, `+` is the place behind the last. */
export function spoilt(...changes: readonly Change[]): KubernetesObject[] {
  const objects = sample();
  for (const [path, value] of changes) {
    const [kind, ...keys] = path.split('/');
    const last = keys.pop() ?? '';
    let node = objects.find(object => object.kind === kind) as unknown as Record<string, unknown>;
    for (const key of keys) {
      node[key] ??= {};
      node = node[key] as Record<string, unknown>;
    }
    if (Array.isArray(node) && last === '+') node.push(value);
    else if (value === undefined) delete node[last];
    else node[last] = value;
  }
  return objects;
}
