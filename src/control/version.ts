/** `version`: the version of this program, as in its package. */

import manifest from '../../package.json' with { type: 'json' };
import { COMMIT_VARIABLE } from '../config-sources.ts';
import type { Host } from './host.ts';

/** Version of this program, as in its package. */
export const VERSION: string = manifest.version;

/** The commit this program was built from; `unknown` where nobody said. */
export function commitOf(env: Host['env']): string {
  return env[COMMIT_VARIABLE] || 'unknown';
}

/** `version`: one line, or with `json` an object for scripts. */
export function printVersion(host: Host, json: boolean): void {
  const facts = { name: manifest.name, version: VERSION, commit: commitOf(host.env), node: host.nodeVersion };
  host.out.write(json ? `${JSON.stringify(facts)}\n` : `${facts.name} ${facts.version} (Node.js ${facts.node})\n`);
}
