import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { exitCodeOf, lineOf, runDoctor } from '../../src/control/doctor.ts';
import { judgeConnections } from '../../src/control/doctor-connections.ts';
import { type Finding, fine, found } from '../../src/control/doctor-findings.ts';
import { judgeFirstStart } from '../../src/control/doctor-first-start.ts';
import { judgeBrokers, judgeGroup, judgeRights, judgeTopicsReport } from '../../src/control/doctor-kafka.ts';
import { judgeRedis } from '../../src/control/doctor-redis.ts';
import { judgeRegistry } from '../../src/control/doctor-registry.ts';
import { judgeTikTok } from '../../src/control/doctor-tiktok.ts';
import { judgeVerified } from '../../src/control/doctor-tokens.ts';
import type { Verified } from '../../src/control/verify-connection.ts';
import { entryFromJson } from '../../src/core/entry-fields.ts';
import { IDS_DIFFER } from '../../src/core/stored-config.ts';
import { judgeTopics } from '../../src/core/topic-contract.ts';
import type { TokenLookup } from '../../src/ports.ts';
import type { BrokerLook, GroupLook, PartitionLook, RedisLook, Trouble } from '../../src/ports-doctor.ts';
import { command, MINIMAL } from '../cli/fake-host.ts';
import { testConfig } from '../config/test-config.ts';
import { connection, mapping } from '../core/config-records.ts';
import { schemas } from '../core/event-records.ts';

const REFUSED: Trouble = { kind: 'refused', code: 'SASL', problem: 'no such user', advice: 'Check the user.' };
const AWAY: Trouble = { kind: 'unreachable', code: 'ECONNREFUSED', problem: 'refused', advice: 'Check the address.' };
const DAY = 86_400_000;

const codes = (findings: readonly Finding[]) => findings.map(({ code, status }) => `${status} ${code}`);
const bad = (findings: readonly Finding[]) => codes(findings.filter(({ status }) => status !== 'ok'));

function broker(look: Partial<BrokerLook> = {}): BrokerLook {
  return { address: 'k1:9092', from: 'configured', trouble: null, advertised: [], topics: [], ...look };
}

function doctor(findings: readonly Finding[] | Error, args = '') {
  const look = () => (findings instanceof Error ? Promise.reject(findings) : Promise.resolve(findings));
  const examinations = [
    { check: 'slow', look: () => new Promise<never>(() => {}), timeoutMs: 5 },
    { check: 'quick', look, timeoutMs: 60_000 },
  ];
  const heavy = {
    doctor: (request: { json: boolean }, _: unknown, host: Parameters<typeof runDoctor>[3]) =>
      runDoctor(request, findings instanceof Error ? examinations : examinations.slice(1), systemClock, host),
  };
  return command(`doctor ${args}`, { env: MINIMAL, heavy });
}

describe('what is said', () => {
  test('one line for each finding, what to do below it, and the number of those that are wrong', async () => {
    const { err, exitCode, out } = await doctor([
      fine('kafka.brokers', 'k1:9092 let this client in'),
      found('redis.policy', 'wrong', 'REDIS_EVICTS', 'maxmemory-policy is allkeys-lru', 'Set noeviction.'),
    ]);
    expect([exitCode, err]).toEqual([6, '']);
    expect(out).toBe(
      'ok           kafka.brokers: k1:9092 let this client in\n' +
        'wrong        redis.policy: maxmemory-policy is allkeys-lru [REDIS_EVICTS]\n' +
        '             → Set noeviction.\n\n1 wrong, 0 warnings, 2 looked at.\n',
    );
  });

  test('--json is a list of check, status, code, message and advice', async () => {
    const warning = found('registry.subjects', 'warning', 'SUBJECT_MISSING', 'none yet', 'Wait.');
    const { exitCode, out } = await doctor([warning], '--json');
    expect([exitCode, JSON.parse(out)]).toEqual([0, [warning]]);
  });

  test('what does not end in time, or fails, is a finding like any other, and hides none', async () => {
    const { exitCode, out } = await doctor(new Error('boom'), '--json');
    expect(exitCode).toBe(4);
    expect(codes(JSON.parse(out))).toEqual(['unreachable TIMED_OUT', 'unreachable NOT_EXAMINED']);
  });

  test('a terminal gets marks; text of others cannot write to it', () => {
    const out = { write: () => {}, color: false, isTerminal: true };
    expect(lineOf(fine('redis', 'answers'), { out })).toBe('✓  redis: answers');
    const sly = found('connections', 'warning', 'X', 'a\u001b[2Jb', 'Do it.');
    expect(lineOf(sly, { out })).toBe('!  connections: "a\\u001b[2Jb" [X]\n   → Do it.');
  });

  test.each([
    [['ok', 'warning', 'skipped'], 0],
    [['ok', 'wrong'], 6],
    [['wrong', 'unreachable'], 4],
  ] as const)('%j ends with %i', (statuses, exitCode) => {
    const findings = statuses.map(status => ({ ...fine('x', 'y'), status }));
    expect(exitCodeOf(findings)).toBe(exitCode);
  });

  test('an invalid configuration ends with 3 before anything is looked at', async () => {
    expect((await command('doctor --set kafka.brokers=!', { env: MINIMAL })).exitCode).toBe(3);
  });
});

