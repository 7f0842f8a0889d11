import avro from 'avsc';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConnectionStatus } from '../../sandbox/connection-status.ts';
import { type Fields, framed } from '../../sandbox/event-producer.ts';
import { eventually } from '../../sandbox/eventually.ts';
import { type ServiceProcess, total } from '../../sandbox/service-process.ts';
import { apiCode } from '../../sandbox/tiktok-faults.ts';
import { pixelOf, tokensFor, tokenVariable, type World } from '../../sandbox/world.ts';
import { useStack } from '../stack.ts';
import { conversion, countedIds, createWorld, lead, repeats } from './business.ts';
import { claimCounts } from './claim-store.ts';

const stack = await useStack();
const MAIN = 'main';
const FOREIGN = 'foreign';

/** Schemas of another team: short names or a namespace of their own, other field orders, most fields left out. */
const THEIR_CONNECTION = avro.Type.forSchema({
  type: 'record',
  name: 'Connection',
  fields: [
    { name: 'access_token', type: 'string' },
    { name: 'their_own_note', type: 'string' },
    { name: 'pixel_id', type: 'string' },
    { name: 'workspace_id', type: 'string' },
    { name: 'connection_id', type: 'string' },
  ],
});
const THEIR_MAPPING = avro.Type.forSchema({
  type: 'record',
  name: 'Mapping',
  namespace: 'org.example.marketing.v7',
  fields: [
    { name: 'tiktok_event_name', type: ['null', 'string'] },
    {
      name: 'trigger',
      type: { type: 'enum', name: 'When', symbols: ['REALIZED_REVENUE_UPDATED', 'CONVERSION_CREATED'] },
    },
    { name: 'connection_id', type: 'string' },
    { name: 'mapping_id', type: 'string' },
  ],
});

describe('a configuration entry', () => {
  let world: World;
  let service: ServiceProcess;

  beforeAll(async () => {
    world = await createWorld(stack, 'config', { connections: [MAIN], env: tokensFor(FOREIGN) });
    service = await world.startService();
  });
  afterAll(() => world.close());

  /** Makes a change and waits until the service has read it. */
  async function change(act: () => Promise<void>): Promise<void> {
    const before = await service.configGeneration();
    await act();
    await eventually('the change read', async () => (await service.configGeneration()) > before);
  }

  async function convert(id: string, more: Fields = {}, connection = MAIN): Promise<void> {
    await world.producer.conversions([conversion(connection, id, more)]);
    await world.allCommitted();
  }

  async function outcomeOf(id: string) {
    const entries = (await world.syncLog()).filter(({ conversion_id }) => conversion_id === id);
    return entries.map(({ mapping_id, outcome, reason }) => [mapping_id, outcome, reason]).sort();
  }

  it('that adds a mapping holds for the events that follow', async () => {
    await convert('before-adding');
    await change(() =>
      world.producer.mapping(
        lead(MAIN, { mapping_id: 'contact', tiktok_event_name: 'Contact', event_name_filter: '' }),
      ),
    );
    await convert('after-adding');

    expect(await outcomeOf('before-adding')).toEqual([['lead-main', 'delivered', 'accepted']]);
    expect(await outcomeOf('after-adding')).toEqual([
      ['contact', 'delivered', 'accepted'],
      ['lead-main', 'delivered', 'accepted'],
    ]);
  });

  it('that changes a mapping holds for the events that follow', async () => {
    await change(() =>
      world.producer.mapping(
        lead(MAIN, { mapping_id: 'contact', tiktok_event_name: 'Contact', event_name_filter: 'Phone call' }),
      ),
    );
    await convert('form');
    await convert('call', { event_name: 'Phone call' });

    expect(await outcomeOf('form')).toEqual([['lead-main', 'delivered', 'accepted']]);
    expect(await outcomeOf('call')).toEqual([
      ['contact', 'delivered', 'accepted'],
      ['lead-main', 'delivered', 'accepted'],
    ]);
  });

  it('that is deleted by a tombstone is gone', async () => {
    await change(() => world.producer.deleteEntry('mapping:contact'));
    await change(() => world.producer.deleteEntry('mapping:lead-main'));
    await convert('nobody-listens', { event_name: 'Phone call' });

    expect(await outcomeOf('nobody-listens')).toEqual([[null, 'skipped', 'no_mapping']]);
    await change(() => world.producer.mapping(lead(MAIN)));
  });

  it('that disables a connection skips the events that wait, and they may be sent when it is enabled again', async () => {
    const fault = world.simulator.faults.add(apiCode(40_100));
    await world.producer.conversions([conversion(MAIN, 'waiting')]);
    const refused = () =>
      world.simulator
        .ledger()
        .requests()
        .some(({ code }) => code === 40_100);
    await eventually('a request surely not taken', refused);
    await change(() => world.connect(MAIN, { enabled: false }));
    await world.allCommitted();
    world.simulator.faults.remove(fault);
    const pending = async () => (await claimCounts(stack.redisUrl, world.groupId)).pending;
    await eventually('its claim given back', async () => (await pending()) === 0);

    expect(await outcomeOf('waiting')).toEqual([['lead-main', 'skipped', 'connection_disabled']]);
    expect(countedIds(world.simulator)).not.toContain('waiting');

    await change(() => world.connect(MAIN));
    await convert('waiting');
    expect(await outcomeOf('waiting')).toEqual([
      ['lead-main', 'delivered', 'accepted'],
      ['lead-main', 'skipped', 'connection_disabled'],
    ]);
  });

  it('is understood from any Avro producer: short record name, other namespace, other order, unknown fields', async () => {
    const { producer, topics } = world;
    world.simulator.addPixel(pixelOf(FOREIGN), tokensFor(FOREIGN)[tokenVariable(FOREIGN)] ?? '');
    const connectionSchema = await producer.registerSchema(`${topics.config}-Connection`, schemaOf(THEIR_CONNECTION));
    const mappingSchema = await producer.registerSchema(`${topics.config}-their-mapping`, schemaOf(THEIR_MAPPING));
    const connection = THEIR_CONNECTION.toBuffer({
      access_token: `env:${tokenVariable(FOREIGN)}`,
      their_own_note: 'written by hand',
      pixel_id: pixelOf(FOREIGN),
      workspace_id: `workspace-${FOREIGN}`,
      connection_id: FOREIGN,
    });
    const mapping = THEIR_MAPPING.toBuffer({
      tiktok_event_name: 'CompleteRegistration',
      trigger: 'CONVERSION_CREATED',
      connection_id: FOREIGN,
      mapping_id: 'theirs',
    });
    // The mapping first: it may arrive before its connection.
    await change(() => producer.raw(topics.config, [framed(mappingSchema, mapping)], { key: 'mapping:theirs' }));
    await change(() =>
      producer.raw(topics.config, [framed(connectionSchema, connection)], { key: `connection:${FOREIGN}` }),
    );
    await convert('from-elsewhere', {}, FOREIGN);

    expect(await outcomeOf('from-elsewhere')).toEqual([['theirs', 'delivered', 'accepted']]);
    const [event] = world.simulator.ledger().counted(pixelOf(FOREIGN));
    expect(event).toMatchObject({ event: 'CompleteRegistration', event_id: 'from-elsewhere' });
  });

  it('leaves TikTok with exactly what was to be sent', () => {
    const sent = world.simulator.ledger().counted();
    expect(sent.map(({ event, event_id }) => `${event}|${event_id}`).sort()).toEqual([
      'CompleteRegistration|from-elsewhere',
      'Contact|after-adding',
      'Contact|call',
      'Lead|after-adding',
      'Lead|before-adding',
      'Lead|call',
      'Lead|form',
      'Lead|waiting',
    ]);
    expect(repeats(world.simulator)).toBe(0);
  });
});

