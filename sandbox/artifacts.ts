import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CLUSTER_ID, serverProperties } from './kafka-broker.ts';
import { requireProgram } from './prerequisites.ts';
import { SandboxError } from './stack-contract.ts';
import { guard, spare } from './watchdog.ts';

/** Versions that everything here was tried with; the images of docker-compose.yml are the same. */
export const KAFKA = '4.4.0';
export const REGISTRY = '3.0.9';

type Progress = (line: string) => void;

/** Where downloads live, outside the work tree: `TIKTOK_SYNC_CACHE`, else the user's cache folder. */
export function cacheFolder(): string {
  const base = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return process.env.TIKTOK_SYNC_CACHE ?? join(base, 'tiktok-conversion-sync');
}

/** Folder with Kafka's jars, fetched by Maven the first time. */
export function kafkaJars(onProgress: Progress): Promise<string> {
  return cached(`kafka-${KAFKA}`, async folder => {
    onProgress(`Fetching Kafka ${KAFKA} with Maven (45 MB, once) …`);
    // Without a logging backend a broker that fails says nothing.
    const artifacts = [`org.apache.kafka:kafka_2.13:${KAFKA}`, 'org.slf4j:slf4j-simple:1.7.36'];
    await writeFile(join(folder, 'pom.xml'), pom(artifacts));
    await maven(folder, onProgress, 'dependency:copy-dependencies', `-DoutputDirectory=${folder}`);
  });
}

/** Folder with the unpacked schema registry, fetched by Maven the first time. */
export function registryFiles(onProgress: Progress): Promise<string> {
  return cached(`apicurio-registry-${REGISTRY}`, async folder => {
    onProgress(`Fetching Apicurio Registry ${REGISTRY} with Maven (109 MB, once) …`);
    const artifact = `io.apicurio:apicurio-registry-app:${REGISTRY}:tar.gz:all`;
    await writeFile(join(folder, 'pom.xml'), pom([]));
    await maven(folder, onProgress, 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`);
    const archive = join(folder, `apicurio-registry-app-${REGISTRY}-all.tar.gz`);
    await run('tar', ['-xzf', archive, '-C', folder], folder);
    await rm(archive);
  });
}

/** A SCRAM credential as Kafka's formatting tool takes it: `SCRAM-SHA-256=[name=…,password=…]`. */
export type ScramCredential = `SCRAM-SHA-${256 | 512}=[name=${string},password=${string}]`;

/** A log folder formatted by Kafka's own tool for the node with this id, with these users; a start copies it. */
export function formattedLog(
  nodeId: number,
  java: string,
  jars: string,
  scram: readonly ScramCredential[] = [],
): Promise<string> {
  const suffix = scram.length === 0 ? '' : `-${createHash('sha256').update(scram.join()).digest('hex').slice(0, 8)}`;
  return cached(`kafka-${KAFKA}-node-${nodeId}${suffix}`, async folder => {
    const properties = join(folder, 'server.properties');
    // With voters named in the settings, a formatted folder holds no address, so it fits any ports.
    const node = { id: nodeId, port: 1, controllerPort: 2 };
    await writeFile(properties, serverProperties(node, `${nodeId}@127.0.0.1:2`, 1, join(folder, 'log')));
    const tool = ['-cp', join(jars, '*'), 'kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', properties];
    const users = scram.flatMap(credential => ['--add-scram', credential]);
    await run(java, ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', ...tool, ...users], folder);
  }).then(folder => join(folder, 'log'));
}

/** Fills a folder of the cache once. Several processes may try: each fills a draft, the first rename wins. */
export async function cached(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const target = join(cacheFolder(), name);
  if (existsSync(target)) return target;
  await mkdir(cacheFolder(), { recursive: true });
  const draft = await mkdtemp(join(cacheFolder(), `.draft-${name}-`));
  guard(draft);
  try {
    await fill(draft);
    await rename(draft, target).catch(error => {
      if (!existsSync(target)) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
    spare(draft);
  }
  return target;
}

/** Runs Maven in a folder with a `pom.xml`. */
export async function maven(folder: string, onProgress: Progress, ...args: string[]): Promise<void> {
  const command = requireProgram('maven', onProgress);
  const started = performance.now();
  const reminder = setInterval(() => {
    onProgress(`  … still fetching after ${Math.round((performance.now() - started) / 1000)} s`);
  }, 15_000);
  try {
    await run(command, ['-B', '-q', ...args], folder);
  } finally {
    clearInterval(reminder);
  }
}

/** Runs a tool to its end; a failure carries the last lines it printed. */
export async function run(command: string, args: readonly string[], folder: string): Promise<void> {
  const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const { pid } = child;
  if (pid !== undefined) guard(pid);
  const printed: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => printed.push(part));
  child.stderr.on('data', (part: Buffer) => printed.push(part));
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('error', reject);
  child.once('close', resolve);
  const code = await promise.finally(() => pid !== undefined && spare(pid));
  if (code === 0) return;
  const tail = Buffer.concat(printed).toString().trimEnd().split('\n').slice(-10).join('\n');
  throw new SandboxError('DOWNLOAD_FAILED', `${command} ${args[args.length - 1]} failed (exit code ${code}).\n${tail}`);
}

function pom(artifacts: readonly string[]): string {
  const dependencies = artifacts.map(artifact => {
    const [group, name, version] = artifact.split(':');
    return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
  });
  return `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>sandbox</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>${dependencies.join('')}</dependencies>
</project>
`;
}