describe('Kafka', () => {
  test('a broker that nobody reaches and one that refuses are told apart', () => {
    const looks = [broker(), broker({ trouble: AWAY }), broker({ trouble: REFUSED })];
    expect(codes(judgeBrokers(looks))).toEqual(['ok OK', 'unreachable ECONNREFUSED', 'wrong SASL']);
  });

  test('an advertised address that cannot be reached is told as one', () => {
    const [finding] = judgeBrokers([broker({ from: 'advertised', address: 'inside:9092', trouble: AWAY })]);
    expect(finding).toMatchObject({ status: 'unreachable', code: 'ADVERTISED_UNREACHABLE' });
    expect(finding?.advice).toContain('advertised.listeners');
  });

  test('topics are judged by the contract, with what to do apart', () => {
    const { topics } = testConfig({});
    const findings = judgeTopicsReport({ created: [], ok: false, findings: judgeTopics(topics, new Map(), 1) }, topics);
    expect(codes(findings).filter(code => code === 'wrong TOPIC_MISSING')).toHaveLength(5);
    expect(findings[0]).toMatchObject({ advice: 'Create it: tiktok-sync topics ensure' });
  });

  test('a missing right names the topic and the right', () => {
    const { topics } = testConfig({});
    const rights = { read: true, write: false, describe: true };
    const told = [
      { topic: topics.conversions, error: null, rights },
      { topic: topics.deadLetter, error: null, rights },
      { topic: topics.config, error: 'TOPIC_AUTHORIZATION_FAILED', rights: null },
    ];
    const findings = judgeRights([broker({ topics: told })], topics);
    expect(findings.map(({ message }) => message)).toEqual([
      `${topics.config}: this client may not describe or read`,
      `${topics.deadLetter}: this client may not write`,
    ]);
    expect(
      bad(judgeRights([broker({ topics: [{ topic: topics.conversions, error: null, rights }] })], topics)),
    ).toEqual([]);
  });

  test('each topic needs the rights that its part takes', () => {
    const { topics } = testConfig({});
    const none = { read: false, write: false, describe: true };
    const told = Object.values(topics).map(topic => ({ topic, error: null, rights: none }));
    const messages = judgeRights([broker({ topics: told })], topics).map(({ message }) => message);
    expect(messages).toEqual([
      `${topics.conversions}: this client may not read`,
      `${topics.revenueUpdates}: this client may not read`,
      `${topics.config}: this client may not read`,
      `${topics.deadLetter}: this client may not read or write`,
      `${topics.syncLog}: this client may not write`,
      `${topics.connectionStatus}: this client may not read or write`,
    ]);
  });

  test('a group without a member may be that of a service that still waits', () => {
    const [finding] = judgeGroup(group([], { state: 'Dead' }), 'g');
    expect(finding?.message).toBe(
      'g: no member: the service is not running, or not ready yet (Kafka knows no such group)',
    );
  });

  test('lag is told of committed partitions, and records that expired unread', () => {
    const look = group([
      position({ start: 10, end: 30, reason: 'committed' }),
      position({ reason: 'expired', end: 5 }),
    ]);
    expect(judgeGroup(look, 'g').map(({ message }) => message)).toContain(
      '25 records behind the end on 2 partitions with a committed offset',
    );
    expect(bad(judgeGroup(look, 'g'))).toEqual(['warning RECORDS_EXPIRED']);
    expect(bad(judgeGroup(group([], { rights: { read: false, write: true, describe: true } }), 'g'))).toEqual([
      'wrong RIGHT_MISSING',
    ]);
  });
});

function position(given: Partial<PartitionLook> = {}): PartitionLook {
  return { topic: 't', partition: 0, start: 0, reason: 'beginning', end: 0, firstFresh: 0, ...given };
}

function group(partitions: readonly PartitionLook[], given: Partial<GroupLook> = {}): GroupLook {
  return { state: 'Empty', members: [], rights: null, error: null, partitions, ...given };
}

