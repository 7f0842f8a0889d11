/**
 * Objects against published schemas: values by the precompiled validators of kubernetes-models and its packages for the
 * operators, topics of Strimzi (which has no such package) by a schema of our own.
 */

import { z } from 'zod';
import type { KubernetesObject } from './helm.ts';
import { nameOf } from './objects.ts';

/** The package that has the models of an API group; the core groups have none of their own. */
const PACKAGES: Readonly<Record<string, string>> = {
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
  'keda.sh': '@kubernetes-models/keda',
};

/** Where the model of an object is: `kubernetes-models/apps/v1/Deployment`. */
export function modelOf({ apiVersion, kind }: KubernetesObject): string {
  const group = apiVersion.split('/', 1)[0] ?? '';
  return `${PACKAGES[group] ?? 'kubernetes-models'}/${apiVersion}/${kind}`;
}

/**
 * KafkaTopic as Strimzi 1.2's CRD has it (v1; v1beta2 of earlier releases is the same for what is set here). Topic
 * settings are text or numbers; the operator writes them down as they are.
 */
const KAFKA_TOPIC = z.strictObject({
  apiVersion: z.enum(['kafka.strimzi.io/v1', 'kafka.strimzi.io/v1beta2']),
  kind: z.literal('KafkaTopic'),
  metadata: z.looseObject({ labels: z.looseObject({ 'strimzi.io/cluster': z.string().min(1) }) }),
  spec: z.strictObject({
    topicName: z
      .string()
      .regex(/^[\w.-]{1,249}$/)
      .optional(),
    partitions: z.int().min(1).optional(),
    replicas: z.int().min(1).max(32_767).optional(),
    config: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  }),
});

/** GrafanaDashboard of the Grafana operator, v5: as much of it as a dashboard in a ConfigMap needs. */
const GRAFANA_DASHBOARD = z.strictObject({
  apiVersion: z.literal('grafana.integreatly.org/v1beta1'),
  kind: z.literal('GrafanaDashboard'),
  metadata: z.looseObject({}),
  spec: z.strictObject({
    instanceSelector: z.strictObject({ matchLabels: z.record(z.string(), z.string()).optional() }),
    resyncPeriod: z
      .string()
      .regex(/^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$/)
      .optional(),
    folder: z.string().optional(),
    allowCrossNamespaceImport: z.boolean().optional(),
    configMapRef: z.strictObject({ name: z.string().min(1), key: z.string().min(1) }).optional(),
  }),
});

/** Kinds without a package; these schemas refuse unknown fields themselves. */
const OWN: Readonly<Record<string, z.ZodType>> = { KafkaTopic: KAFKA_TOPIC, GrafanaDashboard: GRAFANA_DASHBOARD };

export function hasOwnSchema({ kind }: KubernetesObject): boolean {
  return kind in OWN;
}

interface Model {
  validate(): void;
}

/** What is wrong with an object: a kind nobody knows, a field missing, a value of the wrong type or out of bounds. */
export async function schemaProblems(object: KubernetesObject): Promise<string[]> {
  const own = OWN[object.kind];
  if (own !== undefined) {
    const { error } = own.safeParse(object);
    return (error?.issues ?? []).map(({ path, message }) => `${nameOf(object)}: /${path.join('/')} ${message}`);
  }
  const models = await import(modelOf(object)).then(
    loaded => loaded as Record<string, new (data: KubernetesObject) => Model>,
    () => undefined,
  );
  const Kind = models?.[object.kind];
  if (Kind === undefined) return [`${nameOf(object)}: there is no schema of ${object.apiVersion} ${object.kind}`];
  try {
    new Kind(object).validate();
    return [];
  } catch (error) {
    return [`${nameOf(object)}: ${error instanceof Error ? error.message : String(error)}`];
  }
}
