import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePort } from '../../sandbox/free-port.ts';
import type { RedisOptions } from '../../src/adapters/redis-client.ts';
import { ClaimsUnavailable } from '../../src/ports.ts';
import { type ClaimsUnderTest, claimsContract } from './claims.contract.ts';
import { type ConnectedClaims, clusterReady, connectedClaims, type RedisNode, RedisNodes } from './redis-nodes.ts';

const COMMAND_TIMEOUT_MS = 400;

function optionsFor(port: number, changes: Partial<RedisOptions> = {}): RedisOptions {
  return {
    mode: 'standalone',
    url: `redis://127.0.0.1:${port}`,
    nodes: [],
    sentinelName: null,
    username: null,
    password: null,
    tls: { rejectUnauthorized: true },
    connectTimeoutMs: 5_000,
    commandTimeoutMs: COMMAND_TIMEOUT_MS,
    ...changes,
  };
}

function untilReachable(claims: ConnectedClaims): Promise<void> {
  return vi.waitFor(() => claims.ping(), { timeout: 15_000, interval: 20 });
}

function underTest(nodes: RedisNodes, servers: readonly RedisNode[], claims: ConnectedClaims): ClaimsUnderTest {
  const every = (act: (node: RedisNode) => unknown) => Promise.all(servers.map(act));
  /** The nodes of a cluster redirect what is not theirs; the other one has it. */
  const ask = async <T>(question: (node: RedisNode) => Promise<T>): Promise<T> =>
    Promise.any(servers.map(node => question(node)));
  return {
    claims,
    peek: key => ask(node => node.admin.get(key)),
    async ttlOf(key) {
      const ttl = await ask(node => node.admin.pttl(key));
      return ttl < 0 ? null : ttl;
    },
    async whileAway(call) {
      await every(({ server }) => server.stop());
      try {
        return await call();
      } finally {
        await every(({ server }) => server.start());
        if (servers.length > 1) await clusterReady(servers);
        await untilReachable(claims);
      }
    },
    async whileMute(call) {
      await every(({ server }) => server.kill('SIGSTOP'));
      try {
        return await call();
      } finally {
        await every(({ server }) => server.kill('SIGCONT'));
        await untilReachable(claims);
      }
    },
    async forgetScripts() {
      await every(({ admin }) => admin.script('FLUSH'));
    },
    async close() {
      await claims.close();
      await nodes.close();
    },
  };
}

claimsContract('on one Redis', async () => {
  const nodes = new RedisNodes();
  const node = await nodes.start();
  const claims = connectedClaims(optionsFor(node.port));
  await claims.connect();
  return underTest(nodes, [node], claims);
});

claimsContract('on Redis Cluster', async () => {
  const nodes = new RedisNodes();
  const [a, b] = await nodes.startCluster();
  const options = optionsFor(a.port, { mode: 'cluster', nodes: [`127.0.0.1:${b.port}`] });
  const claims = connectedClaims(options);
  await claims.connect();
  return underTest(nodes, [a, b], claims);
});

