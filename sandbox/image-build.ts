/** Builds the two images of the Dockerfile, with this machine's way to the npm registry and none of it left inside. */

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DockerEngine } from './docker-engine.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** A build knows these by itself: they are passed on and kept in no layer. */
const PROXIES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'];

export interface BuildRequest {
  readonly target: 'service' | 'sandbox';
  readonly image: string;
  readonly base: string;
  readonly commit: string;
  /** For the file with npm's settings. */
  readonly folder: string;
}

/** Builds one target and answers the size of its image in bytes. */
export async function buildImage(
  engine: DockerEngine,
  request: BuildRequest,
  onLine: (line: string) => void,
): Promise<number> {
  const { target, image, base, commit, folder } = request;
  const settings = join(folder, 'npmrc');
  writeFileSync(settings, npmSettings(), { mode: 0o600 });
  const passed = PROXIES.filter(name => process.env[name] !== undefined);
  const values = [`BASE_IMAGE=${base}`, `COMMIT=${commit}`, ...passed];
  engine.made('image', image);
  await engine.run(
    [
      ...['build', '--network', 'host', '--progress', 'plain', '--secret', `id=npmrc,src=${settings}`],
      ...values.flatMap(value => ['--build-arg', value]),
      ...['--target', target, '--tag', image, ROOT],
    ],
    { onLine },
  );
  return Number(await engine.run(['image', 'inspect', '--format', '{{.Size}}', image]));
}

/** The user's own settings of npm, and the registry wherever it is named. */
function npmSettings(): string {
  const setting = (name: string) =>
    execFileSync('npm', ['config', 'get', name], { cwd: ROOT, encoding: 'utf8' }).trim();
  const own = setting('userconfig');
  const text = existsSync(own) ? readFileSync(own, 'utf8') : '';
  return `${text.trimEnd()}\nregistry=${setting('registry')}\n`;
}
