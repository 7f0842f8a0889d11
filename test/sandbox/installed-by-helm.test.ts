/**
 * The chart's own rendering, run: command, arguments, environment, mounts and configuration of the pods exactly as Helm
 * rendered them, in the image's entry point, user, working directory and read-only root, against the shared stack. Left
 * to a real cluster are the image itself, the kubelet's timing and the limits of CPU and memory.
 */

import { randomInt } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Admin } from 'kafkajs';
import type { Probe } from 'kubernetes-types/core/v1.d.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ServerProcess } from '../../sandbox/child-process.ts';
import { EventProducer } from '../../sandbox/event-producer.ts';
import { eventually } from '../../sandbox/eventually.ts';
import { canListen, freePort } from '../../sandbox/free-port.ts';
import { sandboxKafka } from '../../sandbox/kafka.ts';
import { type Simulator, startSimulator } from '../../sandbox/tiktok-simulator.ts';
import { topicsNamed } from '../../sandbox/world.ts';
import { NAMESPACE, only, render } from '../chart/helm.ts';
import { useStack } from '../stack.ts';
import { type PreparedContainer, prepare } from './pod/container.ts';
import { readImage } from './pod/image.ts';
import { byPaths, type CommandLine, hasNamespaces, inNamespace } from './pod/isolation.ts';
import { runToEnd } from './pod/run-to-end.ts';

const stack = await useStack();

const PIXEL = 'C0INSTALLEDBYHELM001';
const TOKEN = 'token-of-a-mounted-secret-0123456789';
const SECRETS = { 'tiktok-tokens': { acme: TOKEN } };

/** As each pod of a cluster has an address of its own, and so its ports for itself. */
const ADDRESS = `127.${randomInt(10, 250)}.${randomInt(1, 250)}.${randomInt(1, 250)}`;
const RENDERED_PORT = 8080;
/** Another one only where a program of this machine has the rendered one on all of its addresses. */
const port = (await canListen(ADDRESS, RENDERED_PORT)) ? RENDERED_PORT : await freePort();

const image = readImage();
const folder = mkdtempSync(join(tmpdir(), 'tiktok-sync-pods-'));
const isolate = hasNamespaces() ? inNamespace : byPaths;

let simulator: Simulator;
let producer: EventProducer;
let admin: Admin;

/** Names of its own on the shared stack; all that is asked for beside them is what the chart requires. */
const name = stack.unique('helm');
const topics = topicsNamed(name);

function values() {
  return {
    config: {
      kafka: { brokers: stack.brokers, groupId: name },
      registry: { url: stack.registryUrl },
      redis: { url: stack.redisUrl },
      tiktok: { baseUrl: simulator.url },
      topics,
      // So that the test need not wait two minutes for the window.
      window: { sizeMs: '1s' },
    },
    tiktok: { existingSecret: 'tiktok-tokens' },
  };
}

function rendering(more: object = {}) {
  return render({ values: [], inline: { ...values(), ...more } });
}

/** A container of the rendering, and how to run it here. */
function container(where: string, objects: ReturnType<typeof render>, how = isolate): PreparedContainer & CommandLine {
  const place = join(folder, where.replace('/', '-'));
  mkdirSync(place, { recursive: true });
  const prepared = prepare(where, { objects, secrets: SECRETS, image, folder: join(place, 'volumes') });
  const service = only(objects, 'Service').metadata.name;
  const hosts = { [service]: ADDRESS, [`${service}.${NAMESPACE}.svc`]: ADDRESS };
  return { ...prepared, ...how(prepared, { image, folder: place, hosts }) };
}

beforeAll(async () => {
  simulator = await startSimulator({ pixels: { [PIXEL]: TOKEN } });
  admin = sandboxKafka(stack.brokers).admin();
  await admin.connect();
});