describe('Redis claims', () => {
  const nodes = new RedisNodes();
  const open: ConnectedClaims[] = [];
  let redis: RedisNode;

  function connectTo(options: RedisOptions): ConnectedClaims {
    const claims = connectedClaims(options);
    open.push(claims);
    return claims;
  }

  beforeAll(async () => {
    redis = await nodes.start();
  });
  afterEach(() => Promise.all(open.splice(0).map(claims => claims.close())));
  afterAll(() => nodes.close());

  describe('connect', () => {
    it('waits for a Redis that comes a little later', async () => {
      const late = await nodes.start();
      await late.server.stop();
      const claims = connectTo(optionsFor(late.port, { connectTimeoutMs: 15_000 }));
      const connected = claims.connect();
      await expect(claims.ping()).rejects.toThrow(ClaimsUnavailable);
      await late.server.start();
      await connected;
      await claims.ping();
    });

    it('names option, address and cause when nothing is there', async () => {
      const port = await freePort();
      const claims = connectTo(optionsFor(port, { url: `redis://user:hush@127.0.0.1:${port}`, connectTimeoutMs: 200 }));
      const refused = await claims.connect().catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 'DEPENDENCY_UNREACHABLE' });
      expect(String(refused)).toMatch(new RegExp(`redis.url.*127.0.0.1:${port}.*ECONNREFUSED`));
      expect(String(refused)).not.toContain('hush');
    });

    it('does not wait for a server that takes the connection and says nothing', async () => {
      const silent = createServer(() => undefined);
      await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve));
      const address = silent.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const claims = connectTo(optionsFor(port, { connectTimeoutMs: 200 }));
      await expect(claims.connect()).rejects.toMatchObject({ code: 'DEPENDENCY_UNREACHABLE' });
      silent.close();
    });

    it.each<[string, string, RegExp]>([
      [
        'speaks another protocol, at once',
        'HTTP/1.1 400 Bad Request\r\n\r\n',
        /redis\.url.* is not Redis.*127\.0\.0\.1/,
      ],
      ['hangs up, as Kafka does', '', /redis\.url.*hangs up without a reply: is it Redis/],
    ])('tells a server that %s', async (_, reply, told) => {
      const other = createServer(socket => socket.on('data', () => socket.end(reply)));
      await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve));
      const address = other.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const connectTimeoutMs = reply === '' ? 200 : 60_000;
      const claims = connectTo(optionsFor(port, { connectTimeoutMs }));
      const error = await claims.connect().catch((cause: unknown) => cause);
      expect(error).toMatchObject({ code: 'DEPENDENCY_UNREACHABLE', message: expect.stringMatching(told) });
      expect(String(error)).not.toMatch(/RESP|report/);
      other.close();
    });

    it('gives up at once when the password is wrong', async () => {
      const locked = await nodes.start();
      await locked.admin.config('SET', 'requirepass', 'right');
      const claims = connectTo(optionsFor(locked.port, { password: 'wrong', connectTimeoutMs: 60_000 }));
      await expect(claims.connect()).rejects.toThrow(/redis\.url.*WRONGPASS/);
      const without = connectTo(optionsFor(locked.port, { connectTimeoutMs: 60_000 }));
      await expect(without.connect()).rejects.toThrow(/redis\.url.*NOAUTH/);
      const right = connectTo(optionsFor(locked.port, { url: `redis://:right@127.0.0.1:${locked.port}/3` }));
      await right.connect();
      await right.claim([{ key: 'k', value: 'v', ttlMs: 60_000 }]);
      await locked.admin.select(3);
      expect(await locked.admin.get('k')).toBe('v');
    });

    it('refuses a Redis that cannot claim in one command', async () => {
      const old = createServer(socket => socket.on('data', () => socket.write(oldRedisReplies.shift() ?? '')));
      await new Promise<void>(resolve => old.listen(0, '127.0.0.1', resolve));
      const address = old.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const info = 'redis_version:6.2.14\r\n';
      const bulk = `$${info.length}\r\n${info}\r\n`;
      // HELLO 3 and two CLIENT SETINFO in one packet, then INFO of the ready check, then INFO of ours.
      const oldRedisReplies = ['%1\r\n+proto\r\n:3\r\n+OK\r\n+OK\r\n', bulk, bulk];
      const claims = connectTo(optionsFor(port));
      await expect(claims.connect()).rejects.toThrow(/Redis 6\.2\.14; Redis 7 or Valkey is needed/);
      old.close();
    });

    it.each(['127.0.0.1:6379', 'http://127.0.0.1:6379', 'redis://', 'redis://host/zero'])(
      'refuses the address %s',
      url => {
        expect(() => connectedClaims(optionsFor(1, { url }))).toThrow(/redis\.url must look like/);
      },
    );

    it('asks for the name of the master when there are sentinels', () => {
      expect(() => connectedClaims(optionsFor(1, { mode: 'sentinel' }))).toThrow(/redis\.sentinelName/);
    });
  });

  it('tells every error reply as unavailable, with the reply and without the key', async () => {
    const full = await nodes.start(['--maxmemory', '1mb', '--maxmemory-policy', 'noeviction']);
    const claims = connectTo(optionsFor(full.port));
    await claims.connect();
    const refused = await claims
      .claim([{ key: 'secret-key', value: 'v', ttlMs: 1_000 }])
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ClaimsUnavailable);
    expect(String(refused)).toMatch(/OOM/);
    expect(String(refused)).not.toContain('secret-key');
    await claims.ping();
  });

  it('settles what is in flight when the connection is cut, and does not send it again', async () => {
    const claims = connectTo(optionsFor(redis.port, { commandTimeoutMs: 60_000 }));
    await claims.connect();
    redis.server.kill('SIGSTOP');
    const inFlight = claims.claim([{ key: 'cut', value: 'v', ttlMs: 60_000 }]).catch((error: unknown) => error);
    await redis.server.stop('SIGKILL');
    await redis.server.start();
    expect(await inFlight).toBeInstanceOf(ClaimsUnavailable);
    await untilReachable(claims);
    expect(await redis.admin.get('cut')).toBeNull();
  });

  it('follows the sentinels when its master is demoted, to one that does not know the scripts', async () => {
    const old = await nodes.start(['--repl-diskless-sync-delay', '0']);
    const next = await nodes.start(['--replicaof', '127.0.0.1', String(old.port)]);
    const sentinel = await nodes.startSentinel(old.port);
    const claims = connectTo(optionsFor(sentinel.port, { mode: 'sentinel', sentinelName: 'claims' }));
    await claims.connect();
    const claim = (key: string, value: string) => claims.claim([{ key, value, ttlMs: 60_000 }]);
    await claim('before', 'v1');
    await vi.waitFor(async () => expect(await next.admin.get('before')).toBe('v1'), { timeout: 15_000 });

    await next.admin.replicaof('NO', 'ONE');
    await sentinel.admin.call('SENTINEL', 'REMOVE', 'claims');
    await sentinel.admin.call('SENTINEL', 'MONITOR', 'claims', '127.0.0.1', String(next.port), '1');
    await old.admin.replicaof('127.0.0.1', next.port);

    await expect(claim('after', 'v2')).rejects.toThrow(/READONLY/);
    await untilReachable(claims);
    expect(await claim('after', 'v2')).toEqual([null]);
    expect(await claim('before', 'v3')).toEqual(['v1']);
    expect(await next.admin.get('after')).toBe('v2');
  });
});
