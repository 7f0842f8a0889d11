/**
 * A release's life in a namespace that enforces restricted Pod Security and a quota: install, upgrade, rollback, test,
 * uninstall. Every step looks at the cluster, not at what Helm says of it.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeploymentStatus } from 'kubernetes-types/apps/v1.d.ts';
import type { PodStatus } from 'kubernetes-types/core/v1.d.ts';
import type { PodDisruptionBudgetStatus } from 'kubernetes-types/policy/v1.d.ts';
import { eventually } from '../../../sandbox/eventually.ts';
import { CHART, type KubernetesObject, parseObjects } from '../helm.ts';
import { podsOf } from '../objects.ts';
import { CheckFailed, type LiveObject, type Namespace, type Said, together } from './commands.ts';

export const RELEASE = 'sync';
const CHECKSUM = 'checksum/config';
const KEEP = 'helm.sh/resource-policy';

/** As if Helm itself applied it, so that nothing but its own fields is compared. */
const AS_HELM = ['--server-side', '--force-conflicts', '--field-manager=helm'] as const;

/** Does something and says so, with the time it took. */
export type Check = (what: string, work: () => Promise<string | undefined>) => Promise<void>;

export interface Settings {
  readonly values: Readonly<Record<string, unknown>>;
  /** Arguments for Helm from the command line: `--set …`, `--values …`. */
  readonly extra: readonly string[];
  /** Kinds that a namespace can have. */
  readonly kinds: readonly string[];
  /** Of the API server. */
  readonly version: string;
  readonly patienceMs: number;
}

