/** What a pod of ours looks like: pinned image, bounded memory, honest probes, a drain that nothing blocks. */

import type { DeploymentSpec } from 'kubernetes-types/apps/v1.d.ts';
import type { Container, Probe } from 'kubernetes-types/core/v1.d.ts';
import type { PodDisruptionBudgetSpec } from 'kubernetes-types/policy/v1.d.ts';
import type { KubernetesObject } from '../helm.ts';
import { containersOf, isEmpty, nameOf, ofKind, type Policy, podsOf, specOf } from '../objects.ts';

export const imagesArePinned: Policy = objects =>
  podsOf(objects)
    .flatMap(containersOf)
    .flatMap(({ where, container: { image = '' } }) => {
      if (/@sha256:[0-9a-f]{64}$/.test(image)) return [];
      const tag = /:([\w][\w.-]*)$/.exec(image)?.[1];
      if (tag === undefined) return [`${where}: image "${image}" has neither a tag nor a digest; name the version`];
      return tag === 'latest' ? [`${where}: image ${image} may change under its name; name the version`] : [];
    });

/** A CPU limit throttles the event loop, heartbeats and probes included, so there is one only where the values say so. */
export const resourcesAreBounded =
  (wished: { readonly cpuLimit?: unknown } = {}): Policy =>
  objects =>
    podsOf(objects)
      .flatMap(containersOf)
      .flatMap(({ where, container: { resources: { requests = {}, limits = {} } = {} } }) => [
        ...(requests['cpu'] === undefined ? [`${where}: no CPU request; the scheduler would guess`] : []),
        ...(requests['memory'] === undefined ? [`${where}: no memory request; the scheduler would guess`] : []),
        ...(limits['memory'] === undefined ? [`${where}: no memory limit; a leak would take the node along`] : []),
        ...(limits['cpu'] === undefined || String(limits['cpu']) === String(wished.cpuLimit)
          ? []
          : [`${where}: CPU limit ${limits['cpu']} that nobody asked for; it throttles heartbeats`]),
      ]);

export const rootIsReadOnly: Policy = objects =>
  podsOf(objects).flatMap(pods => [
    ...containersOf(pods)
      .filter(({ container }) => container.securityContext?.readOnlyRootFilesystem !== true)
      .map(({ where }) => `${where}: readOnlyRootFilesystem must be true; mount an emptyDir where it writes`),
    ...(pods.spec.volumes ?? [])
      .filter(({ emptyDir }) => emptyDir !== undefined && emptyDir.sizeLimit === undefined)
      .map(({ name }) => `${pods.where}: emptyDir ${name} has no sizeLimit; it could fill the node's disk`),
  ]);

export const noApiTokenIsMounted: Policy = objects =>
  podsOf(objects)
    .filter(({ spec }) => spec.automountServiceAccountToken !== false)
    .map(({ where }) => `${where}: automountServiceAccountToken must be false; nothing of ours calls the API server`);

const PROBES = ['startupProbe', 'livenessProbe', 'readinessProbe'] as const;

/** Liveness asks only whether the process works; were it readiness's question, an outage of Kafka would restart pods. */
export const probesAreHonest: Policy = objects =>
  podsOf(objects)
    .filter(({ runsForGood }) => runsForGood)
    .flatMap(({ where, spec }) => {
      const [main] = spec.containers;
      if (main === undefined) return [`${where}: no container`];
      const missing = PROBES.filter(name => main[name] === undefined).map(name => `${where}: no ${name}`);
      return [...missing, ...probePaths(main).map(text => `${where}: ${text}`)];
    });

function probePaths({ livenessProbe, readinessProbe, startupProbe }: Container): string[] {
  const path = (probe: Probe | undefined) => probe?.httpGet?.path;
  const wrong: string[] = [];
  if (livenessProbe !== undefined && path(livenessProbe) !== '/livez') wrong.push('livenessProbe must ask /livez');
  if (readinessProbe !== undefined && path(readinessProbe) !== '/readyz') wrong.push('readinessProbe must ask /readyz');
  if (startupProbe !== undefined && seconds(startupProbe) < STARTUP_S) {
    wrong.push(`startupProbe gives up after ${seconds(startupProbe)} s; a long config topic needs ${STARTUP_S} s`);
  }
  return wrong;
}

