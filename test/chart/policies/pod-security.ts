/**
 * The restricted Pod Security Standard, rule by rule, as of Kubernetes 1.34 (what earlier releases do not yet ask for is
 * harmless to keep). Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */

import type { Container, PodSecurityContext, PodSpec, Probe, SecurityContext } from 'kubernetes-types/core/v1.d.ts';
import { containersOf, type Pods, type Policy, podsOf } from '../objects.ts';

/** Restricted allows these kinds of volume, and the name that every volume has. */
const VOLUMES: ReadonlySet<string> = new Set([
  'name',
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

const SYSCTLS: ReadonlySet<string> = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
]);

const SELINUX_TYPES: ReadonlySet<string> = new Set([
  '',
  'container_t',
  'container_init_t',
  'container_kvm_t',
  'container_engine_t',
]);
const SECCOMP: ReadonlySet<string | undefined> = new Set(['RuntimeDefault', 'Localhost']);
const APPARMOR_ANNOTATION = 'container.apparmor.security.beta.kubernetes.io/';

export const meetsRestrictedPodSecurity: Policy = objects =>
  podsOf(objects).flatMap(pods => {
    const pod: PodSecurityContext = pods.spec.securityContext ?? {};
    const ofPod = [...hostAccess(pods.spec), ...podContext(pod), ...annotated(pods)].map(
      text => `${pods.where}: ${text}`,
    );
    const ofContainers = containersOf(pods).flatMap(({ where, container }) =>
      [...containerContext(container.securityContext ?? {}, pod), ...hostOfContainer(container)].map(
        text => `${where}: ${text}`,
      ),
    );
    return [...ofPod, ...ofContainers];
  });

function* hostAccess({ hostNetwork, hostPID, hostIPC, volumes = [] }: PodSpec): Generator<string> {
  if (hostNetwork) yield 'hostNetwork must not be true';
  if (hostPID) yield 'hostPID must not be true';
  if (hostIPC) yield 'hostIPC must not be true';
  for (const volume of volumes) {
    const other = Object.keys(volume).find(key => !VOLUMES.has(key));
    if (other !== undefined) yield `volume ${volume.name} is of the kind ${other}, which restricted refuses`;
  }
}

function* podContext(context: PodSecurityContext): Generator<string> {
  yield* eitherContext(context);
  for (const { name } of context.sysctls ?? []) if (!SYSCTLS.has(name)) yield `sysctl ${name} is not a safe one`;
}

/** What pods and containers may both say, and neither may say wrong. */
function* eitherContext(context: PodSecurityContext | SecurityContext): Generator<string> {
  if (context.windowsOptions?.hostProcess) yield 'windowsOptions.hostProcess must not be true';
  const { type = '', user = '', role = '' } = context.seLinuxOptions ?? {};
  if (!SELINUX_TYPES.has(type)) yield `seLinuxOptions.type ${type} is not a container's`;
  if (user !== '' || role !== '') yield 'seLinuxOptions must name no user and no role';
  if (context.appArmorProfile?.type === 'Unconfined') yield 'appArmorProfile must not be Unconfined';
  if (context.runAsNonRoot === false) yield 'runAsNonRoot must not be false';
  if (context.runAsUser === 0) yield 'runAsUser must not be 0';
  const seccomp = context.seccompProfile?.type;
  if (seccomp !== undefined && !SECCOMP.has(seccomp)) yield `seccompProfile must not be ${seccomp}`;
}

function* containerContext(context: SecurityContext, pod: PodSecurityContext): Generator<string> {
  yield* eitherContext(context);
  if (context.privileged) yield 'privileged must not be true';
  if (context.allowPrivilegeEscalation !== false) yield 'allowPrivilegeEscalation must be false';
  if ((context.procMount ?? 'Default') !== 'Default') yield 'procMount must be Default';
  if (!(context.runAsNonRoot ?? pod.runAsNonRoot)) yield 'runAsNonRoot must be true, here or for the pod';
  if (!SECCOMP.has((context.seccompProfile ?? pod.seccompProfile)?.type)) {
    yield 'seccompProfile must be RuntimeDefault or Localhost, here or for the pod';
  }
  const { drop = [], add = [] } = context.capabilities ?? {};
  if (!drop.includes('ALL')) yield 'capabilities.drop must hold ALL';
  const more = add.filter(name => name !== 'NET_BIND_SERVICE');
  if (more.length > 0) yield `capabilities.add must not hold ${more.join(', ')}`;
}

function* hostOfContainer(container: Container): Generator<string> {
  for (const { hostPort = 0 } of container.ports ?? [])
    if (hostPort !== 0) yield `hostPort ${hostPort} must not be set`;
  const { startupProbe, livenessProbe, readinessProbe, lifecycle = {} } = container;
  const handlers: readonly (Probe | undefined)[] = [
    startupProbe,
    livenessProbe,
    readinessProbe,
    lifecycle.postStart,
    lifecycle.preStop,
  ];
  for (const handler of handlers) {
    const host = handler?.httpGet?.host ?? handler?.tcpSocket?.host ?? '';
    if (host !== '') yield `a probe or hook must not name the host ${host}`;
  }
}

function* annotated({ annotations }: Pods): Generator<string> {
  for (const [name, value] of Object.entries(annotations)) {
    if (!name.startsWith(APPARMOR_ANNOTATION)) continue;
    if (value !== 'runtime/default' && !value.startsWith('localhost/')) yield `${name} must not be ${value}`;
  }
}
