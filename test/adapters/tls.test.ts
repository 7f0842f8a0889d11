import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Authority, makeAuthority } from '../../sandbox/certificates.ts';
import { SchemaRegistry } from '../../src/adapters/schema-registry.ts';
import { readTlsFiles, type TlsFiles } from '../../src/adapters/tls-files.ts';
import { testConfig } from '../config/test-config.ts';
import { type ConnectedClaims, connectedClaims, RedisNodes } from '../contracts/redis-nodes.ts';
import { redisTls, registryOverTls, type TlsRegistry } from './tls-servers.ts';

const folder = mkdtempSync(join(tmpdir(), 'tiktok-sync-tls-'));
const nodes = new RedisNodes();
let trusted: Authority;
let other: Authority;
let redisUrl: string;
let registry: TlsRegistry;

beforeAll(async () => {
  [trusted, other] = await Promise.all([makeAuthority(folder, 'trusted'), makeAuthority(folder, 'other')]);
  [redisUrl, registry] = await Promise.all([redisTls(nodes, trusted), registryOverTls(trusted)]);
});
afterAll(async () => {
  await Promise.all([nodes.close(), registry?.[Symbol.asyncDispose]()]);
  rmSync(folder, { recursive: true });
});

type Certificates = (authority: { trusted: Authority; other: Authority }) => Partial<TlsFiles>;

const RIGHT: Certificates = ({ trusted: { cert, client } }) => ({
  caFile: cert,
  certFile: client.cert,
  keyFile: client.key,
});

function files(section: 'redis' | 'registry', certificates: Certificates): TlsFiles {
  const none = { caFile: null, certFile: null, keyFile: null, rejectUnauthorized: true };
  const given = { ...none, ...certificates({ trusted, other }) };
  const options = Object.entries(given).map(([name, value]) => [`${section}.tls.${name}`, value]);
  const urls = { 'redis.url': redisUrl, 'registry.url': registry.url };
  return testConfig({ ...urls, ...Object.fromEntries(options.filter(([, value]) => value !== null)) })[section].tls;
}

const MISTAKES: readonly (readonly [string, Certificates, RegExp])[] = [
  ['no authority', given => ({ ...RIGHT(given), caFile: null }), /check SECTION\.tls\.caFile/],
  ['another authority', given => ({ ...RIGHT(given), caFile: given.other.cert }), /check SECTION\.tls\.caFile/],
  ['no client certificate', ({ trusted: { cert } }) => ({ caFile: cert }), /check SECTION\.tls\.certFile/],
  [
    'a client certificate of another authority',
    ({ trusted: { cert }, other: { client } }) => ({ caFile: cert, certFile: client.cert, keyFile: client.key }),
    /check SECTION\.tls\.certFile/,
  ],
];

function hintFor(section: string, hint: RegExp): RegExp {
  return new RegExp(hint.source.replace('SECTION', section));
}

describe('Redis over TLS', () => {
  const open: ConnectedClaims[] = [];
  afterEach(() => Promise.all(open.splice(0).map(claims => claims.close())));

  function claimsWith(certificates: Certificates): ConnectedClaims {
    const { redis } = testConfig({ 'redis.url': redisUrl });
    const tls = readTlsFiles('redis', files('redis', certificates));
    // Whoever waits for this has not understood that waiting cures no certificate.
    const claims = connectedClaims({ ...redis, connectTimeoutMs: 60_000, tls });
    open.push(claims);
    return claims;
  }

  test('takes claims', async () => {
    const claims = claimsWith(RIGHT);
    await claims.connect();
    expect(await claims.claim([{ key: 'k', value: 'v', ttlMs: 60_000 }])).toHaveLength(1);
  });

  test('does not check the server where that is asked for', async () => {
    const claims = claimsWith(given => ({ ...RIGHT(given), caFile: given.other.cert, rejectUnauthorized: false }));
    await claims.connect();
    await claims.ping();
  });

  test.each(MISTAKES)('tells %s at once', async (_, certificates, hint) => {
    const error = await claimsWith(certificates)
      .connect()
      .catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'DEPENDENCY_UNREACHABLE' });
    expect(String(error)).toMatch(hintFor('redis', hint));
  });
});

describe('the schema registry over TLS', () => {
  function registryWith(certificates: Certificates): SchemaRegistry {
    const tls = readTlsFiles('registry', files('registry', certificates));
    return new SchemaRegistry({ url: registry.url, username: null, password: null, timeoutMs: 5_000, tls });
  }

  test('answers', async () => {
    expect(await registryWith(RIGHT).lookup('s', { type: 'string' })).toBe(1);
  });

  test('does not check the server where that is asked for', async () => {
    const unchecked = registryWith(given => ({ ...RIGHT(given), caFile: null, rejectUnauthorized: false }));
    expect(await unchecked.lookup('s', { type: 'string' })).toBe(1);
  });

  test.each(MISTAKES)('tells %s', async (_, certificates, hint) => {
    await expect(registryWith(certificates).lookup('s', { type: 'string' })).rejects.toThrow(hintFor('registry', hint));
  });
});

describe('certificate files', () => {
  const NONE: TlsFiles = { caFile: null, certFile: null, keyFile: null, rejectUnauthorized: true };

  test.each<[string, () => Partial<TlsFiles>, RegExp]>([
    ['is not there', () => ({ caFile: join(folder, 'none') }), /^x\.tls\.caFile: .*none cannot be read \(ENOENT\)/],
    ['is empty', () => ({ caFile: write('') }), /^x\.tls\.caFile: holds no certificate/],
    ['holds no certificate', () => ({ caFile: trusted.server.key }), /^x\.tls\.caFile: holds no certificate/],
    ['holds half a certificate', () => ({ caFile: write(BROKEN) }), /^x\.tls\.caFile: holds no certificate/],
    [
      'is of another key',
      () => ({ certFile: trusted.client.cert, keyFile: other.client.key }),
      /^x\.tls\.certFile, x\.tls\.keyFile: cannot be used together/,
    ],
  ])('a file that %s is told by the name of its option', (_, made, message) => {
    expect(() => readTlsFiles('x', { ...NONE, ...made() })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID_VALUE', message: expect.stringMatching(message) }),
    );
  });

  test('none means what comes with Node.js', () => {
    expect(readTlsFiles('x', NONE)).toEqual({ rejectUnauthorized: true });
  });

  const BROKEN = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  function write(text: string): string {
    const path = join(folder, 'written.pem');
    writeFileSync(path, text);
    return path;
  }
});
