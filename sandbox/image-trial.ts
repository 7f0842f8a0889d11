/**
 * What `npm run image:check` asks of the finished images: that the service in its container, told nothing but what a
 * cluster would tell it, does its work on the sandbox and ends as it should. Each step throws what is wrong.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DockerEngine } from './docker-engine.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { Container } from './image-container.ts';
import { SimulatorClient } from './tiktok-simulator-client.ts';
import { tokenOf, type World } from './world.ts';

export interface TrialRequest {
  readonly engine: DockerEngine;
  readonly world: World;
  readonly image: string;
  readonly sandboxImage: string;
  readonly commit: string;
  /** For the container's configuration. */
  readonly folder: string;
  readonly onProgress: (line: string) => void;
}

const CONNECTION = 'image';
/** As the chart has it: the drain's own deadline and ten seconds. */
const GRACE_SECONDS = 70;

/** Names that do not meet those of another run on the same engine. */
export const containerName = (image: string, what: string): string => `${image.replaceAll(/[:/]/g, '-')}-${what}`;

/** The image says who it is, and nobody is in it but Node. */
export async function tryAlone({ engine, image, commit, onProgress }: TrialRequest): Promise<void> {
  const inspect = (format: string) => engine.run(['image', 'inspect', '--format', format, image]);
  expectSame('user', await inspect('{{.Config.User}}'), '1000:1000');
  expectSame('revision', await inspect('{{index .Config.Labels "org.opencontainers.image.revision"}}'), commit);
  const version = await Container.once(engine, {
    image,
    name: containerName(image, 'version'),
    args: ['version', '--json'],
  });
  expectSame('commit', JSON.parse(version).commit, commit);
  const shell = ['run', '--rm', '--entrypoint', '/bin/sh', image, '-c', 'exit 0'];
  const { exitCode } = await engine.attempt(shell);
  if (exitCode === 0) throw new Error('the image has a shell');
  onProgress('runs as uid 1000, has no shell, tells version and commit');
}

/** The topics job on topics that nobody has made yet, as a chart's hook runs it. */
export async function tryTopicsJob(request: TrialRequest): Promise<void> {
  const { engine, image, onProgress, world } = request;
  const names = Object.keys(world.env).filter(name => name.startsWith('TIKTOK_SYNC_TOPIC_'));
  const fresh = Object.fromEntries(names.map(name => [name, `job-${world.env[name]}`]));
  const settings = configure(request, 0, fresh);
  for (const [action, ...flags] of [['ensure', '--partitions', '2'], ['check']]) {
    const name = containerName(image, `topics-${action}`);
    await Container.once(engine, { image, name, ...settings, args: ['topics', action ?? '', ...flags] });
  }
  onProgress(`topics ensure made ${names.length} topics, topics check finds nothing wrong with them`);
}

/** The service, one event, another one in mid-window when SIGTERM comes. */
export async function tryService(request: TrialRequest): Promise<void> {
  const { engine, world, image, onProgress } = request;
  const port = await freePort();
  const settings = configure(request, port);
  await world.connect(CONNECTION, { access_token: `file:${CONNECTION}` });
  await world.producer.mapping(MAPPING);
  const service = await Container.start(engine, {
    image,
    name: containerName(image, 'service'),
    ...settings,
    flags: ['--health-interval', '2s'],
  });
  try {
    await beReady(service, `http://127.0.0.1:${port}`, request);
    await stopInMidWindow(service, `http://127.0.0.1:${port}`, request);
  } catch (error) {
    onProgress(`The container's last lines:\n${(await service.log()).trimEnd().split('\n').slice(-20).join('\n')}`);
    throw error;
  }
}

async function beReady(service: Container, url: string, { world, commit, onProgress }: TrialRequest): Promise<void> {
  await whileRunning(service, 'the service is ready', async () => (await fetch(`${url}/readyz`)).ok);
  await whileRunning(service, 'the container is healthy', async () => (await service.health()) === 'healthy');
  onProgress('the service is ready, its container healthy');
  const told = await metric(url, 'tiktok_sync_build_info');
  if (!told.includes(`commit="${commit}"`)) throw new Error(`/metrics does not tell the commit: ${told}`);
  await produce(world, 1);
  await whileRunning(service, 'one event is with TikTok', () => world.simulator.ledger().counted().length === 1);
  onProgress('one event is delivered; /metrics tells the commit');
}

