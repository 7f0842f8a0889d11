import { describe, expect, test } from 'vitest';
import type { KubernetesObject } from './helm.ts';
import type { Policy } from './objects.ts';
import {
  hooksCleanUp,
  jobsEnd,
  namesAreValid,
  standardLabelsEverywhere,
  staysInItsNamespace,
  topicsAreKept,
} from './policies/housekeeping.ts';
import { meetsRestrictedPodSecurity } from './policies/pod-security.ts';
import { referencesExist } from './policies/references.ts';
import { type Change, sample, spoilt } from './policies/sample.ts';
import {
  monitorsFindTheirTarget,
  podsAreSpread,
  portsExist,
  selectorsAreStable,
  selectorsPickOurPods,
} from './policies/selectors.ts';
import { configurationIsValid, secretsStayInSecrets, variablesAreOptions } from './policies/settings.ts';
import {
  disruptionBudgetNeverBlocks,
  imagesArePinned,
  noApiTokenIsMounted,
  oneThingScales,
  probesAreHonest,
  resourcesAreBounded,
  rootIsReadOnly,
} from './policies/workload.ts';

const POD = 'Deployment/spec/template/spec';
const MAIN = `${POD}/containers/0`;
const FIRST = `${POD}/initContainers/0`;
const HOOK = 'Job/spec/template/spec';
const NAME = 'app.kubernetes.io/name';
const LABELS = sample()[0]?.metadata.labels;

/** A policy is content with the sample, and says one thing about each way of spoiling it. */
function holds(
  name: string,
  policy: Policy,
  bad: Readonly<Record<string, readonly Change[] | KubernetesObject[]>>,
): void {
  describe(name, () => {
    test('for the sample', () => expect(policy(sample())).toEqual([]));
    test.each(Object.entries(bad))('but not with %s', (_, example) => {
      const found = policy(isRendering(example) ? example : spoilt(...example));
      expect(found).toHaveLength(1);
      expect(found[0]).toMatch(/^\w+[ /]\S+.*: \S/);
    });
  });
}

function isRendering(example: readonly Change[] | KubernetesObject[]): example is KubernetesObject[] {
  return example.length > 0 && !Array.isArray(example[0]);
}

holds('restricted Pod Security is met', meetsRestrictedPodSecurity, {
  'the network of the node': [[`${POD}/hostNetwork`, true]],
  'the processes of the node': [[`${POD}/hostPID`, true]],
  'the shared memory of the node': [[`${POD}/hostIPC`, true]],
  'a folder of the node': [[`${POD}/volumes/+`, { name: 'host', hostPath: { path: '/' } }]],
  'a volume of another kind': [[`${POD}/volumes/+`, { name: 'nfs', nfs: { server: 'x', path: '/' } }]],
  'an unsafe sysctl': [[`${POD}/securityContext/sysctls`, [{ name: 'kernel.msgmax', value: '1' }]]],
  'a host process': [[`${POD}/securityContext/windowsOptions`, { hostProcess: true }]],
  'a host process in a container': [[`${MAIN}/securityContext/windowsOptions`, { hostProcess: true }]],
  'an SELinux type of its own': [[`${POD}/securityContext/seLinuxOptions`, { type: 'spc_t' }]],
  'an SELinux user': [[`${MAIN}/securityContext/seLinuxOptions`, { user: 'system_u' }]],
  'AppArmor off': [[`${POD}/securityContext/appArmorProfile`, { type: 'Unconfined' }]],
  'AppArmor off by annotation': [
    [
      'Deployment/spec/template/metadata/annotations',
      { 'container.apparmor.security.beta.kubernetes.io/sync': 'unconfined' },
    ],
  ],
  'root as the user of the pod': [[`${POD}/securityContext/runAsUser`, 0]],
  'root as the user of the hook': [[`${HOOK}/containers/0/securityContext/runAsUser`, 0]],
  'root allowed in a container': [
    [`${MAIN}/securityContext/runAsNonRoot`, false],
    [`${MAIN}/securityContext/runAsNonRoot`, undefined],
    [`${HOOK}/securityContext/runAsNonRoot`, undefined],
  ],
  'a privileged init container': [[`${FIRST}/securityContext/privileged`, true]],
  'privileges to be gained': [[`${MAIN}/securityContext/allowPrivilegeEscalation`, undefined]],
  'privileges to be gained in an init container': [[`${FIRST}/securityContext/allowPrivilegeEscalation`, true]],
  'capabilities kept': [[`${MAIN}/securityContext/capabilities/drop`, ['NET_RAW']]],
  'a capability added': [[`${MAIN}/securityContext/capabilities/add`, ['SYS_ADMIN']]],
  'seccomp off': [
    [`${MAIN}/securityContext/seccompProfile`, undefined],
    [`${HOOK}/securityContext/seccompProfile`, undefined],
  ],
  'an unmasked /proc': [[`${MAIN}/securityContext/procMount`, 'Unmasked']],
  'a port of the node': [[`${MAIN}/ports/0/hostPort`, 8080]],
  'a probe of another host': [[`${MAIN}/livenessProbe/httpGet/host`, '169.254.169.254']],
  'a hook that asks another host': [[`${MAIN}/lifecycle`, { preStop: { httpGet: { host: 'evil', port: 1 } } }]],
});

