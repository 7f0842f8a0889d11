/**
 * Configures the service as its users do: by running `tiktok-sync apply` with config/example-connections.yaml, in a
 * process of its own.
 */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = new URL('../', import.meta.url);
const MAIN = fileURLToPath(new URL('src/main.ts', ROOT));
/** As a user in the project's folder would name it. */
const EXAMPLE = 'config/example-connections.yaml';

/** How many entries the example has, and the command line that wrote them. */
export interface Applied {
  readonly connections: number;
  readonly mappings: number;
  readonly command: string;
}

/**
 * Writes the example to the config topic of an instance with these `TIKTOK_SYNC_…` variables.
 * @throws with everything the command said, when it does not end with exit code 0
 */
export async function applyExample(env: Readonly<Record<string, string>>): Promise<Applied> {
  const args = ['apply', '-f', EXAMPLE, '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...args], { env, cwd: fileURLToPath(ROOT) });
  const { entries } = JSON.parse(stdout) as { entries: readonly { kind: 'connection' | 'mapping' }[] };
  const count = (kind: string): number => entries.filter(entry => entry.kind === kind).length;
  return { connections: count('connection'), mappings: count('mapping'), command: `tiktok-sync apply -f ${EXAMPLE}` };
}