afterAll(async () => {
  await service?.stop('SIGKILL');
  await producer?.close();
  await admin?.disconnect();
  await simulator?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('the hook that makes topics', () => {
  test('makes those that the configuration names', async () => {
    const objects = rendering({ topics: { create: 'job', partitions: 3 } });
    const job = only(objects, 'Job').metadata.name;

    const { exitCode, output } = await runToEnd(container(`Job/${job}`, objects));

    expect([exitCode, output]).toEqual([0, expect.stringMatching(new RegExp(`^created +${topics.conversions}$`, 'm'))]);
    const { topics: made } = await admin.fetchTopicMetadata({ topics: Object.values(topics) });
    const partitions = Object.fromEntries(made.map(each => [each.name, each.partitions.length]));
    expect(partitions).toMatchObject({ [topics.conversions]: 3, [topics.config]: 1, [topics.connectionStatus]: 1 });
  });

  test('finds nothing left to do where namespaces are not allowed and paths stand in for mounts', async () => {
    const objects = rendering({ topics: { create: 'job', partitions: 3 }, fullnameOverride: 'again' });
    const job = only(objects, 'Job').metadata.name;

    const { exitCode, output } = await runToEnd(container(`Job/${job}`, objects, byPaths));

    expect([exitCode, output]).toEqual([0, expect.not.stringContaining('created')]);
  });
});

let service: ServerProcess | undefined;

describe('the Deployment, with defaults and the brokers, registry, Redis and one secret', () => {
  let deployment: PreparedContainer & CommandLine;
  /** As the kubelet asks: the path and port of the probe, and its patience. */
  async function passes(probe: Probe | undefined): Promise<boolean> {
    const { path = '/', port: asked } = probe?.httpGet ?? expect.fail('no probe over HTTP');
    const { timeoutSeconds = 1 } = probe ?? {};
    expect(asked).toBe('http');
    const signal = AbortSignal.timeout(timeoutSeconds * 1_000);
    return (await fetch(`http://${ADDRESS}:${port}${path}`, { signal })).ok;
  }

  beforeAll(async () => {
    producer = await EventProducer.connect({ ...stack, topics });
    await producer.connection({
      connection_id: 'acme',
      workspace_id: 'workspace-acme',
      pixel_id: PIXEL,
      access_token: 'file:acme',
    });
    await producer.mapping({
      mapping_id: 'lead',
      connection_id: 'acme',
      trigger: 'CONVERSION_CREATED',
      tiktok_event_name: 'Lead',
    });
    const objects = rendering();
    deployment = container(`Deployment/${only(objects, 'Deployment').metadata.name}`, objects);
  });

  test('has its port by the name that probes and monitors use', () => {
    expect(deployment.container.ports).toMatchObject([{ name: 'http', containerPort: RENDERED_PORT }]);
    expect(deployment.env).toMatchObject({ TIKTOK_SYNC_HTTP_PORT: String(RENDERED_PORT) });
  });

  test('starts within the patience of its startup probe', async () => {
    const { startupProbe: { periodSeconds = 10, failureThreshold = 3 } = {} } = deployment.container;
    service = new ServerProcess({
      name: 'pod',
      address: `${ADDRESS}:${port}`,
      command: deployment.command,
      args: deployment.args,
      // The one addition: in a pod, all addresses are its own, and so are their ports.
      env: { ...deployment.env, TIKTOK_SYNC_HTTP_HOST: ADDRESS, TIKTOK_SYNC_HTTP_PORT: String(port) },
      folder: deployment.cwd,
      logFile: join(folder, 'pod.log'),
      ready: () => passes(deployment.container.startupProbe),
      deadlineMs: periodSeconds * failureThreshold * 1_000,
      stopSignal: 'SIGTERM',
    });
    await service.start();
  });

  test('becomes ready and lives, by its own probes', async () => {
    await eventually('ready', () => passes(deployment.container.readinessProbe));
    expect(await passes(deployment.container.livenessProbe)).toBe(true);
  });

  test('delivers an event, with the token of the mounted secret', async () => {
    await producer.conversions([
      {
        conversion_id: 'installed-1',
        workspace_id: 'workspace-acme',
        contact_id: 'contact-1',
        event_name: 'Contact form',
        occurred_at: Date.now(),
        email: 'visitor@example.com',
      },
    ]);
    const event = await eventually('the event at TikTok', () => simulator.ledger().counted()[0]);
    expect(event).toMatchObject({ event_id: 'installed-1', event_source_id: PIXEL });
  });

  test('passes helm test', async () => {
    const objects = rendering({ service: { port } });
    const [pod] = objects.filter(({ kind }) => kind === 'Pod');
    const { exitCode, output } = await runToEnd(container(`Pod/${pod?.metadata.name}`, objects));
    expect([exitCode, output]).toEqual([0, expect.stringContaining('tiktok_sync_build_info')]);
  });

  test('runs as the user of the pod, and cannot write to its root', async () => {
    if (isolate === byPaths) return;
    const code =
      "try { fs.writeFileSync('/x', '') } catch (e) { console.log(process.getuid(), process.cwd(), e.code) }";
    const probe = { ...deployment, argv: ['node', '-e', code] };
    const place = mkdtempSync(join(folder, 'look-'));
    const { output } = await runToEnd(inNamespace(probe, { image, folder: place, hosts: {} }));
    expect(output.trim()).toBe(`${deployment.uid} ${image.workingDirectory} EROFS`);
    expect(deployment.uid).toBeGreaterThan(0);
  });

  test('ends with 0 within its grace period when it is asked to', async () => {
    const { terminationGracePeriodSeconds = 30 } = deployment.pod;
    const killed = setTimeout(() => service?.kill('SIGKILL'), terminationGracePeriodSeconds * 1_000);
    service?.kill('SIGTERM');
    expect(await service?.exited).toBe('exit code 0');
    clearTimeout(killed);
  }, 120_000);
});
