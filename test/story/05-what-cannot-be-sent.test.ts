import avro from 'avsc';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { framed } from '../../sandbox/event-producer.ts';
import { eventually } from '../../sandbox/eventually.ts';
import type { ServiceProcess } from '../../sandbox/service-process.ts';
import { apiCode } from '../../sandbox/tiktok-faults.ts';
import { type ReadRecord, textHeaders } from '../../sandbox/topic-reader.ts';
import { pixelOf, tokenOf, tokenVariable, type World } from '../../sandbox/world.ts';
import { useStack } from '../stack.ts';
import { balanceOf } from './books.ts';
import { conversion, countedIds, createWorld, lead } from './business.ts';

const stack = await useStack();
const GOOD = 'good';
const CARELESS = 'careless';
/** TikTok refuses its token, and quotes it. */
const QUOTED = 'quoted';
/** Too short for any pattern that knows tokens. */
const SHORT_TOKEN = 'tokSealCanarySecretC1';

/** Secrets and personal data that must not be found anywhere but in the source records and with TikTok. */
const CLEAR_TOKEN = 'f00dfacef00dfacef00dfacef00dfacef00dface';
const PERSON = {
  email: 'canary.person@example.org',
  phone: '+442079460555',
  contact_id: 'canary-contact-4711',
  first_name: 'Canarina',
} as const;
const CANARIES = [
  CLEAR_TOKEN,
  SHORT_TOKEN,
  tokenOf(GOOD),
  tokenOf(CARELESS),
  ...Object.values(PERSON),
  '2079460555',
  '20 7946 0555',
];

const TORN_KEY = Buffer.from([0xff, 0x00, 0xc3, 0x28]);
const SOURCE_HEADERS = {
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  'several-values': ['one', Buffer.from([0xfe, 0xff]), 'one'],
};

/** A newer `RevenueUpdated`, with a kind that this service has never heard of. */
const NEWER_UPDATE = avro.Type.forSchema({
  type: 'record',
  name: 'RevenueUpdated',
  namespace: 'com.sourceloop.events',
  fields: [
    { name: 'conversion_id', type: 'string' },
    { name: 'workspace_id', type: 'string' },
    { name: 'update_id', type: 'string' },
    { name: 'occurred_at', type: 'long' },
    { name: 'updated_at', type: 'long' },
    {
      name: 'kind',
      type: {
        type: 'enum',
        name: 'RevenueKind',
        symbols: ['UNSPECIFIED', 'EXPECTED', 'REALIZED', 'REFUNDED'],
        default: 'UNSPECIFIED',
      },
    },
  ],
});

