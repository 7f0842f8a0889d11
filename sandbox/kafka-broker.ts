import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ServerProcess } from './child-process.ts';
import { freePort } from './free-port.ts';
import { kafkaMetadata } from './kafka-metadata.ts';

/** One id for every sandbox cluster: each lives in its own folder and never meets another. */
export const CLUSTER_ID = 'MkU3OEVBNTcwNTJENDM2Qg';

/** What all nodes of a cluster share. */
export interface KafkaSetup {
  readonly folder: string;
  readonly java: string;
  /** Folder with Kafka's jars. */
  readonly jars: string;
  /** Formatted, empty log folder of each node, in the order of the nodes. Formatting takes a second, copying none. */
  readonly formatted: readonly string[];
  /** Settings of a node beside, or in place of, the usual ones. */
  readonly settings?: (node: Node) => Settings;
}

type Settings = Readonly<Record<string, string | number | boolean>>;

/** The nodes of a KRaft cluster, each broker and controller, on free loopback ports; not started yet. */
export async function kafkaBrokers(setup: KafkaSetup): Promise<ServerProcess[]> {
  const nodes = await Promise.all(
    setup.formatted.map(async (_, i) => ({ id: i + 1, port: await freePort(), controllerPort: await freePort() })),
  );
  const voters = nodes.map(node => `${node.id}@127.0.0.1:${node.controllerPort}`).join(',');
  return Promise.all(nodes.map((node, i) => kafkaBroker(setup, node, voters, setup.formatted[i] ?? '')));
}

export interface Node {
  readonly id: number;
  readonly port: number;
  readonly controllerPort: number;
}

async function kafkaBroker(setup: KafkaSetup, node: Node, voters: string, formatted: string): Promise<ServerProcess> {
  const size = setup.formatted.length;
  const name = `kafka-${node.id}`;
  const data = join(setup.folder, 'data', name);
  await mkdir(data, { recursive: true });
  await cp(formatted, join(data, 'log'), { recursive: true });
  const properties = join(data, 'server.properties');
  await writeFile(properties, serverProperties(node, voters, size, join(data, 'log'), setup.settings?.(node)));
  const heap = size === 1 ? '-Xmx512m' : '-Xmx300m';
  const logging = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-Dorg.slf4j.simpleLogger.showDateTime=true'];
  return new ServerProcess({
    name,
    address: `127.0.0.1:${node.port}`,
    command: setup.java,
    // The first compiler only and the simple collector: half the processor time of a start, which is most of its life.
    args: [
      ...[heap, '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', ...logging],
      // It unpacks native libraries there, and a SIGKILL leaves them behind.
      `-Djava.io.tmpdir=${data}`,
      ...['-cp', join(setup.jars, '*'), 'kafka.Kafka', properties],
    ],
    folder: data,
    logFile: join(setup.folder, 'logs', `${name}.log`),
    // A broker lists itself only once the controller has let it in.
    ready: () => brokerAnswers(node.port, node.id),
    deadlineMs: 90_000,
    stopSignal: 'SIGTERM',
  });
}

/** True when the broker on this loopback port is alive in its own view of the cluster. */
export async function brokerAnswers(port: number, id: number): Promise<boolean> {
  return (await kafkaMetadata(port)).includes(id);
}

/** The text of a node's `server.properties`. */
export function serverProperties(
  node: Node,
  voters: string,
  size: number,
  logFolder: string,
  more: Settings = {},
): string {
  const settings = {
    'node.id': node.id,
    'controller.quorum.voters': voters,
    listeners: `PLAINTEXT://127.0.0.1:${node.port},CONTROLLER://127.0.0.1:${node.controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${node.port}`,
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'log.dirs': logFolder,
    ...brokerSettings(size),
    ...more,
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
  return `${lines.join('\n')}\n`;
}

/** What holds for every node, wherever it runs: small, quick to rebalance, and no topic that nobody created. */
export function brokerSettings(size: number): Settings {
  return {
    'process.roles': 'broker,controller',
    'controller.listener.names': 'CONTROLLER',
    'auto.create.topics.enable': false,
    'auto.leader.rebalance.enable': false,
    'default.replication.factor': size,
    'min.insync.replicas': size > 1 ? 2 : 1,
    'offsets.topic.replication.factor': size,
    'offsets.topic.num.partitions': 6,
    'transaction.state.log.replication.factor': size,
    'transaction.state.log.num.partitions': 2,
    'transaction.state.log.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1000,
    // A node that was stopped is let in again only when its old session is over (default 9 s).
    'broker.session.timeout.ms': size > 1 ? 6000 : 3000,
    'broker.heartbeat.interval.ms': 500,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'background.threads': 2,
    'log.cleaner.threads': 1,
    'log.cleaner.dedupe.buffer.size': 8_388_608,
  };
}
