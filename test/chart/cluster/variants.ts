/** What is installed: the defaults, and everything optional in two turns, as some of it excludes each other. */

/** What each variant needs to be running; nothing of it is reached unless the cluster really runs containers. */
const REQUIRED = {
  config: {
    kafka: { brokers: ['kafka-1.kafka:9092', 'kafka-2.kafka:9092'] },
    registry: { url: 'http://schema-registry.kafka:8081' },
    redis: { url: 'redis://redis.kafka:6379' },
  },
  tiktok: { existingSecret: 'tiktok-tokens' },
  // The default keeps rebalances apart; here it would only be waited for.
  minReadySeconds: 1,
} as const;

interface Part {
  readonly what: string;
  /** API group and version without which the cluster cannot have it. */
  readonly needs: string;
  readonly values: Readonly<Record<string, unknown>>;
}

export interface Variant {
  readonly name: string;
  readonly parts: readonly Part[];
}

const MONITORING = 'monitoring.coreos.com/v1';

export const VARIANTS: readonly Variant[] = [
  { name: 'defaults', parts: [] },
  {
    name: 'operators',
    parts: [
      { what: 'ServiceMonitor', needs: MONITORING, values: { metrics: { serviceMonitor: { enabled: true } } } },
      { what: 'PrometheusRule', needs: MONITORING, values: { metrics: { prometheusRule: { enabled: true } } } },
      { what: 'dashboards', needs: 'v1', values: { metrics: { dashboards: { enabled: true, folder: 'TikTok' } } } },
      {
        what: 'ScaledObject',
        needs: 'keda.sh/v1alpha1',
        values: { keda: { enabled: true, freshness: { serverAddress: 'http://prometheus.monitoring:9090' } } },
      },
      {
        what: 'KafkaTopic',
        needs: 'kafka.strimzi.io/v1',
        values: { topics: { create: 'strimzi', strimzi: { cluster: 'events' } } },
      },
      { what: 'NetworkPolicy', needs: 'networking.k8s.io/v1', values: { networkPolicy: { enabled: true } } },
    ],
  },
  {
    name: 'alternatives',
    parts: [
      { what: 'PodMonitor', needs: MONITORING, values: { metrics: { podMonitor: { enabled: true } } } },
      { what: 'HorizontalPodAutoscaler', needs: 'autoscaling/v2', values: { autoscaling: { enabled: true } } },
      { what: 'topics hook', needs: 'batch/v1', values: { topics: { create: 'job' } } },
    ],
  },
];

/** The values of a variant on a cluster with these API versions, and which parts it had to leave out. */
export function valuesOf({ parts }: Variant, served: ReadonlySet<string>) {
  const possible = parts.filter(({ needs }) => served.has(needs));
  const values = possible.reduce<Tree>((all, part) => merged(all, part.values), { ...REQUIRED });
  return { values, leftOut: parts.filter(part => !possible.includes(part)).map(({ what }) => what) };
}

type Tree = Readonly<Record<string, unknown>>;

function merged(one: Tree, other: Tree): Tree {
  const entries = Object.entries(other).map(([key, value]) => {
    const present = one[key];
    return [key, isTree(present) && isTree(value) ? merged(present, value) : value] as const;
  });
  return { ...one, ...Object.fromEntries(entries) };
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