describe('a first start', () => {
  const start = { startFrom: 'earliest', maxAgeMs: 28 * DAY } as const;

  test('tells how many records it would read and how many of them are too old', () => {
    const looks = [position({ end: 5, firstFresh: 3 }), position({ partition: 1, start: 2, end: 5, firstFresh: 0 })];
    const [finding, each] = judgeFirstStart(group(looks), start);
    expect(finding).toMatchObject({ status: 'warning', code: 'FIRST_START_SENDS' });
    expect(finding?.message).toContain(
      'would read about 8 records, of which about 3 are too old to be sent (over 28 days',
    );
    expect(each?.message).toContain('0: 0 to 5, 1: 2 to 5');
  });

  test('is no subject for a group that has committed anywhere', () => {
    const looks = [position({ end: 5 }), position({ partition: 1, reason: 'committed' })];
    expect(judgeFirstStart(group(looks), start)).toEqual([]);
  });

  test('warns of nothing where nothing would be read', () => {
    expect(codes(judgeFirstStart(group([position({ start: 7, end: 7, reason: 'snapshot' })]), start))).toEqual([
      'ok OK',
    ]);
  });
});

describe('the registry', () => {
  const NOT_THE_API: Trouble = { kind: 'refused', code: 'NOT_THE_API', problem: 'answered 404', advice: '' };

  test('a wrong path is told with the right one where that was found', () => {
    const look = { trouble: NOT_THE_API, apiFoundAt: 'http://r/apis/ccompat/v7', subjects: [] };
    expect(judgeRegistry(look, 'http://r')[0]).toMatchObject({
      status: 'wrong',
      advice: 'The API answers at http://r/apis/ccompat/v7: set registry.url to that.',
    });
    expect(judgeRegistry({ ...look, apiFoundAt: null }, 'http://r')[0]?.advice).toContain('/apis/ccompat/v7');
  });

  test('each subject is there, readable and under a safe rule, or told', () => {
    const subject = { subject: 's', version: 1, problem: null, compatibility: 'FULL_TRANSITIVE' };
    const subjects = [
      subject,
      { ...subject, version: null },
      { ...subject, problem: 'the field x is missing' },
      { ...subject, compatibility: 'NONE' },
      { ...subject, compatibility: null },
    ];
    expect(codes(judgeRegistry({ trouble: null, apiFoundAt: null, subjects }, 'http://r'))).toEqual([
      ...['ok OK', 'ok OK', 'warning SUBJECT_MISSING', 'wrong SCHEMA_UNREADABLE'],
      ...['warning COMPATIBILITY_WEAK', 'warning COMPATIBILITY_WEAK'],
    ]);
  });
});

describe('Redis', () => {
  const well: RedisLook = {
    trouble: null,
    version: '7.2.0',
    mode: 'standalone',
    role: 'master',
    maxmemoryPolicy: 'noeviction',
    usedBytes: 10,
    maxBytes: 0,
    clusterState: null,
    writeProblem: null,
  };

  test.each<[string, Partial<RedisLook>, string[]]>([
    ['all is well', {}, []],
    ['a policy that evicts', { maxmemoryPolicy: 'allkeys-lru' }, ['wrong REDIS_EVICTS']],
    ['a policy that may not be asked for', { maxmemoryPolicy: null }, ['skipped SKIPPED']],
    ['a cluster asked as one server', { mode: 'cluster', clusterState: 'ok' }, ['wrong REDIS_IS_CLUSTER']],
    ['a sentinel', { mode: 'sentinel' }, ['wrong REDIS_IS_SENTINEL']],
    ['a replica', { role: 'slave' }, ['wrong REDIS_IS_REPLICA']],
    ['memory that is nearly used up', { usedBytes: 90, maxBytes: 100 }, ['warning REDIS_NEARLY_FULL']],
    ['a user that may not write', { writeProblem: 'NOPERM no' }, ['wrong REDIS_DENIES']],
    ['a full memory', { writeProblem: 'OOM command not allowed' }, ['wrong REDIS_FULL']],
    ['nobody there', { trouble: AWAY }, ['unreachable ECONNREFUSED']],
  ])('%s', (_, given, expected) => {
    expect(bad(judgeRedis({ ...well, ...given }, 'standalone', 'r:6379'))).toEqual(expected);
  });

  test('a cluster without all its slots', () => {
    const look = { ...well, mode: 'cluster', clusterState: 'fail' };
    expect(bad(judgeRedis(look, 'cluster', 'r:6379'))).toEqual(['wrong REDIS_CLUSTER_DOWN']);
  });
});