describe('a config topic that is deleted and made anew', () => {
  it('loses no event: what it does not hold yet stays in force and is told, what it holds counts at once', async () => {
    await using world = await createWorld(stack, 'config-anew', { connections: [MAIN] });
    await world.connect(MAIN);
    const service = await world.startService();
    /** Of which entry of the connection the status topic tells. */
    const toldOffset = async () => {
      const told = await world.read(world.topics.connectionStatus);
      return told.map(readConnectionStatus).findLast(status => status?.connection_id === MAIN)?.config_offset;
    };
    const convert = async (id: string) => {
      await world.producer.conversions([conversion(MAIN, id)]);
      await world.allCommitted();
    };
    const missing = async () => {
      const { config } = (await service.status()) as { config: { problems: { key: string; kind: string }[] } };
      return config.problems.map(({ key, kind }) => `${kind} ${key}`).sort();
    };

    await convert('before');
    await eventually('the state told', async () => (await toldOffset()) === 2);
    await makeAnew(world, world.topics.config);
    await eventually('the loss noticed', async () => (await missing()).length === 2);
    expect(await missing()).toEqual(['missing connection:main', 'missing mapping:lead-main']);
    expect(total(await service.metrics(), 'tiktok_sync_config_invalid_entries')).toBe(2);
    expect(service.log()).toContain('CONFIG_TOPIC_REPLACED');
    expect(await service.isReady()).toBe(true);
    await convert('while-it-is-empty');

    await world.producer.mapping(lead(MAIN, { tiktok_event_name: 'Contact' }));
    await eventually('the new mapping read', async () => (await missing()).length === 1);
    await convert('half-way');
    await world.connect(MAIN);
    await eventually('all of it read', async () => (await missing()).length === 0);
    await convert('filled-again');
    await eventually(
      'the state of the new entry told, though its offset is lower',
      async () => (await toldOffset()) === 1,
    );

    expect(
      world.simulator
        .ledger()
        .counted()
        .map(({ event, event_id }) => `${event}|${event_id}`),
    ).toEqual(['Lead|before', 'Lead|while-it-is-empty', 'Contact|half-way', 'Contact|filled-again']);
  });
});

async function makeAnew({ admin }: World, topic: string): Promise<void> {
  await admin.deleteTopics({ topics: [topic] });
  const configEntries = [{ name: 'cleanup.policy', value: 'compact' }];
  const wanted = { topic, numPartitions: 1, replicationFactor: 1, configEntries };
  await eventually('the topic made anew', () =>
    admin.createTopics({ topics: [wanted], waitForLeaders: false }).catch(() => false),
  );
}

/** The schema with its namespace and without what only avsc adds. */
function schemaOf(type: avro.Type): string {
  return JSON.stringify(type.schema({ exportAttrs: true }));
}
