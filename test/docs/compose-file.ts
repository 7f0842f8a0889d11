/** docker-compose.yml as the tests read it: with its anchors merged and its variables at their defaults. */

import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export interface Container {
  readonly image?: string;
  readonly build?: {
    readonly context: string;
    readonly target: string;
    readonly args: Readonly<Record<string, string>>;
  };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly restart?: string;
  readonly mem_limit?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly stop_grace_period?: string;
  readonly healthcheck?: { readonly disable?: boolean; readonly test?: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

interface ComposeFile {
  readonly services: Readonly<Record<string, Container>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

export const ROOT = new URL('../../', import.meta.url);
export const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

/** Variables of the file with their defaults, in order; a name that stands there twice is there twice. */
export const variables: readonly (readonly [name: string, value: string])[] = [
  ...read('docker-compose.yml').matchAll(/\$\{(\w+):-([^}]*)\}/g),
].map(([, name = '', value = '']) => [name, value]);

/** As Compose would see it where nobody sets anything. */
const plain = read('docker-compose.yml').replace(/\$\{\w+:-([^}]*)\}/g, '$1');

export const composeFile = parse(plain, { merge: true }) as ComposeFile;

/** @throws where there is no such service */
export function container(name: string): Container {
  const found = composeFile.services[name];
  if (found === undefined) throw new Error(`there is no service ${name}`);
  return found;
}