export async function liveAndLetGo(namespace: Namespace, settings: Settings, check: Check): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'chart-cluster-'));
  const file = join(folder, 'values.yaml');
  writeFileSync(file, JSON.stringify(settings.values));
  try {
    await new Life(namespace, settings, ['--values', file, ...settings.extra], check).live();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

class Life {
  readonly #namespace: Namespace;
  readonly #settings: Settings;
  readonly #values: readonly string[];
  readonly #check: Check;

  constructor(namespace: Namespace, settings: Settings, values: readonly string[], check: Check) {
    this.#namespace = namespace;
    this.#settings = settings;
    this.#values = values;
    this.#check = check;
  }

  async live(): Promise<void> {
    const before = await this.#namespace.everything(this.#settings.kinds);
    await this.#check('helm install', () => this.#quietly(this.#apply('install')));
    await this.#running('installed');
    await this.#check('the API server takes every object and hook, unknown fields refused', () => this.#dryRun());
    const first = await this.#pods();
    const config = await this.#configuration();

    await this.#check('an upgrade without a change leaves the pods alone', () => this.#unchanged(first));
    await this.#check('helm upgrade with a changed option', () =>
      this.#quietly(this.#apply('upgrade', ['--set', 'config.window.sizeMs=90s'])),
    );
    await this.#running('upgraded');
    await this.#check('the changed configuration has another checksum and rolled every pod', () =>
      this.#rolled(first, config, false),
    );
    const second = await this.#pods();

    await this.#check('helm rollback', () => this.#quietly(this.#helm(['rollback', RELEASE, '1', ...this.#waiting()])));
    await this.#running('rolled back');
    await this.#check('the first configuration is back, with its checksum, and rolled every pod', () =>
      this.#rolled(second, config, true),
    );

    await this.#check('helm test', () => this.#tested());
    await this.#check('a pod can be evicted, as in a drain, and is replaced', () => this.#evicted());
    const kept = await this.#kept();
    await this.#check('helm uninstall', () => this.#quietly(this.#helm(['uninstall', RELEASE, ...this.#waiting()])));
    await this.#check('nothing is left but what is meant to stay', () => this.#gone(before, kept));
  }

  async #running(state: string): Promise<void> {
    await this.#check(`${state}: the workload is ready`, () => this.#ready());
    await this.#check(`${state}: every object is in the cluster as rendered`, () => this.#asRendered());
    await this.#check(`${state}: no pod was refused, by Pod Security, by the quota or else`, () => this.#noneRefused());
  }

  #waiting(): readonly string[] {
    return ['--wait', '--timeout', `${Math.ceil(this.#settings.patienceMs / 1_000)}s`];
  }

  #helm(args: readonly string[]): Promise<Said> {
    return this.#namespace.helm(args);
  }

  #apply(action: 'install' | 'upgrade', more: readonly string[] = []): Promise<Said> {
    return this.#helm([action, RELEASE, CHART, ...this.#waiting(), ...this.#values, ...more]);
  }

  /** Warnings of the API server, for instance of Pod Security, pass through to standard error. */
  async #quietly(command: Promise<Said>): Promise<undefined> {
    const { stderr } = await command;
    const warnings = stderr
      .split('\n')
      .filter(line => /warn|would violate|deprecated/i.test(line) && !/kubeconfig/i.test(line));
    if (warnings.length > 0) throw new CheckFailed(`warnings:\n${warnings.join('\n')}`);
    return undefined;
  }

  async #dryRun(): Promise<string> {
    const { stdout } = await this.#helm([
      'template',
      RELEASE,
      CHART,
      '--kube-version',
      this.#settings.version,
      ...this.#values,
    ]);
    // After the install: a bare pod is refused as long as its service account is not there.
    const apply = ['apply', '--dry-run=server', '--validate=strict', ...AS_HELM, '--filename', '-'];
    await this.#quietly(this.#namespace.kubectl(apply, stdout));
    return `${parseObjects(stdout).length} objects`;
  }

  async #pods(): Promise<readonly LiveObject[]> {
    const selector = `app.kubernetes.io/instance=${RELEASE}`;
    const pods = await this.#namespace.list('pods', selector);
    const alive = pods.filter(({ metadata }) => !('deletionTimestamp' in metadata));
    return alive.filter(({ metadata }) => metadata.labels?.['pod-template-hash'] !== undefined);
  }

  async #deployment(): Promise<LiveObject> {
    const [deployment, ...others] = await this.#namespace.list('deployments');
    if (deployment === undefined || others.length > 0) throw new CheckFailed(`${others.length} deployments too many`);
    return deployment;
  }

  async #ready(): Promise<string> {
    const { metadata } = await this.#deployment();
    const timeout = `--timeout=${Math.ceil(this.#settings.patienceMs / 1_000)}s`;
    await this.#namespace.kubectl(['rollout', 'status', `deployment/${metadata.name}`, timeout]);
    const { readyReplicas = 0, replicas = 0 } = (await this.#deployment())['status'] as DeploymentStatus;
    if (readyReplicas < 1 || readyReplicas !== replicas)
      throw new CheckFailed(`${readyReplicas} of ${replicas} pods ready`);
    return `${readyReplicas} of ${replicas} pods`;
  }

  /** `kubectl diff` compares what applying the manifest would make with what is there, defaults included. */
  async #asRendered(): Promise<string> {
    const { stdout } = await this.#helm(['get', 'manifest', RELEASE]);
    const objects = parseObjects(stdout).map(object => ownedByHelm(object, this.#namespace.name));
    const diff = ['diff', ...AS_HELM, '--filename', '-'];
    await this.#namespace.kubectl(diff, together(objects)).catch(reason => {
      throw new CheckFailed(`the cluster has something else:\n${reason instanceof Error ? reason.message : reason}`);
    });
    return `${objects.length} objects`;
  }

  async #noneRefused(): Promise<string> {
    const events = await this.#namespace.list('events');
    const refused = events.filter(event => event['reason'] === 'FailedCreate').map(event => String(event['message']));
    if (refused.length > 0) throw new CheckFailed(refused.join('\n'));
    // Its controller counts anew after each change of a pod, and for a moment without the one that has just come.
    const used = await eventually('the quota counts a pod', async () => {
      const [quota] = await this.#namespace.list('resourcequotas');
      const status = (quota?.['status'] ?? {}) as { used?: Record<string, string> };
      return Number.parseInt(status.used?.['pods'] ?? '', 10) > 0 ? status.used : undefined;
    });
    return `the quota counts ${used['pods']} pods, ${used['requests.memory']} of memory`;
  }

  async #configuration(): Promise<{ readonly text: string; readonly checksum: string }> {
    const maps = await this.#namespace.list('configmaps', `app.kubernetes.io/instance=${RELEASE}`);
    const data = maps.map(map => (map['data'] as Record<string, string> | undefined)?.['config.yaml']);
    const [pods] = podsOf([await this.#deployment()]);
    return { text: data.find(text => text !== undefined) ?? '', checksum: pods?.annotations[CHECKSUM] ?? '' };
  }

  async #unchanged(pods: readonly LiveObject[]): Promise<undefined> {
    await this.#quietly(this.#apply('upgrade'));
    const now = new Set((await this.#pods()).map(({ metadata }) => metadata.uid));
    const replaced = pods.filter(({ metadata }) => !now.has(metadata.uid));
    if (replaced.length > 0) throw new CheckFailed(`${replaced.length} pods were replaced`);
    return undefined;
  }

  async #rolled(
    earlier: readonly LiveObject[],
    first: { text: string; checksum: string },
    same: boolean,
  ): Promise<string> {
    const { text, checksum } = await this.#configuration();
    if ((text === first.text) !== same) throw new CheckFailed(`the configuration is\n${text}`);
    if (checksum === '' || (checksum === first.checksum) !== same) throw new CheckFailed(`the checksum is ${checksum}`);
    const old = new Set(earlier.map(({ metadata }) => metadata.uid));
    const pods = await eventually('only new pods', async () => {
      const now = await this.#pods();
      return now.length > 0 && now.every(({ metadata }) => !old.has(metadata.uid)) && now;
    });
    return `${pods.length} new pods, checksum ${checksum.slice(0, 8)}…`;
  }

  async #tested(): Promise<string> {
    const timeout = ['--timeout', `${Math.ceil(this.#settings.patienceMs / 1_000)}s`];
    const said = await this.#helm(['test', RELEASE, ...timeout]);
    await this.#quietly(Promise.resolve(said));
    if (!/Phase: +Succeeded/.test(said.stdout)) throw new CheckFailed(said.stdout);
    const left = (await this.#namespace.list('pods')).filter(({ metadata }) => metadata.name.endsWith('-test'));
    if (left.length > 0) throw new CheckFailed(`${left[0]?.metadata.name} is left behind`);
    return 'succeeded, its pod is gone';
  }

  async #evicted(): Promise<string> {
    const allowed = await eventually('a disruption allowed', async () => {
      const [budget] = await this.#namespace.list('poddisruptionbudgets');
      return ((budget?.['status'] ?? {}) as Partial<PodDisruptionBudgetStatus>).disruptionsAllowed;
    });
    if (allowed < 1) throw new CheckFailed('the disruption budget allows none, at full strength');
    const [pod] = await this.#pods();
    if (pod === undefined) throw new CheckFailed('no pod');
    const { name } = pod.metadata;
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: this.#namespace.name } };
    const path = `/api/v1/namespaces/${this.#namespace.name}/pods/${name}/eviction`;
    await this.#namespace.kubectl(['create', '--raw', path, '--filename', '-'], JSON.stringify(eviction));
    await eventually('another pod in its place', async () => {
      const pods = await this.#pods();
      const ready = pods.filter(each => (each['status'] as PodStatus | undefined)?.phase === 'Running');
      return ready.length > 0 && pods.every(({ metadata }) => metadata.uid !== pod.metadata.uid);
    });
    return `${await this.#ready()}, ${allowed} may go at a time`;
  }

  /** What the manifest marks to outlive the release, as `kind/name`, in lower case. */
  async #kept(): Promise<ReadonlySet<string>> {
    const { stdout } = await this.#helm(['get', 'manifest', RELEASE]);
    const kept = parseObjects(stdout).filter(({ metadata }) => metadata.annotations?.[KEEP] === 'keep');
    return new Set(kept.map(plainName));
  }

  async #gone(before: ReadonlySet<string>, kept: ReadonlySet<string>): Promise<string> {
    let left: string[] = [];
    const done = async () => {
      const now = await this.#namespace.everything(this.#settings.kinds);
      left = [...now].filter(name => !before.has(name)).map(withoutGroup);
      return left.every(name => kept.has(name)) && kept.size === left.length;
    };
    await eventually('an empty namespace', done, this.#settings.patienceMs).catch(() => {
      throw new CheckFailed(
        `left: ${left.join(', ') || 'nothing'}; meant to stay: ${[...kept].join(', ') || 'nothing'}`,
      );
    });
    if (kept.size > 0) await this.#namespace.kubectl(['delete', ...kept]);
    return kept.size === 0 ? 'nothing at all' : `kept: ${[...kept].join(', ')}`;
  }
}

/** With the annotations that Helm gives everything it makes. */
function ownedByHelm(object: KubernetesObject, namespace: string): KubernetesObject {
  const own = { 'meta.helm.sh/release-name': RELEASE, 'meta.helm.sh/release-namespace': namespace };
  return { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...own } } };
}

function plainName({ kind, metadata }: KubernetesObject): string {
  return `${kind.toLowerCase()}/${metadata.name}`;
}

/** `kafkatopic.kafka.strimzi.io/name` → `kafkatopic/name`. */
function withoutGroup(name: string): string {
  return name.replace(/^([^./]+)[^/]*\//, '$1/');
}
