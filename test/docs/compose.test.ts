import { existsSync, readdirSync, statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { KAFKA, REGISTRY } from '../../sandbox/artifacts.ts';
import { CONNECTIONS, knownToken } from '../../sandbox/demo-scenario.ts';
import { brokerSettings, CLUSTER_ID } from '../../sandbox/kafka-broker.ts';
import { COMPATIBLE_API } from '../../sandbox/schema-registry.ts';
import { POISON_PREFIX } from '../../sandbox/tiktok-strictness.ts';
import { pixelOf, tokensFor } from '../../sandbox/world.ts';
import { loadConfig } from '../../src/config.ts';
import { ALL_OPTIONS } from '../../src/config-options.ts';
import { NO_FLAGS } from '../../src/config-sources.ts';
import { composeFile, container, ROOT, read, variables } from './compose-file.ts';

const { services } = composeFile;
const environment = container('connections').environment ?? {};
/** They run once; whoever needs them waits for their end. */
const JOBS = ['topics', 'connections', 'demo'];
const SERVERS = Object.keys(services).filter(name => !JOBS.includes(name));

const exists = (path: string) => existsSync(new URL(path, ROOT));
/** The port inside a container of each that is published. */
const published = (name: string) => (container(name).ports ?? []).map(port => Number(port.split(':').at(-1)));
const mounts = Object.entries(services).flatMap(([name, { volumes = [] }]) =>
  volumes.map(text => {
    const [from = '', to = '', mode] = text.split(':');
    return { name, from, to, mode };
  }),
);

describe('the options that docker-compose.yml sets', () => {
  test('are real ones, and together they are a valid configuration', () => {
    const known = new Set([...ALL_OPTIONS.values()].map(({ env }) => env));
    const own = Object.keys(environment).filter(name => name.startsWith('TIKTOK_SYNC_'));
    expect(own.length).toBeGreaterThan(5);
    expect(own.filter(name => !known.has(name))).toEqual([]);
    const loaded = loadConfig({ flags: NO_FLAGS, env: environment, readFile: () => expect.fail('reads no file') });
    expect(loaded).toMatchObject({ ok: true });
    // The platform waits longer than the drain may take.
    expect(loaded.ok && loaded.config.shutdown.deadlineMs).toBeLessThan(
      Number.parseInt(container('service').stop_grace_period ?? '', 10) * 1_000,
    );
  });

  test('are the same for jobs, service and demo, with the tokens the demo uses', () => {
    for (const name of JOBS) expect(container(name).environment, name).toEqual(environment);
    const { NODE_OPTIONS, ...service } = container('service').environment ?? {};
    expect(service).toEqual(environment);
    expect(NODE_OPTIONS).toBe('--max-old-space-size=768');
    const tokens = Object.entries(environment).filter(([name]) => name.startsWith('TIKTOK_TOKEN_'));
    expect(Object.fromEntries(tokens)).toEqual(tokensFor(...CONNECTIONS));
  });

  test('reach every server by the name and the port it has', () => {
    expect(environment['TIKTOK_SYNC_REGISTRY_URL']).toContain(COMPATIBLE_API);
    expect(container('demo').command).toContain('http://service:8080');
    const addresses = [...Object.values(environment), ...(container('demo').command ?? [])];
    for (const name of ['registry', 'redis', 'tiktok', 'service']) {
      const ports = addresses.flatMap(text => new RegExp(`//${name}:(\\d+)`).exec(text)?.[1] ?? []).map(Number);
      expect(ports, name).toEqual([published(name)[0]]);
    }
    expect(container('tiktok').command).toContain(`--port=${published('tiktok')[0]}`);
    expect(environment['TIKTOK_SYNC_HTTP_PORT']).toBe(String(published('service')[0]));
  });
});

describe("docker-compose.yml's servers", () => {
  test('are of the versions that the sandbox has, by exact tags', () => {
    expect(container('kafka').image).toBe(`apache/kafka:${KAFKA}`);
    expect(container('registry').image).toBe(`apicurio/apicurio-registry:${REGISTRY}`);
    expect(container('redis').image).toMatch(/^redis:7\./);
    const pulled = Object.values(services).filter(({ build }) => build === undefined);
    expect(pulled).toHaveLength(5);
    for (const { image } of pulled) expect(image).toMatch(/^[\w/-]+:v?\d+\.\d+\.\d+(-alpine)?$/);
  });

  test('have a Kafka with the settings of the sandbox', () => {
    const given = container('kafka').environment ?? {};
    const variable = (name: string) => `KAFKA_${name.toUpperCase().replaceAll('.', '_')}`;
    const sandbox = new Map(Object.entries(brokerSettings(1)).map(([name, value]) => [variable(name), String(value)]));
    // What the image asks for, and what depends on where a broker stands.
    const placed = /^KAFKA_(NODE_ID|HEAP_OPTS|LOG_DIRS|.*LISTENERS?|.*LISTENER_NAME|.*PROTOCOL_MAP|.*QUORUM_VOTERS)$/;
    expect(given['CLUSTER_ID']).toBe(CLUSTER_ID);
    const shared = Object.entries(given).filter(([name]) => name !== 'CLUSTER_ID' && !placed.test(name));
    expect(shared.length).toBeGreaterThan(8);
    for (const [name, value] of shared) expect(value, name).toBe(sandbox.get(name));
  });

  test('offer Kafka inside and to the host, by the addresses that Kafka tells', () => {
    const { KAFKA_ADVERTISED_LISTENERS, KAFKA_LISTENERS } = container('kafka').environment ?? {};
    expect(KAFKA_ADVERTISED_LISTENERS).toBe(
      `INSIDE://${environment['TIKTOK_SYNC_KAFKA_BROKERS']},OUTSIDE://localhost:29092`,
    );
    expect(KAFKA_LISTENERS).toBe('INSIDE://:9092,OUTSIDE://:29092,CONTROLLER://:9093');
    expect(container('kafka').ports).toEqual(['127.0.0.1:29092:29092']);
    const addresses = [container('registry').environment?.['APICURIO_KAFKASQL_BOOTSTRAP_SERVERS']];
    expect(addresses).toEqual([environment['TIKTOK_SYNC_KAFKA_BROKERS']]);
  });

  test('have a TikTok that knows the pixels of the example', () => {
    const command = container('tiktok').command ?? [];
    const pixels = CONNECTIONS.map(id => `--pixel=${pixelOf(id)}=${knownToken(id)}`);
    expect(command.filter(word => word.startsWith('--pixel'))).toEqual(pixels);
    expect(command).toContain(`--poison-prefix=${POISON_PREFIX}`);
  });

  test('keep what must outlive them in named volumes, where their images write', () => {
    const named = Object.keys(composeFile.volumes);
    expect(mounts.filter(({ from }) => named.includes(from)).map(({ from, to }) => `${from}:${to}`)).toEqual([
      'kafka-data:/var/lib/kafka/data',
      'redis-data:/data',
      'prometheus-data:/prometheus',
      'grafana-data:/var/lib/grafana',
    ]);
    expect(container('kafka').environment?.['KAFKA_LOG_DIRS']).toBe('/var/lib/kafka/data');
    expect(container('prometheus').command).toContain('--storage.tsdb.path=/prometheus');
  });
});

describe('every service of docker-compose.yml', () => {
  test('is built from a stage that exists, or pulled', () => {
    const stages = [...read('Dockerfile').matchAll(/^FROM \S+ AS (\S+)$/gm)].map(([, stage]) => stage);
    const base = /^ARG BASE_IMAGE=(.+)$/m.exec(read('Dockerfile'))?.[1];
    for (const [name, { build }] of Object.entries(services)) {
      if (build === undefined) continue;
      expect(stages, name).toContain(build.target);
      expect(build.args, name).toEqual({ BASE_IMAGE: base, COMMIT: '' });
    }
  });

  test.each(SERVERS)('%s has a health check without a shell, is kept up and has a limit', name => {
    const { healthcheck, restart, mem_limit } = container(name);
    expect(healthcheck?.test?.[0]).toBe('CMD');
    expect(healthcheck?.test?.length).toBeGreaterThan(2);
    expect(restart).toBe('unless-stopped');
    expect(mem_limit).toMatch(/^\d+[mg]$/);
  });

  test.each(JOBS)('%s runs once, without a health check', name => {
    expect(container(name)).toMatchObject({ restart: 'no', healthcheck: { disable: true } });
  });

  test('of our own images is without rights', () => {
    const own = Object.entries(services).filter(([, { build }]) => build !== undefined);
    expect(own).toHaveLength(5);
    for (const [name, each] of own) expect(each, name).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
  });

  test('waits for what it needs: servers until they are healthy, jobs until they are done', () => {
    for (const [name, { depends_on = {} }] of Object.entries(services)) {
      for (const [other, { condition }] of Object.entries(depends_on)) {
        const due = JOBS.includes(other) ? 'service_completed_successfully' : 'service_healthy';
        expect(`${other}: ${condition}`, name).toBe(`${other}: ${due}`);
        expect(Object.keys(services), name).toContain(other);
      }
    }
    expect(Object.keys(container('service').depends_on ?? {}).sort()).toEqual([
      ...['connections', 'redis', 'registry', 'tiktok', 'topics'],
    ]);
  });

  test('is offered to this machine alone, and no port twice', () => {
    const ports = Object.values(services).flatMap(({ ports: each = [] }) => each);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    const outside = ports.map(port => port.split(':')[1]);
    expect(new Set(outside).size).toBe(outside.length);
    const named = [...read('docker-compose.yml').matchAll(/^# {3}http:\/\/localhost:(\d+)/gm)].map(([, port]) => port);
    expect(named).toHaveLength(4);
    for (const port of named) expect(outside).toContain(port);
  });

  test('mounts only what exists, read-only, and runs only what exists', () => {
    for (const { from, mode, name } of mounts.filter(mount => mount.from.startsWith('.'))) {
      expect(exists(from), `${name}: ${from}`).toBe(true);
      expect(mode, `${name}: ${from}`).toBe('ro');
    }
    const files = Object.values(services).flatMap(({ command = [] }) =>
      command.filter(word => /\.(ts|yaml)$/.test(word)),
    );
    const own = files.filter(word => !word.startsWith('-'));
    expect(own).toEqual(['sandbox/simulator-main.ts', 'config/example-connections.yaml', 'sandbox/compose-demo.ts']);
    for (const word of own) expect(exists(word), word).toBe(true);
  });

  test('takes its variables from .env.example, which has each with its default and no other', () => {
    const offered = read('.env.example')
      .split('\n')
      .filter(line => /^\w+=/.test(line))
      .map(line => line.split(/=(.*)/).slice(0, 2));
    const used = new Map(variables);
    // Compose's own.
    used.set('COMPOSE_PROJECT_NAME', 'tiktok-sync');
    expect(Object.fromEntries(offered)).toEqual(Object.fromEntries(used));
    for (const [name, value] of variables) expect(value, name).toBe(used.get(name));
    expect(read('docker-compose.yml').match(/\$(?!\{\w+:-[^}]*\})/g)).toBeNull();
  });
});

describe('what watches the service', () => {
  const inside = (name: string, path: string) => {
    const mount = mounts.find(({ name: of, to }) => of === name && path.startsWith(to));
    return mount === undefined ? expect.fail(`${name} has nothing at ${path}`) : path.replace(mount.to, mount.from);
  };

  test('is a Prometheus that scrapes the service every 5 s and loads the rules of the chart', () => {
    const config = parse(read(inside('prometheus', '/etc/prometheus/prometheus.yml')));
    expect(config.global.scrape_interval).toBe('5s');
    const [job] = config.scrape_configs;
    expect(job.static_configs[0].targets).toEqual([`service:${published('service')[0]}`]);
    const [rules] = config.rule_files as readonly string[];
    const folder = inside('prometheus', (rules ?? '').replace('/*.yaml', ''));
    expect(folder).toBe('./helm/files/rules');
    expect(readdirSync(new URL(folder, ROOT)).some(file => file.endsWith('.yaml'))).toBe(true);
  });

  test('is a Grafana whose data source is that Prometheus', () => {
    const [source] = parse(
      read(inside('grafana', '/etc/grafana/provisioning/datasources/prometheus.yaml')),
    ).datasources;
    expect(source).toMatchObject({
      type: 'prometheus',
      isDefault: true,
      url: `http://prometheus:${published('prometheus')[0]}`,
    });
  });

  test('is a Grafana with the dashboards of the chart, the overview at home, and anybody may look', () => {
    const [provider] = parse(
      read(inside('grafana', '/etc/grafana/provisioning/dashboards/tiktok-sync.yaml')),
    ).providers;
    const folder = inside('grafana', provider.options.path);
    expect(statSync(new URL(folder, ROOT)).isDirectory()).toBe(true);
    const { environment: settings = {} } = container('grafana');
    const home = inside('grafana', settings['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'] ?? '');
    const { uid } = JSON.parse(read(home)) as { uid: string };
    expect(read('docker-compose.yml')).toContain(`http://localhost:${published('grafana')[0]}/d/${uid} `);
    expect(settings).toMatchObject({ GF_AUTH_ANONYMOUS_ENABLED: 'true', GF_AUTH_ANONYMOUS_ORG_ROLE: 'Viewer' });
  });
});
