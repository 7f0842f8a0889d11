/**
 * Two ways to run a prepared container without a container engine.
 *
 * `namespace`: in a mount namespace of its own, whose root holds what the image holds (Node, libraries, the copied files)
 * and the container's mounts in their places, read-only; as the pod's user, without privileges. Network, processes and
 * memory stay those of this machine. Needs the right to make such a namespace (root, or a kernel that lets users).
 * `paths`: where that is not allowed, the paths of mounts are replaced by those of their sources.
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mount, PreparedContainer } from './container.ts';
import type { ContainerImage } from './image.ts';

const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));

export interface CommandLine {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where to start it. */
  readonly cwd: string;
}

/** Host names that the container can resolve, with their addresses. */
export type Hosts = Readonly<Record<string, string>>;

export interface Place {
  readonly image: ContainerImage;
  /** An empty folder for this container alone. */
  readonly folder: string;
  readonly hosts: Hosts;
}

/** Whether this user may make a mount namespace here. */
export function hasNamespaces(): boolean {
  return process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0;
}

/**
 * Runs in the new namespace. Everything is mounted below a tmpfs, which goes with the namespace; nothing is written to
 * this machine's own folders. Arguments: root, PATH, working directory, user, group, then `mode source target` of each
 * mount, `--`, and the command. Every step is an exec, so that signals reach the command itself.
 */
const SCRIPT = `
set -eu
root=$1 path=$2 directory=$3 user=$4 group=$5
shift 5
mount -t tmpfs -o mode=755 tmpfs "$root"
place() {
  if [ -d "$2" ]; then mkdir -p "$root$3"; else mkdir -p "$root\${3%/*}"; [ -e "$root$3" ] || : > "$root$3"; fi
  mount --rbind "$2" "$root$3"
  if [ "$1" = ro ]; then mount -o remount,bind,ro "$root$3"; fi
}
for folder in bin lib lib64 sbin; do
  if [ -L "/$folder" ]; then cp -P "/$folder" "$root/$folder"; elif [ -d "/$folder" ]; then place ro "/$folder" "/$folder"; fi
done
while [ "$1" != -- ]; do place "$1" "$2" "$3"; shift 3; done
shift
mount -o remount,ro "$root"
export PATH="$path"
exec /usr/bin/setpriv --no-new-privs /usr/bin/unshare --root="$root" --wd="$directory" --setgid="$group" --setuid="$user" -- "$@"
`;

export function inNamespace(prepared: PreparedContainer, { image, folder, hosts }: Place): CommandLine {
  const root = join(folder, 'root');
  const bin = join(folder, 'bin');
  const hostsFile = join(folder, 'hosts');
  mkdirSync(root, { recursive: true });
  mkdirSync(bin);
  writeFileSync(join(bin, 'node'), '');
  writeFileSync(
    hostsFile,
    Object.entries({ localhost: '127.0.0.1', ...hosts })
      .map(([name, to]) => `${to} ${name}\n`)
      .join(''),
  );
  const app = image.files.map(file => ({ source: join(PROJECT, file), target: `${image.workingDirectory}/${file}` }));
  const mounts: Mount[] = [
    ...['/usr', '/proc', '/dev/null', '/dev/urandom'].map(path => ({ source: path, target: path })),
    // Node alone is on the image's path.
    { source: bin, target: '/usr/local/bin' },
    { source: process.execPath, target: '/usr/local/bin/node' },
    { source: hostsFile, target: '/etc/hosts' },
    ...app,
  ].map(mount => ({ ...mount, readOnly: !mount.source.startsWith('/dev/') && mount.source !== '/proc' }));
  const placed = [...mounts, ...prepared.mounts].flatMap(({ source, target, readOnly }) => [
    readOnly ? 'ro' : 'rw',
    source,
    target,
  ]);
  const { workingDirectory, uid, gid, argv, env } = prepared;
  const settings = [root, env['PATH'] ?? '/usr/local/bin', workingDirectory, String(uid), String(gid)];
  return {
    command: 'unshare',
    args: ['--mount', 'sh', '-c', SCRIPT, 'pod', ...settings, ...placed, '--', ...argv],
    env: { ...env, PATH: process.env['PATH'] ?? '' },
    cwd: folder,
  };
}

export function byPaths(prepared: PreparedContainer, { folder, hosts }: Place): CommandLine {
  const stand = new Map([
    ...prepared.mounts.map(({ source, target }) => [target, source] as const),
    ...Object.entries(hosts).map(([name, to]) => [`//${name}:`, `//${to}:`] as const),
  ]);
  // In one go and the longest first: what stands in for one path may contain another.
  const names = [...stand.keys()].sort((one, other) => other.length - one.length);
  const pattern = new RegExp(names.map(name => name.replaceAll(/[^\w/]/g, '\\$&')).join('|'), 'g');
  const replaced = (text: string) => text.replaceAll(pattern, name => stand.get(name) ?? name);
  for (const { source } of prepared.mounts.filter(({ target }) => /\.ya?ml$/.test(target))) {
    writeFileSync(source, replaced(readFileSync(source, 'utf8')));
  }
  const [program, ...args] = prepared.argv;
  const env = Object.fromEntries(Object.entries(prepared.env).map(([name, text]) => [name, replaced(text)]));
  mkdirSync(folder, { recursive: true });
  return { command: program === 'node' ? process.execPath : (program ?? ''), args, env, cwd: PROJECT };
}
