/**
 * A base for our image made on the spot, where none can be pulled: this machine's own Debian, installed anew by
 * debootstrap from the mirror that apt uses, with the Node of node_modules and the npm that is at hand.
 */

import { execFile, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cached } from './artifacts.ts';
import type { DockerEngine } from './docker-engine.ts';
import { requireProgram } from './prerequisites.ts';
import { SandboxError } from './stack-contract.ts';

/** The certificates that this machine trusts; builds may go through a proxy that it knows. */
const TRUSTED = '/etc/ssl/certs/ca-certificates.crt';

const DOCKERFILE = `ARG SYSTEM
FROM \${SYSTEM}
COPY files /
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
`;

/** A release of Debian and where apt finds it. */
interface Mirror {
  readonly address: string;
  readonly release: string;
}

/** Makes the base image under a name, in a folder for what it needs on the way. */
export async function makeBase(
  engine: DockerEngine,
  image: string,
  folder: string,
  onProgress: (line: string) => void,
): Promise<void> {
  const debootstrap = requireProgram('debootstrap', onProgress);
  const mirror = aptMirror();
  const system = await cached(`debian-${mirror.release}`, async draft => {
    onProgress(`Installing Debian ${mirror.release} with debootstrap (half a minute, once) …`);
    await install(debootstrap, mirror, draft);
  });
  const context = join(folder, 'base');
  const files = join(context, 'files');
  mkdirSync(join(files, 'usr/local/bin'), { recursive: true });
  cpSync(process.execPath, join(files, 'usr/local/bin/node'));
  cpSync(npmFolder(), join(files, 'usr/local/lib/node_modules/npm'), { recursive: true, dereference: true });
  if (existsSync(TRUSTED)) cpSync(TRUSTED, join(files, TRUSTED), { dereference: true });
  writeFileSync(join(context, 'Dockerfile'), DOCKERFILE);
  const imported = `${image}-system`;
  engine.made('image', imported);
  await engine.run(['import', join(system, 'system.tar'), imported]);
  engine.made('image', image);
  await engine.run(['build', '--network', 'host', '--build-arg', `SYSTEM=${imported}`, '--tag', image, context]);
}

async function install(debootstrap: string, { release, address }: Mirror, folder: string): Promise<void> {
  const root = join(folder, 'root');
  // What it mounts on the way goes with its namespace, also when it fails.
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const env = { ...process.env, ...aptProxy() };
  await run('unshare', [...namespaces, debootstrap, '--variant=minbase', release, root, address], env);
  const surplus = ['./var/cache/apt/archives/*.deb', './var/lib/apt/lists/*', './proc/*', './sys/*', './dev/*'];
  const without = surplus.map(pattern => `--exclude=${pattern}`);
  await run('tar', ['--numeric-owner', ...without, '-C', root, '-cf', join(folder, 'system.tar'), '.'], process.env);
  rmSync(root, { recursive: true });
}

async function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  try {
    await promisify(execFile)(command, args, { env, maxBuffer: 2 ** 26 });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { readonly stdout?: string; readonly stderr?: string };
    const tail = `${stdout}\n${stderr}`.trim().split('\n').slice(-15).join('\n');
    throw new SandboxError('COMMAND_FAILED', `${command} ${args.join(' ')} failed.\n${tail}`);
  }
}

/** Where apt gets the release that this machine runs. */
function aptMirror(): Mirror {
  const format = '$(REPO_URI) $(RELEASE) $(COMPONENT)';
  const { stdout } = spawnSync('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'], {
    encoding: 'utf8',
  });
  const named = (stdout ?? '').split('\n').map(line => line.split(' '));
  // Neither updates nor security: debootstrap takes the release itself.
  const main = named.find(([, release = '', component]) => component === 'main' && !/[-/]/.test(release));
  if (main?.[0] !== undefined && main[1] !== undefined) return { address: main[0], release: main[1] };
  throw new SandboxError('PREREQUISITE_MISSING', 'apt names no mirror of Debian: a base image cannot be made here.');
}

function aptProxy(): Record<string, string> {
  const { stdout } = spawnSync('apt-config', ['shell', 'PROXY', 'Acquire::http::Proxy'], { encoding: 'utf8' });
  const proxy = /PROXY='(.+)'/.exec(stdout ?? '')?.[1];
  return proxy === undefined ? {} : { http_proxy: proxy };
}

/** Folder of the package npm: of the one that runs this script, or of the one on the path. */
function npmFolder(): string {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map(folder => join(folder, 'npm'));
  const script = [process.env['npm_execpath'] ?? '', ...onPath].find(path => path !== '' && existsSync(path));
  if (script === undefined)
    throw new SandboxError('PREREQUISITE_MISSING', 'The base image needs npm, which is not here.');
  const folder = fileURLToPath(new URL('..', `file://${realpathSync(script)}`));
  const manifest = join(folder, 'package.json');
  if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === 'npm') return folder;
  throw new SandboxError('PREREQUISITE_MISSING', `${script} does not belong to a package npm.`);
}