describe('what cannot be sent', () => {
  let world: World;
  let service: ServiceProcess;
  let letters: readonly ReadRecord[];
  const torn = Buffer.from('{"this is": "JSON", "email": "canary.person@example.org"}');
  let cut: Buffer;
  let refunded: Buffer;
  let careless: Buffer;

  beforeAll(async () => {
    world = await createWorld(stack, 'bad-records', {
      connections: [GOOD, CARELESS, QUOTED],
      env: { TIKTOK_SYNC_LOG_LEVEL: 'trace', [tokenVariable(QUOTED)]: SHORT_TOKEN },
    });
    const { producer, topics } = world;
    await world.connect(CARELESS, { access_token: CLEAR_TOKEN });
    await producer.mapping(lead(GOOD, { mapping_id: 'calls-only', event_name_filter: 'Phone call' }));
    await producer.deleteEntry(`mapping:lead-${GOOD}`);
    const message = `Access token ${SHORT_TOKEN} of pixel ${pixelOf(QUOTED)} is incorrect`;
    world.simulator.faults.add({ ...apiCode(40105, 200, message), token: SHORT_TOKEN });
    service = await world.startService();

    cut = producer.encodeConversion(conversion(GOOD, 'cut', PERSON)).subarray(0, 40);
    careless = producer.encodeConversion(conversion(CARELESS, 'careless-1', PERSON));
    const schemaId = await producer.registerSchema(
      `${topics.revenueUpdates}-newer`,
      JSON.stringify(NEWER_UPDATE.schema({ exportAttrs: true })),
    );
    const times = { occurred_at: Date.now(), updated_at: Date.now() };
    const update = {
      conversion_id: 'refund',
      workspace_id: `workspace-${GOOD}`,
      update_id: 'refund-1',
      kind: 'REFUNDED',
    };
    refunded = framed(schemaId, NEWER_UPDATE.toBuffer({ ...update, ...times }));

    await producer.raw(topics.conversions, [torn], { partition: 0, key: TORN_KEY, headers: SOURCE_HEADERS });
    await producer.raw(topics.conversions, [cut], { partition: 1, key: PERSON.contact_id });
    await producer.raw(topics.conversions, [null], { partition: 1, key: PERSON.contact_id });
    await producer.raw(topics.conversions, [careless], { partition: 2 });
    await producer.raw(topics.revenueUpdates, [refunded], { partition: 3, key: 'refund' });
    await producer.conversions([conversion(GOOD, 'unmapped', PERSON), conversion('stranger', 'nobodys', PERSON)]);
    await producer.conversions([conversion(GOOD, 'wanted', { ...PERSON, event_name: 'Phone call' })], { partition: 1 });
    await producer.conversions([conversion(QUOTED, 'quoted-1', PERSON)], { partition: 3 });
    await world.allCommitted();
    letters = await world.read(topics.deadLetter);
  });
  afterAll(() => world.close());

  function letterOf(topic: string, partition: number): ReadRecord {
    const found = letters.filter(
      ({ headers }) =>
        headers['tiktok-sync.source.topic'] === topic && headers['tiktok-sync.source.partition'] === String(partition),
    );
    expect(found).toHaveLength(1);
    return found[0] as ReadRecord;
  }

  it('keeps nothing else from being sent', () => {
    expect(countedIds(world.simulator)).toEqual(['wanted']);
    expect(world.simulator.ledger().summary()).toMatchObject({ counted: 1, repeats: 0, requests: 2 });
  });

  it('is dead-lettered byte for byte: value, key, and every header with all its values', () => {
    const letter = letterOf(world.topics.conversions, 0);
    const { traceparent, 'several-values': several, ...ours } = letter.headerBytes;

    expect(letter.value).toEqual(torn);
    expect(letter.keyBytes).toEqual(TORN_KEY);
    expect(String(traceparent)).toBe(SOURCE_HEADERS.traceparent);
    expect(several).toEqual([Buffer.from('one'), Buffer.from([0xfe, 0xff]), Buffer.from('one')]);
    expect(Object.keys(ours).filter(name => !name.startsWith('tiktok-sync.'))).toEqual([]);
    expect(textHeaders(ours)).toMatchObject({
      'tiktok-sync.stage': 'decode',
      'tiktok-sync.reason': 'not_framed',
      'tiktok-sync.source.offset': '0',
      'tiktok-sync.attempts': '0',
      'tiktok-sync.retryable': 'false',
    });
  });

  it('is dead-lettered as undecodable where the record is cut off', () => {
    const letter = letterOf(world.topics.conversions, 1);

    expect(letter.value).toEqual(cut);
    expect(letter.key).toBe(PERSON.contact_id);
    expect(letter.headers).toMatchObject({ 'tiktok-sync.stage': 'decode', 'tiktok-sync.reason': 'undecodable' });
  });

  it('is dead-lettered where an enum holds a symbol from the future, and never read as another', () => {
    const letter = letterOf(world.topics.revenueUpdates, 3);

    expect(letter.value).toEqual(refunded);
    expect(letter.headers).toMatchObject({ 'tiktok-sync.reason': 'unknown_symbol' });
  });

  it('is dead-lettered where the connection holds a token in clear, with the connection and the event named', () => {
    const letter = letterOf(world.topics.conversions, 2);

    expect(letter.value).toEqual(careless);
    expect(letter.headers).toMatchObject({
      'tiktok-sync.stage': 'config',
      'tiktok-sync.reason': 'config_invalid',
      'tiktok-sync.connection': CARELESS,
      'tiktok-sync.event.id': 'careless-1',
      'tiktok-sync.retryable': 'true',
    });
    expect(letter.headers['tiktok-sync.first-attempt-at']).toBeUndefined();
  });

  it('is skipped where it is a tombstone or no mapping wants it, and logged where the workspace has a connection', async () => {
    const log = (await world.syncLog()).map(({ conversion_id, outcome, reason }) => [conversion_id, outcome, reason]);

    expect(letters).toHaveLength(5);
    expect(log.map(String).sort()).toEqual(
      [
        [null, 'dead_lettered', 'not_framed'],
        [null, 'dead_lettered', 'undecodable'],
        [null, 'skipped', 'tombstone'],
        [null, 'dead_lettered', 'unknown_symbol'],
        ['careless-1', 'dead_lettered', 'config_invalid'],
        ['quoted-1', 'dead_lettered', 'connection_parked'],
        ['unmapped', 'skipped', 'no_mapping'],
        ['wanted', 'delivered', 'accepted'],
      ]
        .map(String)
        .sort(),
    );
  });

  it('is accounted for, under connection "none" where it belongs to nobody', async () => {
    expect(await balanceOf(service)).toEqual([
      { connection: CARELESS, consumed: 1, dead_lettered: 1, inFlight: 0, missing: 0 },
      { connection: GOOD, consumed: 1, delivered: 1, inFlight: 0, missing: 0 },
      { connection: 'none', consumed: 6, dead_lettered: 3, skipped: 3, inFlight: 0, missing: 0 },
      { connection: QUOTED, consumed: 1, dead_lettered: 1, inFlight: 0, missing: 0 },
    ]);
  });

  it('leaves no token and no personal data in logs, metrics, status, sync log or our headers', async () => {
    const ours = letters.flatMap(({ headers }) =>
      Object.entries(headers).filter(([name]) => name.startsWith('tiktok-sync.')),
    );
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    const log = await eventually('a log', () => service.log());
    const syncLog = await world.read(world.topics.syncLog);
    const statuses = await world.read(world.topics.connectionStatus);
    const places = {
      log,
      statuses: statuses.map(({ value }) => value?.toString('latin1')).join(),
      metrics,
      status: JSON.stringify(await service.status()),
      headers: JSON.stringify(ours),
      syncLog: syncLog
        .map(({ key, value, headers }) => `${key} ${value?.toString('latin1')} ${JSON.stringify(headers)}`)
        .join(),
    };

    expect(log).toContain('CONFIG_ENTRY_REJECTED');
    const quoted = 'Access token [redacted] of pixel';
    for (const place of [places.log, places.status, places.headers, places.syncLog, places.statuses])
      expect(place).toContain(quoted);
    for (const [place, text] of Object.entries(places)) {
      for (const canary of CANARIES) expect(text.includes(canary), `${canary} in ${place}`).toBe(false);
    }
  });
});
