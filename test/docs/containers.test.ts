import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { CONNECTIONS } from '../../sandbox/demo-scenario.ts';
import { tokensFor } from '../../sandbox/world.ts';
import { loadConfig } from '../../src/config.ts';
import { ALL_OPTIONS } from '../../src/config-options.ts';
import { NO_FLAGS } from '../../src/config-sources.ts';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');

interface Container {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly target: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

const services = (parse(read('docker-compose.yml')) as { services: Readonly<Record<string, Container>> }).services;
const container = (name: string): Container => services[name] ?? expect.fail(`there is no service ${name}`);
const environment = container('service').environment ?? {};
const dockerfile = read('Dockerfile');
const stages = [...dockerfile.matchAll(/^FROM (\S+)(?: AS (\S+))?$/gm)];

/** The port inside a container of each that is published. */
const published = (name: string) => (container(name).ports ?? []).map(port => Number(port.split(':').at(-1)));
const argument = (name: string, flag: string) => {
  const command = container(name).command ?? [];
  return command[command.indexOf(flag) + 1] ?? '';
};

describe('docker-compose.yml', () => {
  test('sets nothing but real options, and together they are a valid configuration', () => {
    const known = new Set([...ALL_OPTIONS.values()].map(({ env }) => env));
    const others = Object.keys(environment).filter(name => !known.has(name) && !name.startsWith('TIKTOK_TOKEN_'));
    expect(others).toEqual([]);
    const loaded = loadConfig({ flags: NO_FLAGS, env: environment, readFile: () => expect.fail('reads no file') });
    expect(loaded).toMatchObject({ ok: true });
  });

  test('gives topics, service and demo one environment, with the tokens the demo uses', () => {
    expect(container('topics').environment).toEqual(environment);
    expect(container('demo').environment).toEqual(environment);
    const tokens = Object.entries(environment).filter(([name]) => name.startsWith('TIKTOK_TOKEN_'));
    expect(Object.fromEntries(tokens)).toEqual(tokensFor(...CONNECTIONS));
  });

  test('reaches every server by the name and the port it has', () => {
    const kafka = container('kafka').environment ?? {};
    const inside = /INSIDE:\/\/(kafka:\d+)/.exec(kafka['KAFKA_ADVERTISED_LISTENERS'] ?? '')?.[1];
    expect(environment['TIKTOK_SYNC_KAFKA_BROKERS']).toBe(inside);
    expect(kafka['KAFKA_LISTENERS']).toContain(`INSIDE://:${inside?.split(':')[1]},`);
    for (const name of ['registry', 'redis', 'tiktok', 'service']) {
      const addresses = [...Object.values(environment), argument('demo', '--service')];
      const ports = addresses.flatMap(text => new RegExp(`//${name}:(\\d+)`).exec(text)?.[1] ?? []).map(Number);
      expect(ports, name).toEqual([published(name)[0]]);
    }
    expect(argument('tiktok', '--port')).toBe(String(published('tiktok')[0]));
    expect(environment['TIKTOK_SYNC_HTTP_PORT']).toBe(String(published('service')[0]));
  });

  test('offers Kafka to the host by the address that Kafka tells it', () => {
    const outside = 'OUTSIDE://localhost:29092';
    expect(container('kafka').environment?.['KAFKA_ADVERTISED_LISTENERS']).toContain(outside);
    expect(container('kafka').ports).toEqual(['29092:29092']);
  });

  test('publishes no port twice', () => {
    const ports = Object.values(services).flatMap(({ ports = [] }) => ports.map(port => port.split(':')[0]));
    expect(new Set(ports).size).toBe(ports.length);
  });

  test('builds stages that exist, runs files that exist and waits for services that exist', () => {
    for (const [name, { build, command = [], depends_on = {}, image }] of Object.entries(services)) {
      if (image === undefined)
        expect(
          stages.map(([, , stage]) => stage),
          name,
        ).toContain(build?.target);
      else expect(image, name).toMatch(/^[\w/-]+:[\w.-]+$/);
      for (const word of command) if (word.endsWith('.ts')) expect(existsSync(new URL(word, ROOT)), word).toBe(true);
      for (const other of Object.keys(depends_on)) expect(Object.keys(services), name).toContain(other);
    }
  });
});
