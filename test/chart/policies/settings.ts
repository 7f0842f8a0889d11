/** What the chart tells the application: options that exist, values that are valid, and secrets nowhere in clear. */

import { parse } from 'yaml';
import { loadConfig } from '../../../src/config.ts';
import { ALL_OPTIONS } from '../../../src/config-options.ts';
import { CONFIG_FILE_VARIABLE, NO_FLAGS } from '../../../src/config-sources.ts';
import type { KubernetesObject } from '../helm.ts';
import { containersOf, nameOf, ofKind, type Policy, podsOf } from '../objects.ts';

const OPTIONS = [...ALL_OPTIONS.values()];
const SECRET_PATHS = OPTIONS.filter(({ option }) => option.secrecy === 'secret').map(({ path }) => path);
const SECRET_VARIABLES = new Set(OPTIONS.filter(({ option }) => option.secrecy === 'secret').map(({ env }) => env));
const VARIABLES = new Set([
  CONFIG_FILE_VARIABLE,
  ...OPTIONS.flatMap(({ env, option }) => (option.secrecy === 'public' ? [env] : [env, `${env}_FILE`])),
]);

export const variablesAreOptions: Policy = objects =>
  podsOf(objects)
    .flatMap(containersOf)
    .flatMap(({ where, container: { env = [] } }) =>
      env
        .filter(({ name }) => name.startsWith('TIKTOK_SYNC_') && !VARIABLES.has(name))
        .map(({ name }) => `${where}: no option has the variable ${name}`),
    );

/** An address with a password, a private key, a token or an envelope, whatever the key is called. */
const SECRET_LOOKS = [
  /:\/\/[^/\s:@]*:[^/\s@]+@/,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /\baesgcm:v\d+:/,
  /\beyJ[\w-]{10,}\.[\w-]{10,}\./,
] as const;

/** A ConfigMap and a pod's description are read by many who may read no Secret. */
export const secretsStayInSecrets: Policy = objects => [
  ...ofKind(objects, 'ConfigMap').flatMap(object =>
    Object.entries((object['data'] ?? {}) as Record<string, string>).flatMap(([key, text]) =>
      [...secretsIn(key, text)].map(what => `${nameOf(object)}: ${key} holds ${what}; it belongs in a Secret`),
    ),
  ),
  ...podsOf(objects)
    .flatMap(containersOf)
    .flatMap(({ where, container: { env = [], args = [], command = [] } }) => [
      ...env
        .filter(({ name, value = '' }) => value !== '' && (SECRET_VARIABLES.has(name) || looksSecret(value)))
        .map(({ name }) => `${where}: variable ${name} holds a secret in clear; it belongs in a Secret`),
      ...[...command, ...args].filter(looksSecret).map(() => `${where}: an argument holds a secret in clear`),
    ]),
];

function looksSecret(text: string): boolean {
  return SECRET_LOOKS.some(pattern => pattern.test(text));
}

function* secretsIn(key: string, text: string): Generator<string> {
  if (looksSecret(text)) yield 'what looks like a secret';
  if (!/\.ya?ml$/.test(key)) return;
  const tree: unknown = parse(text);
  for (const path of SECRET_PATHS) if ((at(tree, path.split('.')) ?? '') !== '') yield `the secret ${path}`;
}

function at(tree: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (node, key) => (typeof node === 'object' && node !== null ? (node as Record<string, unknown>)[key] : undefined),
    tree,
  );
}

/** Every container that is told of a configuration file would start with it: what is wrong with it, else. */
export const configurationIsValid: Policy = objects =>
  podsOf(objects).flatMap(pods =>
    containersOf(pods).flatMap(({ where, container: { env = [], volumeMounts = [] } }) => {
      if (!env.some(({ name }) => name === CONFIG_FILE_VARIABLE)) return [];
      const variables = Object.fromEntries(
        env.map(({ name, value, valueFrom }) => [name, value ?? (valueFrom && secretFor(name))]),
      );
      const variableOf = (path: string) => Object.keys(variables).find(name => variables[name] === path) ?? '';
      const readFile = (path: string): string => {
        const mount = volumeMounts.find(({ mountPath }) => path.startsWith(`${mountPath}/`) || path === mountPath);
        const volume = pods.spec.volumes?.find(({ name }) => name === mount?.name);
        if (mount === undefined || volume === undefined) throw new Error(`nothing is mounted at ${path}`);
        if (volume.configMap === undefined) return secretFor(variableOf(path));
        return contentOf(objects, volume.configMap.name, mount.subPath ?? path.slice(mount.mountPath.length + 1));
      };
      const loaded = loadConfig({ flags: NO_FLAGS, env: variables, readFile });
      if (loaded.ok) return [];
      return loaded.problems.map(problem => `${where}: ${JSON.stringify(problem)}`);
    }),
  );

/** Of a Secret that exists elsewhere nobody knows more than of which kind its content is: an address, or any text. */
function secretFor(variable: string): string {
  const address = OPTIONS.find(({ env, option }) => option.secrecy === 'credentials' && variable.startsWith(env));
  if (address === undefined) return 'a-secret';
  return `${address.path.startsWith('redis.') ? 'rediss' : 'http'}://sync:a-secret@server.example:6380`;
}

function contentOf(objects: readonly KubernetesObject[], configMap: string | undefined, key: string): string {
  const found = ofKind(objects, 'ConfigMap').find(({ metadata }) => metadata.name === configMap);
  const text = (found?.['data'] as Record<string, string> | undefined)?.[key];
  if (found !== undefined && text === undefined) throw new Error(`ConfigMap ${configMap} has no key ${key}`);
  return text ?? '';
}