holds('images are pinned', imagesArePinned, {
  'no tag': [[`${MAIN}/image`, 'example/sync']],
  latest: [[`${HOOK}/containers/0/image`, 'example/sync:latest']],
  'a port taken for a tag': [[`${MAIN}/image`, 'example:5000/sync']],
  'no image': [[`${FIRST}/image`, undefined]],
});

holds('resources are bounded', resourcesAreBounded(), {
  'no CPU request': [[`${MAIN}/resources/requests`, { memory: '1Gi' }]],
  'no memory request in a hook': [[`${HOOK}/containers/0/resources/requests/memory`, undefined]],
  'no memory limit in an init container': [[`${FIRST}/resources/limits`, {}]],
  'a CPU limit': [[`${MAIN}/resources/limits/cpu`, '1']],
});

holds('the root is read-only', rootIsReadOnly, {
  'a root that can be written': [[`${FIRST}/securityContext/readOnlyRootFilesystem`, false]],
  'a boundless folder': [[`${POD}/volumes/1/emptyDir`, {}]],
});

holds('no token of the API server is mounted', noApiTokenIsMounted, {
  'a token in the service': [[`${POD}/automountServiceAccountToken`, true]],
  'a token by default in the hook': [[`${HOOK}/automountServiceAccountToken`, undefined]],
});

holds('probes are honest', probesAreHonest, {
  'no startup probe': [[`${MAIN}/startupProbe`, undefined]],
  'no liveness probe': [[`${MAIN}/livenessProbe`, undefined]],
  'no readiness probe': [[`${MAIN}/readinessProbe`, undefined]],
  'a liveness that asks whether Kafka is there': [[`${MAIN}/livenessProbe/httpGet/path`, '/readyz']],
  'a readiness that is always true': [[`${MAIN}/readinessProbe/httpGet/path`, '/livez']],
  'a start that must be quick': [[`${MAIN}/startupProbe/failureThreshold`, 3]],
});

const scaler = (target: string): KubernetesObject => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledObject',
  metadata: { name: 'prod-sync' },
  spec: { scaleTargetRef: { name: target } },
});

test('a CPU limit that the values ask for is fine', () => {
  const limited = spoilt([`${MAIN}/resources/limits/cpu`, 2]);
  expect(resourcesAreBounded({ cpuLimit: '2' })(limited)).toEqual([]);
});

holds('a disruption budget never blocks', disruptionBudgetNeverBlocks, {
  'a minimum of all': [
    ['PodDisruptionBudget/spec/minAvailable', 2],
    ['PodDisruptionBudget/spec/maxUnavailable', undefined],
  ],
  'a minimum that is rounded up to all': [['PodDisruptionBudget/spec/minAvailable', '60%']],
  'a minimum that an autoscaler may go down to': [
    ...spoilt(['PodDisruptionBudget/spec/minAvailable', 1], ['Deployment/spec/replicas', undefined]),
    scaler('prod-sync'),
  ],
  'no maximum': [['PodDisruptionBudget/spec/maxUnavailable', undefined]],
  'a maximum of none': [['PodDisruptionBudget/spec/maxUnavailable', '0%']],
  'sick pods that may not be evicted': [['PodDisruptionBudget/spec/unhealthyPodEvictionPolicy', 'IfHealthyBudget']],
  'every pod of the namespace': [['PodDisruptionBudget/spec/selector', {}]],
});

holds('one thing scales', oneThingScales, {
  'an autoscaler beside replicas': [...sample(), scaler('prod-sync')],
  'an autoscaler of something else': [...spoilt(['Deployment/spec/replicas', undefined]), scaler('other')],
  'two autoscalers': [...sample(), scaler('prod-sync'), scaler('prod-sync')],
  'nothing at all': [['Deployment/spec/replicas', undefined]],
});

test('an autoscaler alone is fine', () => {
  expect(oneThingScales([...spoilt(['Deployment/spec/replicas', undefined]), scaler('prod-sync')])).toEqual([]);
});

