/**
 * A rendered container as what the kubelet would make of it: its command line, its environment, and a folder for each of
 * its volumes with the contents of the ConfigMaps and Secrets it names.
 */

import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Container, EnvVar, PodSpec, Volume } from 'kubernetes-types/core/v1.d.ts';
import type { KubernetesObject } from '../../chart/helm.ts';
import { ofKind, podsOf } from '../../chart/objects.ts';
import type { ContainerImage } from './image.ts';

export interface Mount {
  /** A file or folder of this machine. */
  readonly source: string;
  /** Where the container sees it. */
  readonly target: string;
  readonly readOnly: boolean;
}

export interface PreparedContainer {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  readonly workingDirectory: string;
  readonly uid: number;
  readonly gid: number;
  readonly container: Container;
  readonly pod: PodSpec;
}

/** Contents by key, for each Secret that the chart takes as existing; and where the pod's volumes are laid out. */
export interface Surroundings {
  readonly objects: readonly KubernetesObject[];
  readonly secrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly image: ContainerImage;
  readonly folder: string;
}

/** The first container of the pods that `Deployment/name` or the like describes. */
export function prepare(where: string, surroundings: Surroundings): PreparedContainer {
  const { objects, image, folder } = surroundings;
  const pod = podsOf(objects).find(pods => pods.where === where)?.spec;
  const container = pod?.containers[0];
  if (pod === undefined || container === undefined) throw new Error(`no container in ${where}`);
  const uid = container.securityContext?.runAsUser ?? pod.securityContext?.runAsUser ?? image.uid;
  const gid = container.securityContext?.runAsGroup ?? pod.securityContext?.runAsGroup ?? image.gid;
  const group = pod.securityContext?.fsGroup ?? gid;
  const folders = new Map((pod.volumes ?? []).map(volume => [volume.name, layOut(volume, surroundings, group)]));
  // A command replaces the image's arguments as well.
  const argumentsOfImage = container.command === undefined ? image.command : [];
  return {
    argv: [...(container.command ?? image.entrypoint), ...(container.args ?? argumentsOfImage)],
    env: {
      ...image.env,
      ...Object.fromEntries((container.env ?? []).map(each => [each.name, variableOf(each, surroundings)])),
    },
    mounts: (container.volumeMounts ?? []).map(({ name, mountPath, subPath, readOnly = false }) => ({
      source: join(folders.get(name) ?? join(folder, name), subPath ?? ''),
      target: mountPath,
      readOnly,
    })),
    workingDirectory: container.workingDir ?? image.workingDirectory,
    uid,
    gid,
    container,
    pod,
  };
}

function variableOf({ name, value, valueFrom }: EnvVar, surroundings: Surroundings): string {
  if (valueFrom === undefined) return value ?? '';
  const { secretKeyRef, configMapKeyRef, fieldRef } = valueFrom;
  if (secretKeyRef) return keyOf(contentsOf('Secret', secretKeyRef.name ?? '', surroundings), secretKeyRef.key);
  if (configMapKeyRef)
    return keyOf(contentsOf('ConfigMap', configMapKeyRef.name ?? '', surroundings), configMapKeyRef.key);
  if (fieldRef?.fieldPath === 'metadata.name') return 'pod-1';
  throw new Error(`variable ${name} comes from where this test does not know: ${JSON.stringify(valueFrom)}`);
}

type Contents = Readonly<Record<string, string>>;

function keyOf(contents: Contents, key: string): string {
  const value = contents[key];
  if (value === undefined) throw new Error(`there is no key ${key} among ${Object.keys(contents)}`);
  return value;
}

function contentsOf(kind: 'ConfigMap' | 'Secret', name: string, { objects, secrets }: Surroundings): Contents {
  const given = kind === 'Secret' ? secrets[name] : undefined;
  const rendered = ofKind(objects, kind).find(({ metadata }) => metadata.name === name);
  const contents = given ?? rendered?.['stringData'] ?? rendered?.['data'];
  if (contents === undefined) throw new Error(`${kind} ${name} is neither rendered nor given`);
  return contents as Contents;
}

/** Files belong to root and the pod's group, with the volume's mode, as on a node. */
function layOut(volume: Volume, surroundings: Surroundings, group: number): string {
  const folder = join(surroundings.folder, volume.name);
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  if (volume.emptyDir !== undefined) {
    chmodSync(folder, 0o777);
    return folder;
  }
  const { configMap, secret } = volume;
  if (configMap === undefined && secret === undefined) throw new Error(`volume ${volume.name} is of an unknown kind`);
  const contents = configMap
    ? contentsOf('ConfigMap', configMap.name ?? '', surroundings)
    : contentsOf('Secret', secret?.secretName ?? '', surroundings);
  const items = (configMap ?? secret)?.items ?? Object.keys(contents).map(key => ({ key, path: key }));
  for (const { key, path } of items) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, keyOf(contents, key));
    if (process.getuid?.() === 0) chownSync(file, 0, group);
    chmodSync(file, (configMap ?? secret)?.defaultMode ?? 0o644);
  }
  return folder;
}