async function stopInMidWindow(service: Container, url: string, { world, onProgress }: TrialRequest): Promise<void> {
  await world.allCommitted();
  await produce(world, 2);
  const held = async () => Number((await metric(url, 'tiktok_sync_window_events')).split(' ').at(-1)) === 1;
  await whileRunning(service, 'another event waits in its window', held);
  const changes = await service.changes();
  if (changes.length > 0) throw new Error(`the container wrote into its image: ${changes.join(', ')}`);
  const started = performance.now();
  expectSame('exit code after SIGTERM', await service.stop(GRACE_SECONDS), 0);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const { counted, repeats } = world.simulator.ledger().summary();
  expectSame('events with TikTok', counted, 2);
  expectSame('events sent twice', repeats, 0);
  expectSame('records not committed', await world.uncommitted(), 0);
  onProgress(`SIGTERM: exit code 0 after ${seconds} s, the waiting event delivered and committed`);
}

/** The other target: it listens, answers, and ends when it is told to. */
export async function trySimulator({ engine, sandboxImage, onProgress }: TrialRequest): Promise<void> {
  const port = await freePort();
  const simulator = await Container.start(engine, {
    image: sandboxImage,
    name: containerName(sandboxImage, 'simulator'),
    args: ['sandbox/simulator-main.ts', '--port', String(port), '--rules', 'strict'],
  });
  const client = new SimulatorClient(`http://127.0.0.1:${port}`);
  await whileRunning(simulator, 'the simulator answers', async () => (await client.summary()).counted === 0);
  expectSame('exit code of the simulator', await simulator.stop(10), 0);
  onProgress('the simulator of the sandbox image answers and stops');
}

const MAPPING = {
  mapping_id: 'image-lead',
  connection_id: CONNECTION,
  trigger: 'CONVERSION_CREATED',
  tiktok_event_name: 'Lead',
};

function produce(world: World, serial: number): Promise<void> {
  const conversion = {
    conversion_id: `image-${serial}`,
    workspace_id: `workspace-${CONNECTION}`,
    contact_id: `contact-${serial}`,
    event_name: 'Contact form',
    occurred_at: Date.now(),
    email: `visitor${serial}@example.com`,
  };
  return world.producer.conversions([conversion]);
}

/** Variables as a chart gives them, the port by the mounted file, the token by a mounted file of its own. */
function configure({ world, folder }: TrialRequest, port: number, more: Readonly<Record<string, string>> = {}) {
  const mounted = join(folder, 'etc');
  mkdirSync(join(mounted, 'tokens'), { recursive: true });
  writeFileSync(join(mounted, 'config.yaml'), `http:\n  host: 127.0.0.1\n  port: ${port}\n`);
  writeFileSync(join(mounted, 'tokens', CONNECTION), tokenOf(CONNECTION));
  // Where the image looks for tokens by itself.
  const { TIKTOK_SYNC_TOKENS_DIR: _, ...variables } = world.env;
  const all = { ...variables, ...more, TIKTOK_SYNC_CONFIG: '/etc/tiktok-sync/config.yaml' };
  const envFile = join(folder, 'service.env');
  const lines = Object.entries(all).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(envFile, lines.join(''));
  return { envFile, volumes: [`${mounted}:/etc/tiktok-sync:ro`] };
}

/** The line of a metric with a single series; empty where it has none. */
async function metric(url: string, name: string): Promise<string> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return text.split('\n').find(line => line.startsWith(`${name}{`) || line.startsWith(`${name} `)) ?? '';
}

/** Waits for a state, and not in vain for one of a container that has ended. */
async function whileRunning(container: Container, what: string, look: () => Promise<boolean> | boolean): Promise<void> {
  const ended = await eventually(
    what,
    async () => {
      if (!(await container.running())) return 'ended';
      return (await look()) ? 'reached' : null;
    },
    90_000,
  );
  if (ended === 'ended') throw new Error(`${what}: ${container.name} ended before`);
}

function expectSame(what: string, found: unknown, due: unknown): void {
  if (found !== due) throw new Error(`${what}: ${String(found)} instead of ${String(due)}`);
}