holds('standard labels are everywhere', standardLabelsEverywhere, {
  'one missing': [['Service/metadata/labels', { ...LABELS, [NAME]: '' }]],
  'a plus sign in a version': [['Service/metadata/labels', { ...LABELS, x: '1.0+2' }]],
});

holds('names are valid', namesAreValid, {
  'a long one': [['Service/metadata/name', 'x'.repeat(64)]],
  capitals: [['ConfigMap/metadata/name', 'Prod']],
  'one given twice': [...sample(), sample()[0]!],
});

holds('everything stays in its namespace', staysInItsNamespace('here', new Set(['dashboards'])), {
  'a namespace hard-coded': [['Service/metadata/namespace', 'default']],
});

holds('hooks clean up', hooksCleanUp, {
  'a hook that stays': [['Job/metadata/annotations', { 'helm.sh/hook': 'post-install' }]],
  'a hook that is in the way of the next': [
    ['Job/metadata/annotations', { 'helm.sh/hook': 'test', 'helm.sh/hook-delete-policy': 'hook-succeeded' }],
  ],
});

holds('jobs end', jobsEnd, {
  'a job that stays': [['Job/spec/ttlSecondsAfterFinished', undefined]],
  'a job that tries for ever': [['Job/spec/backoffLimit', undefined]],
  'a job without a deadline': [['Job/spec/activeDeadlineSeconds', undefined]],
  'a job whose pod starts again': [[`${HOOK}/restartPolicy`, 'Always']],
});

holds('topics are kept', topicsAreKept, {
  'a topic that goes with the release': [['KafkaTopic/metadata/annotations', {}]],
});

holds('selectors pick our pods', selectorsPickOurPods, {
  'a workload that does not know its pods': [['Deployment/spec/selector/matchLabels', { [NAME]: 'other' }]],
  'a service of nobody': [['Service/spec/selector', { [NAME]: 'other' }]],
  'a budget of nobody': [['PodDisruptionBudget/spec/selector/matchLabels/app', 'other']],
  'a monitor of nobody': [
    [
      'PodMonitor/spec/selector',
      { matchExpressions: [{ key: NAME, operator: 'NotIn', values: ['sync', 'sync-topics'] }] },
    ],
  ],
  'a network policy for the whole namespace': [['NetworkPolicy/spec/podSelector', {}]],
  'a service that picks the hook, too': [
    ['Service/spec/selector', { x: 'y' }],
    ['Job/spec/template/metadata/labels/x', 'y'],
    ['Deployment/spec/template/metadata/labels/x', 'y'],
  ],
  'a service of the hook alone': [['Service/spec/selector', { [NAME]: 'sync-topics' }]],
});

holds('selectors are stable', selectorsAreStable, {
  'a version among them': [['Deployment/spec/selector/matchLabels', { [NAME]: 'sync', 'helm.sh/chart': 'sync-1.0.0' }]],
});

holds('monitors find their target', monitorsFindTheirTarget, {
  'a port of another name': [['PodMonitor/spec/podMetricsEndpoints/0/port', 'metrics']],
  'a service port of another name': [['Service/spec/ports/0/name', 'web']],
  'another path': [['PodMonitor/spec/podMetricsEndpoints/0/path', '/']],
  'no port': [['ServiceMonitor/spec/endpoints', []]],
  'every namespace': [['ServiceMonitor/spec/namespaceSelector', { any: true }]],
});

holds('ports exist', portsExist, {
  'a service that leads nowhere': [['Service/spec/ports/0/targetPort', 'web']],
  'a service with a number that leads nowhere': [['Service/spec/ports/0', { port: 80 }]],
  'a network policy for another port': [['NetworkPolicy/spec/ingress/0/ports/0/port', 9090]],
  'a probe of another port': [[`${MAIN}/livenessProbe/httpGet/port`, 'health']],
});

holds('pods are spread', podsAreSpread, {
  'other pods counted': [[`${POD}/topologySpreadConstraints/0/labelSelector`, { matchLabels: { [NAME]: 'other' } }]],
  'no pods counted': [[`${POD}/topologySpreadConstraints/1/labelSelector`, undefined]],
  'nodes only': [[`${POD}/topologySpreadConstraints/1/topologyKey`, 'kubernetes.io/hostname']],
});

