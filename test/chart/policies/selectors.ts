/** Who points at whom: every selector picks the pods or services it is meant for and no others, every port exists. */

import type { Container, ServiceSpec, TopologySpreadConstraint } from 'kubernetes-types/core/v1.d.ts';
import type { LabelSelector } from 'kubernetes-types/meta/v1.d.ts';
import type { NetworkPolicySpec } from 'kubernetes-types/networking/v1.d.ts';
import type { KubernetesObject } from '../helm.ts';
import { isEmpty, type Labels, nameOf, ofKind, type Pods, type Policy, podsOf, selects, specOf } from '../objects.ts';

type PortNumberOrName = number | string;

interface MonitorSpec {
  readonly selector?: LabelSelector;
  readonly namespaceSelector?: { readonly any?: boolean; readonly matchNames?: readonly string[] };
  readonly endpoints?: readonly Scrape[];
  readonly podMetricsEndpoints?: readonly Scrape[];
}

interface Scrape {
  readonly port?: string;
  readonly path?: string;
}

/** Selectors of pods, by kind. A Service keeps its as plain labels. */
function podSelector(object: KubernetesObject): LabelSelector | undefined {
  const spec = specOf<Record<string, unknown>>(object);
  if (object.kind === 'Service') return { matchLabels: spec['selector'] as Record<string, string> };
  return spec[object.kind === 'NetworkPolicy' ? 'podSelector' : 'selector'] as LabelSelector | undefined;
}

const SELECTING = [
  'Deployment',
  'StatefulSet',
  'Service',
  'PodDisruptionBudget',
  'PodMonitor',
  'NetworkPolicy',
] as const;

export const selectorsPickOurPods: Policy = objects => {
  const pods = podsOf(objects);
  return ofKind(objects, ...SELECTING).flatMap(object => {
    const selector = podSelector(object);
    if (selector === undefined || isEmpty(selector)) return [`${nameOf(object)}: picks every pod of the namespace`];
    const picked = pods.filter(({ labels }) => selects(selector, labels));
    const lasting = picked.filter(({ runsForGood }) => runsForGood);
    if (lasting.length === 0 && picked.length === 0) return [`${nameOf(object)}: its selector picks no pod`];
    if (object.kind === 'NetworkPolicy') return [];
    if (lasting.length === 0) return [`${nameOf(object)}: its selector picks no lasting pod`];
    const strays = picked.filter(({ runsForGood }) => !runsForGood);
    return strays.map(({ where }) => `${nameOf(object)}: picks the pods of ${where}, too; tell them apart by a label`);
  });
};

/** The selector of a workload cannot change, so what changes with a release has no place in it. */
export const selectorsAreStable: Policy = objects =>
  ofKind(objects, 'Deployment', 'StatefulSet').flatMap(object =>
    Object.keys(podSelector(object)?.matchLabels ?? {})
      .filter(label => label === 'helm.sh/chart' || label.endsWith('/version') || label.endsWith('/managed-by'))
      .map(label => `${nameOf(object)}: selects by ${label}, which changes; an upgrade would be refused`),
  );

export const monitorsFindTheirTarget: Policy = objects =>
  ofKind(objects, 'ServiceMonitor', 'PodMonitor').flatMap(object => {
    const { selector, namespaceSelector, endpoints, podMetricsEndpoints } = specOf<MonitorSpec>(object);
    const targets = object.kind === 'PodMonitor' ? portsOfPods(objects) : portsOfServices(objects);
    const picked = targets.filter(({ labels }) => !isEmpty(selector) && selects(selector!, labels));
    const scrapes = endpoints ?? podMetricsEndpoints ?? [];
    const wrong = scrapes
      .filter(({ port }) => !picked.some(({ names }) => port !== undefined && names.includes(port)))
      .map(({ port }) => `scrapes the port ${port}, which its targets do not have`);
    if (picked.length === 0) wrong.push('its selector picks nothing');
    if (scrapes.length === 0) wrong.push('scrapes no port');
    wrong.push(...scrapes.filter(({ path }) => (path ?? '/metrics') !== '/metrics').map(({ path }) => `asks ${path}`));
    if (namespaceSelector?.any) wrong.push("scrapes every namespace; the release's own is enough");
    return wrong.map(text => `${nameOf(object)}: ${text}`);
  });

