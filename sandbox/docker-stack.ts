/**
 * The stack of stack.ts in containers, for `SANDBOX=docker`. Untried: no image can be pulled where this was written; it
 * is type-checked against testcontainers and kept thin. Its reaper removes the containers when this process dies.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type ContainerRuntimeClient, GenericContainer, getContainerRuntimeClient, Network } from 'testcontainers';
import { KAFKA, REGISTRY } from './artifacts.ts';
import { freePort } from './free-port.ts';
import { brokerAnswers, brokerSettings, CLUSTER_ID } from './kafka-broker.ts';
import { redisAnswers } from './redis-server.ts';
import { COMPATIBLE_API, registryAnswers } from './schema-registry.ts';
import { SandboxError, type Stack, type StackOptions, type StackService } from './stack-contract.ts';

const READY_MS = 120_000;

/** Starts the same servers as `startStack`, one container each, on free ports of this machine. */
export async function startDockerStack(options: StackOptions): Promise<Stack> {
  const { brokers: brokerCount = 1, registry = true, redis = true, onProgress = () => {} } = options;
  onProgress('Starting containers (the first time their images are pulled) …');
  const client = await getContainerRuntimeClient();
  const network = await new Network().start();
  const started: ContainerService[] = [];
  const stop = async () => {
    await Promise.all(started.map(service => service.remove()));
    await network.stop();
  };
  try {
    const ports = await Promise.all(Array.from({ length: brokerCount }, freePort));
    const plans = ports.map((port, i) => kafka(i + 1, port, brokerCount));
    if (registry) plans.push(schemaRegistry(await freePort()));
    if (redis) plans.push(redisContainer(await freePort()));
    await Promise.all(
      plans.map(async plan => {
        const container = await plan.container.withNetwork(network).withNetworkAliases(plan.name).start();
        const service = new ContainerService(plan, container.getId(), client);
        started.push(service);
        await service.untilReady();
      }),
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return dockerStack(started, stop);
}

function dockerStack(services: readonly ContainerService[], stop: () => Promise<void>): Stack {
  const find = (name: string) => services.find(service => service.name === name);
  const required = (name: string): StackService => {
    const service = find(name);
    if (service === undefined) throw new SandboxError('NOT_IN_THIS_STACK', `this stack was started without ${name}`);
    return service;
  };
  const brokers = services.filter(service => service.name.startsWith('kafka-')).map(service => service.address);
  const registry = find('registry')?.address;
  const redis = find('redis')?.address;
  let stopping: Promise<void> | undefined;
  const stopOnce = () => {
    stopping ??= stop();
    return stopping;
  };
  return {
    brokers: brokers.join(','),
    registryUrl: registry === undefined ? '' : `http://${registry}${COMPATIBLE_API}`,
    redisUrl: redis === undefined ? '' : `redis://${redis}`,
    folder: '',
    broker: (i = 0) => required(`kafka-${i + 1}`),
    get redis() {
      return required('redis');
    },
    get registry() {
      return required('registry');
    },
    stop: stopOnce,
    [Symbol.asyncDispose]: stopOnce,
  };
}

/** A container not started yet, with the port it has on this machine. */
interface Plan {
  readonly name: string;
  readonly port: number;
  readonly container: GenericContainer;
  readonly ready: () => Promise<boolean>;
}

function kafka(id: number, port: number, size: number): Plan {
  const voters = Array.from({ length: size }, (_, i) => `${i + 1}@kafka-${i + 1}:9093`).join(',');
  const settings: Record<string, string | number | boolean> = {
    'node.id': id,
    'controller.quorum.voters': voters,
    listeners: `CLIENTS://:${port},NODES://:9092,CONTROLLER://:9093`,
    'advertised.listeners': `CLIENTS://127.0.0.1:${port},NODES://kafka-${id}:9092`,
    'inter.broker.listener.name': 'NODES',
    'listener.security.protocol.map': 'CLIENTS:PLAINTEXT,NODES:PLAINTEXT,CONTROLLER:PLAINTEXT',
    ...brokerSettings(size),
  };
  const environment: Record<string, string> = { CLUSTER_ID, KAFKA_HEAP_OPTS: size === 1 ? '-Xmx512m' : '-Xmx300m' };
  for (const [key, value] of Object.entries(settings)) {
    environment[`KAFKA_${key.toUpperCase().replaceAll('.', '_')}`] = String(value);
  }
  const container = new GenericContainer(`apache/kafka:${KAFKA}`)
    .withEnvironment(environment)
    .withExposedPorts({ container: port, host: port });
  return { name: `kafka-${id}`, port, container, ready: () => brokerAnswers(port, id) };
}

function schemaRegistry(port: number): Plan {
  const container = new GenericContainer(`apicurio/apicurio-registry:${REGISTRY}`)
    .withEnvironment({ APICURIO_DATASOURCE_URL: 'jdbc:h2:file:/tmp/registry' })
    .withExposedPorts({ container: 8080, host: port });
  return { name: 'registry', port, container, ready: () => registryAnswers(`127.0.0.1:${port}`) };
}

function redisContainer(port: number): Plan {
  const container = new GenericContainer('redis:7')
    .withCommand(['redis-server', '--save', '', '--appendonly', 'no'])
    .withExposedPorts({ container: 6379, host: port });
  return { name: 'redis', port, container, ready: () => redisAnswers(port) };
}

class ContainerService implements StackService {
  readonly name: string;
  readonly address: string;
  readonly pid = undefined;
  readonly logFile = '';
  readonly #plan: Plan;
  readonly #container: ReturnType<ContainerRuntimeClient['container']['getById']>;

  constructor(plan: Plan, id: string, client: ContainerRuntimeClient) {
    this.name = plan.name;
    this.address = `127.0.0.1:${plan.port}`;
    this.#plan = plan;
    this.#container = client.container.getById(id);
  }

  kill(signal: NodeJS.Signals): void {
    // Like a signal to a process: nobody waits for it, and one that is gone already is no error.
    this.#container.kill({ signal }).catch(() => {});
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const { State } = await this.#container.inspect();
    if (!State.Running) return;
    await this.#container.kill({ signal });
    await this.#container.wait();
  }

  async start(): Promise<void> {
    const { State } = await this.#container.inspect();
    if (!State.Running) await this.#container.start();
    await this.untilReady();
  }

  async untilReady(): Promise<void> {
    const deadline = performance.now() + READY_MS;
    while (!(await this.#plan.ready().catch(() => false))) {
      if (performance.now() > deadline) {
        throw new SandboxError('SERVER_NOT_READY', `container ${this.name} did not answer within ${READY_MS / 1000} s`);
      }
      await pause(100);
    }
  }

  async remove(): Promise<void> {
    await this.#container.remove({ force: true, v: true });
  }
}
