/** `version`: the version of this program, as in its package. */

import manifest from '../../package.json' with { type: 'json' };
import type { Host } from './host.ts';

/** Version of this program, as in its package. */
export const VERSION: string = manifest.version;

/** `version`: one line, or with `json` an object for scripts. */
export function printVersion(host: Host, json: boolean): void {
  const facts = { name: manifest.name, version: VERSION, node: host.nodeVersion };
  host.out.write(json ? `${JSON.stringify(facts)}\n` : `${facts.name} ${facts.version} (Node.js ${facts.node})\n`);
}