describe('TikTok', () => {
  const look = { trouble: null, httpStatus: 200, apiCode: 40104, skewMs: 400, tookMs: 12 };

  test.each([
    ['its JSON, and the clocks agree', look, []],
    ['a page of somebody else', { ...look, apiCode: null }, ['wrong NOT_TIKTOK']],
    ['a clock that is wrong', { ...look, skewMs: -90_000 }, ['wrong CLOCK_SKEW']],
    ['no way', { ...look, trouble: AWAY }, ['unreachable ECONNREFUSED']],
  ])('%s', (_, given, expected) => {
    expect(bad(judgeTikTok(given, 'https://t', {}))).toEqual(expected);
  });

  test('a proxy of the environment is named as one that is not used', () => {
    const [finding] = judgeTikTok({ ...look, trouble: AWAY }, 'https://t', { HTTPS_PROXY: 'http://proxy' });
    expect(finding?.advice).toContain('takes no notice of HTTPS_PROXY');
  });
});

describe('connections, mappings and tokens', () => {
  const stored = (
    records: readonly (readonly ['connection' | 'mapping', string, Readonly<Record<string, unknown>>])[],
  ) => ({
    entries: new Map(
      records.map(([kind, id, json]) => [
        `${kind}:${id}`,
        { kind, id, offset: 0, fields: entryFromJson(kind, json, schemas).fields },
      ]),
    ),
    unreadable: new Map(),
  });
  const one = ['connection', 'a', connection({ connection_id: 'a', pixel_id: 'P1' })] as const;
  const its = ['mapping', 'm', mapping({ mapping_id: 'm', connection_id: 'a' })] as const;
  const tokens = (lookup: TokenLookup) => ({ lookup: () => lookup });
  const token = tokens({ kind: 'token', token: 'hush', tokenDigest: 'd' });

  test('all is well', () => {
    expect(bad(judgeConnections(stored([one, its]), token))).toEqual([]);
  });

  test.each<[string, Parameters<typeof stored>[0], string]>([
    ['nothing there', [], 'warning NO_CONNECTIONS'],
    ['a connection without a mapping', [one], 'warning CONNECTION_IDLE'],
    [
      'a mapping of nobody',
      [one, its, ['mapping', 'n', mapping({ mapping_id: 'n', connection_id: 'gone' })]],
      'warning MAPPING_STRAY',
    ],
  ])('%s', (_, records, expected) => {
    expect(bad(judgeConnections(stored(records), token))).toEqual([expected]);
  });

  test('an entry that cannot be read', () => {
    const given = {
      ...stored([one, its]),
      unreadable: new Map([['mapping:x', { offset: 1, problem: 'undecodable' }]]),
    };
    const [finding] = judgeConnections(given, token).filter(({ status }) => status !== 'ok');
    expect(finding).toMatchObject({ status: 'wrong', code: 'ENTRY_UNREADABLE' });
    expect(finding?.advice).toMatch(/starts now waits .*tiktok-sync delete key mapping:x.*config\.ignore/);
    expect(bad(judgeConnections(given, token, ['mapping:x']))).toEqual(['warning ENTRY_IGNORED']);
  });

  test('an entry under the key of another is one that cannot be used, as the service takes it', () => {
    const given = {
      ...stored([one, its]),
      unreadable: new Map([['mapping:x', { offset: 1, problem: IDS_DIFFER }]]),
    };
    expect(bad(judgeConnections(given, token))).toEqual(['wrong ENTRY_UNUSABLE']);
  });

  test('a token that is not there, and one for two pixels; neither is repeated', () => {
    const gone = judgeConnections(stored([one, its]), tokens({ kind: 'missing', problem: 'no file' }));
    expect(bad(gone)).toEqual(['wrong TOKEN_MISSING']);
    const two = stored([one, its, ['connection', 'b', connection({ connection_id: 'b', pixel_id: 'P2' })]]);
    const shared = judgeConnections(two, token);
    expect(bad(shared)).toEqual(['warning CONNECTION_IDLE', 'warning TOKEN_SHARED']);
    expect(JSON.stringify(shared)).not.toContain('hush');
  });

  test('what TikTok says of the tokens', () => {
    const verified: Verified = {
      ...{ connection_id: 'a', pixel_id: 'P', enabled: true, probe: null, http_status: 200, request_id: 'r' },
      ...{ result: 'active', state: 'active', api_code: 0, message: null, advice: null },
    };
    expect(codes(judgeVerified([verified]))).toEqual(['ok OK']);
    const refused: Verified = { ...verified, result: 'refused', state: 'token_invalid', api_code: 40105 };
    expect(codes(judgeVerified([refused]))).toEqual(['wrong TOKEN_REFUSED']);
    expect(codes(judgeVerified([{ ...refused, result: 'undecided', state: 'undecided' }]))).toEqual([
      'warning TOKEN_UNDECIDED',
    ]);
    expect(codes(judgeVerified([]))).toEqual(['skipped SKIPPED']);
  });
});