interface Target {
  readonly labels: Labels;
  readonly names: readonly string[];
}

function portsOfPods(objects: readonly KubernetesObject[]): Target[] {
  return podsOf(objects).map(pods => ({ labels: pods.labels, names: portsOf(pods).flatMap(({ name }) => name ?? []) }));
}

function portsOfServices(objects: readonly KubernetesObject[]): Target[] {
  return ofKind(objects, 'Service').map(object => ({
    labels: object.metadata.labels ?? {},
    names: (specOf<ServiceSpec>(object).ports ?? []).flatMap(({ name }) => name ?? []),
  }));
}

function portsOf({ spec }: Pods): NonNullable<Container['ports']> {
  return spec.containers.flatMap(({ ports = [] }) => ports);
}

function hasPort(pods: Pods, port: PortNumberOrName): boolean {
  return portsOf(pods).some(({ name, containerPort }) => name === port || containerPort === port);
}

export const portsExist: Policy = objects => [
  ...ofKind(objects, 'Service').flatMap(object => missingPorts(objects, object, servicePorts(object))),
  ...ofKind(objects, 'NetworkPolicy').flatMap(object => missingPorts(objects, object, ingressPorts(object))),
  ...podsOf(objects).flatMap(probedPorts),
];

function missingPorts(
  objects: readonly KubernetesObject[],
  object: KubernetesObject,
  ports: readonly PortNumberOrName[],
): string[] {
  const selector = podSelector(object) ?? {};
  const pods = podsOf(objects).filter(({ labels }) => selects(selector, labels));
  return ports
    .filter(port => !pods.some(each => hasPort(each, port)))
    .map(port => `${nameOf(object)}: leads to the port ${port}, which its pods do not have`);
}

function servicePorts(object: KubernetesObject): PortNumberOrName[] {
  return (specOf<ServiceSpec>(object).ports ?? []).map(({ port, targetPort }) => targetPort ?? port);
}

function ingressPorts(object: KubernetesObject): PortNumberOrName[] {
  const { ingress = [] } = specOf<NetworkPolicySpec>(object);
  return ingress.flatMap(({ ports = [] }) => ports.flatMap(({ port }) => port ?? []));
}

function probedPorts(pods: Pods): string[] {
  return pods.spec.containers.flatMap(({ name, livenessProbe, readinessProbe, startupProbe }) =>
    [livenessProbe, readinessProbe, startupProbe].flatMap(probe => {
      const port = probe?.httpGet?.port;
      if (port === undefined || hasPort(pods, port)) return [];
      return [`${pods.where} container ${name}: a probe asks the port ${port}, which the pod does not have`];
    }),
  );
}

/** A constraint that counts other pods than its own spreads nothing. */
export const podsAreSpread: Policy = objects =>
  podsOf(objects)
    .filter(({ runsForGood }) => runsForGood)
    .flatMap(({ where, labels, spec: { topologySpreadConstraints = [] } }) => {
      const wrong = topologySpreadConstraints
        .filter(
          ({ labelSelector }: TopologySpreadConstraint) => isEmpty(labelSelector) || !selects(labelSelector!, labels),
        )
        .map(({ topologyKey }) => `${where}: spreads by ${topologyKey} without counting its own pods`);
      const keys = new Set(topologySpreadConstraints.map(({ topologyKey }) => topologyKey));
      const missing = ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].filter(key => !keys.has(key));
      return [...wrong, ...missing.map(key => `${where}: not spread by ${key}`)];
    });
