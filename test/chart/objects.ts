/** Rendered objects as the checks see them: pods wherever they are described, labels, selectors. */

import type { Container, PodSpec } from 'kubernetes-types/core/v1.d.ts';
import type { LabelSelector } from 'kubernetes-types/meta/v1.d.ts';
import type { KubernetesObject } from './helm.ts';

export type Labels = Readonly<Record<string, string>>;

/** The pods that an object describes. */
export interface Pods {
  /** `Deployment/name`, for messages. */
  readonly where: string;
  readonly kind: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly spec: PodSpec;
  /** True for what is meant to run for good, not for jobs and tests. */
  readonly runsForGood: boolean;
}

export interface NamedContainer {
  /** `Deployment/name container main`, for messages. */
  readonly where: string;
  readonly container: Container;
}

const FOR_GOOD: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet']);

export function nameOf(object: KubernetesObject): string {
  return `${object.kind}/${object.metadata.name}`;
}

/** The spec of an object as the given type; the caller has looked at the kind. */
export function specOf<Spec>(object: KubernetesObject): Spec {
  return (object['spec'] ?? {}) as Spec;
}

export function ofKind(objects: readonly KubernetesObject[], ...kinds: readonly string[]): KubernetesObject[] {
  return objects.filter(({ kind }) => kinds.includes(kind));
}

/** Every description of pods: workloads, jobs, cron jobs and bare pods. */
export function podsOf(objects: readonly KubernetesObject[]): Pods[] {
  return objects.flatMap(object => {
    const template = templateOf(object);
    if (template?.spec === undefined) return [];
    const { labels = {}, annotations = {} } = template.metadata ?? {};
    const runsForGood = FOR_GOOD.has(object.kind);
    return [{ where: nameOf(object), kind: object.kind, labels, annotations, spec: template.spec, runsForGood }];
  });
}

interface Template {
  readonly metadata?: { readonly labels?: Labels; readonly annotations?: Labels };
  readonly spec?: PodSpec;
}

function templateOf(object: KubernetesObject): Template | undefined {
  if (object.kind === 'Pod') return object as Template;
  if (object.kind === 'CronJob') {
    return specOf<{ jobTemplate: { spec: { template: Template } } }>(object).jobTemplate.spec.template;
  }
  return FOR_GOOD.has(object.kind) || object.kind === 'Job'
    ? specOf<{ template: Template }>(object).template
    : undefined;
}

/** Containers and init containers alike: what holds for one holds for the other. */
export function containersOf({ where, spec }: Pods): NamedContainer[] {
  const named = (what: string) => (container: Container) => ({
    where: `${where} ${what} ${container.name}`,
    container,
  });
  return [...(spec.initContainers ?? []).map(named('init container')), ...spec.containers.map(named('container'))];
}

/** Whether a selector picks these labels; an empty one picks everything, as in Kubernetes. */
export function selects(selector: LabelSelector, labels: Labels): boolean {
  const pairs = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  const expressions = (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const value = labels[key];
    if (operator === 'Exists') return value !== undefined;
    if (operator === 'DoesNotExist') return value === undefined;
    const listed = value !== undefined && values.includes(value);
    return operator === 'In' ? listed : !listed;
  });
  return pairs && expressions;
}

export function isEmpty(selector: LabelSelector | undefined): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  return Object.keys(matchLabels).length + matchExpressions.length === 0;
}

/** One complaint for each thing found wrong: where it is, and what to do. */
export type Policy = (objects: readonly KubernetesObject[]) => string[];