const STARTUP_S = 60;

function seconds({ initialDelaySeconds = 0, periodSeconds = 10, failureThreshold = 3 }: Probe): number {
  return initialDelaySeconds + periodSeconds * failureThreshold;
}

/** At the fewest pods that there may be, one at least may go; a drain of its node would wait for ever else. */
export const disruptionBudgetNeverBlocks: Policy = objects =>
  ofKind(objects, 'PodDisruptionBudget').flatMap(object => {
    const { minAvailable, maxUnavailable, unhealthyPodEvictionPolicy, selector } =
      specOf<PodDisruptionBudgetSpec>(object);
    const fewest = fewestReplicas(objects);
    const mayGo =
      minAvailable === undefined ? share(maxUnavailable ?? 0, fewest) : fewest - share(minAvailable, fewest);
    const wrong: string[] = [];
    if (mayGo < 1) {
      wrong.push(`of ${fewest} pods none may go (minAvailable ${minAvailable}, maxUnavailable ${maxUnavailable})`);
    }
    if (unhealthyPodEvictionPolicy !== 'AlwaysAllow') wrong.push('unhealthyPodEvictionPolicy must be AlwaysAllow');
    if (isEmpty(selector)) wrong.push('an empty selector holds every pod of the namespace');
    return wrong.map(text => `${nameOf(object)}: ${text}`);
  });

function fewestReplicas(objects: readonly KubernetesObject[]): number {
  const [autoscaler] = ofKind(objects, ...AUTOSCALERS);
  const [workload] = ofKind(objects, 'Deployment', 'StatefulSet');
  if (autoscaler === undefined) return (workload && specOf<Partial<DeploymentSpec>>(workload).replicas) ?? 1;
  const spec = specOf<{ minReplicas?: number; minReplicaCount?: number }>(autoscaler);
  // With KEDA nothing runs at 0, and nothing can be held up; one pod is the case to look at.
  return Math.max(1, spec.minReplicas ?? spec.minReplicaCount ?? 1);
}

/** Kubernetes rounds a percentage of pods up, for both kinds of bound. */
function share(bound: number | string, pods: number): number {
  const value = Number.parseFloat(String(bound));
  return String(bound).endsWith('%') ? Math.ceil((pods * value) / 100) : value;
}

const AUTOSCALERS = ['HorizontalPodAutoscaler', 'ScaledObject'] as const;

/** With a number of its own in the workload every upgrade would throw the autoscaler's choice away. */
export const oneThingScales: Policy = objects => {
  const autoscalers = ofKind(objects, ...AUTOSCALERS);
  const workloads = ofKind(objects, 'Deployment', 'StatefulSet');
  const replicas = (object: (typeof workloads)[number]) => specOf<Partial<DeploymentSpec>>(object).replicas;
  if (autoscalers.length > 1) return [`${autoscalers.map(nameOf).join(' and ')}: two autoscalers fight; keep one`];
  if (autoscalers.length === 0) {
    return workloads.filter(each => replicas(each) === undefined).map(each => `${nameOf(each)}: says no replicas`);
  }
  const [autoscaler] = autoscalers;
  const target = specOf<{ scaleTargetRef?: { name?: string; kind?: string } }>(autoscaler!).scaleTargetRef;
  const found = workloads.some(
    ({ kind, metadata }) => kind === (target?.kind ?? 'Deployment') && metadata.name === target?.name,
  );
  return [
    ...(found ? [] : [`${nameOf(autoscaler!)}: scales ${target?.kind} ${target?.name}, which is not there`]),
    ...workloads
      .filter(each => replicas(each) !== undefined)
      .map(each => `${nameOf(each)}: replicas beside ${nameOf(autoscaler!)}; leave them out`),
  ];
};
