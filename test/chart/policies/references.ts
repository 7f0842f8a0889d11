/** Every ConfigMap, Secret, key, volume and service account that a pod names is rendered, or named by who installs. */

import type { Container, EnvVar, Volume } from 'kubernetes-types/core/v1.d.ts';
import type { KubernetesObject } from '../helm.ts';
import { containersOf, ofKind, type Pods, type Policy, podsOf } from '../objects.ts';

/** What a pod wants of a ConfigMap or Secret; no key means that any will do. */
interface Want {
  readonly where: string;
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
  readonly keys: readonly string[];
}

/** `declared` are the names of existing objects that the values give. */
export const referencesExist =
  (declared: ReadonlySet<string>): Policy =>
  objects =>
    podsOf(objects).flatMap(pods => [
      ...[...wantsOf(pods)].flatMap(want => missing(want, objects, declared)),
      ...accountOf(pods, objects, declared),
      ...mountsOf(pods),
    ]);

function missing(
  { where, kind, name, keys }: Want,
  objects: readonly KubernetesObject[],
  declared: ReadonlySet<string>,
) {
  const found = ofKind(objects, kind).find(({ metadata }) => metadata.name === name);
  if (found === undefined) {
    return declared.has(name) ? [] : [`${where}: ${kind} ${name} is neither rendered nor named in the values`];
  }
  const has = { ...asMap(found['data']), ...asMap(found['stringData']), ...asMap(found['binaryData']) };
  return keys.filter(key => !(key in has)).map(key => `${where}: ${kind} ${name} has no key ${key}`);
}

function asMap(data: unknown): Readonly<Record<string, unknown>> {
  return (data ?? {}) as Readonly<Record<string, unknown>>;
}

function* wantsOf(pods: Pods): Generator<Want> {
  for (const volume of pods.spec.volumes ?? []) yield* ofVolume(`${pods.where} volume ${volume.name}`, volume);
  for (const { where, container } of containersOf(pods)) yield* ofEnvironment(where, container);
  for (const { name = '' } of pods.spec.imagePullSecrets ?? []) {
    yield { where: `${pods.where} imagePullSecrets`, kind: 'Secret', name, keys: [] };
  }
}

function* ofVolume(where: string, { configMap, secret, projected }: Volume): Generator<Want> {
  const keys = (items: readonly { key: string }[] = []) => items.map(({ key }) => key);
  if (configMap && !configMap.optional) {
    yield { where, kind: 'ConfigMap', name: configMap.name ?? '', keys: keys(configMap.items) };
  }
  if (secret && !secret.optional) {
    yield { where, kind: 'Secret', name: secret.secretName ?? '', keys: keys(secret.items) };
  }
  for (const source of projected?.sources ?? []) {
    if (source.configMap && !source.configMap.optional) {
      yield { where, kind: 'ConfigMap', name: source.configMap.name ?? '', keys: keys(source.configMap.items) };
    }
    if (source.secret && !source.secret.optional) {
      yield { where, kind: 'Secret', name: source.secret.name ?? '', keys: keys(source.secret.items) };
    }
  }
}

function* ofEnvironment(where: string, { env = [], envFrom = [] }: Container): Generator<Want> {
  for (const { name: variable, valueFrom } of env) {
    const { configMapKeyRef, secretKeyRef } = valueFrom ?? {};
    const at = `${where} variable ${variable}`;
    if (configMapKeyRef && !configMapKeyRef.optional) {
      yield { where: at, kind: 'ConfigMap', name: configMapKeyRef.name ?? '', keys: [configMapKeyRef.key] };
    }
    if (secretKeyRef && !secretKeyRef.optional) {
      yield { where: at, kind: 'Secret', name: secretKeyRef.name ?? '', keys: [secretKeyRef.key] };
    }
  }
  for (const { configMapRef, secretRef } of envFrom) {
    if (configMapRef && !configMapRef.optional)
      yield { where, kind: 'ConfigMap', name: configMapRef.name ?? '', keys: [] };
    if (secretRef && !secretRef.optional) yield { where, kind: 'Secret', name: secretRef.name ?? '', keys: [] };
  }
}

function accountOf(pods: Pods, objects: readonly KubernetesObject[], declared: ReadonlySet<string>): string[] {
  const name = pods.spec.serviceAccountName ?? 'default';
  if (name === 'default' || declared.has(name)) return [];
  const account = ofKind(objects, 'ServiceAccount').find(({ metadata }) => metadata.name === name);
  if (account === undefined)
    return [`${pods.where}: ServiceAccount ${name} is neither rendered nor named in the values`];
  return [];
}

/** Mounts have a volume, volumes are used, and no two things of a container stand in one place. */
function mountsOf(pods: Pods): string[] {
  const volumes = (pods.spec.volumes ?? []).map(({ name }) => name);
  const containers = containersOf(pods);
  const secret = (name: string) => pods.spec.volumes?.some(volume => volume.name === name && volume.secret);
  const used = new Set(containers.flatMap(({ container }) => (container.volumeMounts ?? []).map(({ name }) => name)));
  return [
    ...repeated(volumes).map(name => `${pods.where}: two volumes are called ${name}`),
    ...volumes.filter(name => !used.has(name)).map(name => `${pods.where}: volume ${name} is mounted nowhere`),
    ...containers.flatMap(({ where, container: { volumeMounts = [], env = [], ports = [] } }) => [
      ...volumeMounts
        .filter(({ name }) => !volumes.includes(name))
        .map(({ name }) => `${where}: there is no volume ${name}`),
      ...repeated(volumeMounts.map(({ mountPath }) => mountPath)).map(path => `${where}: two mounts at ${path}`),
      ...repeated(env.map(({ name }: EnvVar) => name)).map(name => `${where}: variable ${name} is set twice`),
      ...repeated(ports.flatMap(({ name }) => name ?? [])).map(name => `${where}: two ports are called ${name}`),
      ...volumeMounts
        .filter(({ name, subPath }) => subPath && secret(name))
        .map(({ mountPath }) => `${where}: ${mountPath} is a secret by subPath, which never follows its secret`),
    ]),
  ];
}

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