holds('references exist', referencesExist(new Set(['declared'])), {
  'a ConfigMap that is not there': [[`${POD}/volumes/0/configMap`, { name: 'other' }]],
  'a key that is not there': [[`${POD}/volumes/0/configMap/items/0/key`, 'settings.yaml']],
  'a Secret that is not there': [[`${POD}/volumes/1`, { name: 'tmp', secret: { secretName: 'other' } }]],
  'a Secret among others': [
    [`${POD}/volumes/1`, { name: 'tmp', projected: { sources: [{ secret: { name: 'other' } }] } }],
  ],
  'a variable of a Secret that is not there': [
    [`${MAIN}/env/+`, { name: 'A', valueFrom: { secretKeyRef: { name: 'other', key: 'a' } } }],
  ],
  'a variable of a key that is not there': [
    [`${MAIN}/env/+`, { name: 'A', valueFrom: { configMapKeyRef: { name: 'prod-sync', key: 'a' } } }],
  ],
  'all variables of a Secret that is not there': [[`${MAIN}/envFrom`, [{ secretRef: { name: 'other' } }]]],
  'a pull secret that is not there': [[`${POD}/imagePullSecrets`, [{ name: 'other' }]]],
  'a service account that is not there': [[`${POD}/serviceAccountName`, 'other']],
  'a volume that is not there': [[`${MAIN}/volumeMounts/+`, { name: 'other', mountPath: '/other' }]],
  'a volume that nobody mounts': [[`${POD}/volumes/+`, { name: 'more', emptyDir: {} }]],
  'two volumes of one name': [[`${POD}/volumes/+`, { name: 'tmp', emptyDir: {} }]],
  'two mounts in one place': [
    [`${MAIN}/volumeMounts/1/mountPath`, '/etc/tiktok-sync'],
    [`${MAIN}/volumeMounts/+`, { name: 'tmp', mountPath: '/tmp' }],
  ],
  'a secret that is never updated': [
    [`${POD}/volumes/1`, { name: 'tmp', secret: { secretName: 'declared' } }],
    [`${MAIN}/volumeMounts/1/subPath`, 'token'],
  ],
  'a variable set twice': [[`${MAIN}/env/+`, { name: 'TIKTOK_SYNC_CONFIG', value: '' }]],
  'two ports of one name': [[`${MAIN}/ports/+`, { name: 'http', containerPort: 1 }]],
});

test('what who installs has declared, or called optional, need not be rendered', () => {
  const declared = [`${POD}/volumes/1`, { name: 'tmp', secret: { secretName: 'declared' } }] as const;
  const optional = [`${POD}/volumes/1`, { name: 'tmp', secret: { secretName: 'other', optional: true } }] as const;
  for (const change of [declared, optional]) expect(referencesExist(new Set(['declared']))(spoilt(change))).toEqual([]);
});

holds('variables are options', variablesAreOptions, {
  'one that was renamed': [[`${MAIN}/env/+`, { name: 'TIKTOK_SYNC_BROKERS', value: 'kafka:9092' }]],
  'a file where none is read': [[`${FIRST}/env`, [{ name: 'TIKTOK_SYNC_GROUP_ID_FILE', value: '/x' }]]],
});

const config = (more: object) =>
  [
    'ConfigMap/data/config.yaml',
    JSON.stringify({ kafka: { brokers: 'k:1' }, registry: { url: 'http://r' }, redis: { url: 'redis://r' }, ...more }),
  ] as const;

holds('secrets stay in secrets', secretsStayInSecrets, {
  'a password in the configuration': [config({ kafka: { brokers: 'k:1', sasl: { password: 'hunter2' } } })],
  'a password in an address': [config({ redis: { url: 'rediss://sync:hunter2@redis:6379' } })],
  'a private key': [['ConfigMap/data/ca.pem', '-----BEGIN EC PRIVATE KEY-----\nabc']],
  'a password among the variables': [[`${MAIN}/env/+`, { name: 'TIKTOK_SYNC_KAFKA_SASL_PASSWORD', value: 'hunter2' }]],
  'a password in an argument': [[`${HOOK}/containers/0/args`, ['--redis=redis://:hunter2@redis:6379']]],
});

holds('the configuration is valid', configurationIsValid, {
  'a misspelt option': [config({ kafka: { brokers: 'k:1', sesionTimeoutMs: 1 } })],
  'a value out of bounds': [config({ http: { port: 99_999 } })],
  'a required option missing': [config({ kafka: {} })],
  'no file where it is looked for': [
    [`${MAIN}/volumeMounts/0/mountPath`, '/etc/elsewhere'],
    [`${MAIN}/env/+`, { name: 'TIKTOK_SYNC_KAFKA_BROKERS', value: 'k:1' }],
    [`${MAIN}/env/+`, { name: 'TIKTOK_SYNC_REGISTRY_URL', value: 'http://r' }],
    [`${MAIN}/env/+`, { name: 'TIKTOK_SYNC_REDIS_URL', value: 'redis://r' }],
  ],
});
