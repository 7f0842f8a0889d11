import { describe, expect, it } from 'vitest';
import { createEventDecoder } from '../../src/core/decode.ts';
import { SchemaLearning } from '../../src/schema-learning.ts';
import { conversion, framed, schemas } from '../core/event-records.ts';
import { recordingTelemetry } from '../fakes/recording-telemetry.ts';
import { ScriptedRegistry } from '../fakes/scripted-registry.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

const GRACE_MS = 60_000;
const KNOWN = { kind: 'schema', schema: schemas.conversionCreated, references: [] } as const;

const recordOf = (schemaId: number) => ({ value: framed(schemaId, schemas.conversionCreated, conversion()) });

function setUp() {
  const clock = new VirtualClock();
  const registry = new ScriptedRegistry();
  const telemetry = recordingTelemetry();
  const learning = new SchemaLearning(registry, clock, telemetry, GRACE_MS);
  const decoder = createEventDecoder(schemas);
  registry.answers.set(1, KNOWN);
  const learn = (...ids: number[]) => learning.learn(decoder, ids.map(recordOf));
  const decode = (schemaId: number) => decoder.decode(recordOf(schemaId).value);
  /** Learns one schema, and denies another one until it counts as unknown. */
  const untilUnknown = async (schemaId: number): Promise<void> => {
    await learn(1);
    await learn(schemaId);
    await clock.advance(GRACE_MS);
    expect(await learn(schemaId)).toBe(true);
    expect(decode(schemaId)).toMatchObject({ deadLetter: 'schema_unknown' });
  };
  return { clock, registry, telemetry, learning, decoder, learn, decode, untilUnknown };
}

describe('learning schemas', () => {
  it('asks once for each id that is needed, and never again for one that is known', async () => {
    const { decode, learn, registry, telemetry } = setUp();
    registry.answers.set(2, KNOWN);
    expect(await learn(1, 2, 1, 2)).toBe(true);
    expect(await learn(2, 1)).toBe(true);
    expect(registry.asked).toEqual([1, 2]);
    expect(decode(2)).toMatchObject({ conversion_id: 'conv-1' });
    expect(telemetry.told('schemaFetched').map(([schemaId]) => schemaId)).toEqual([1, 2]);
  });

  it('tells once of a schema that several partitions wait for, and not of one that is denied', async () => {
    const { learn, telemetry, untilUnknown } = setUp();
    await Promise.all([learn(1), learn(1), learn(1)]);
    await untilUnknown(7);
    expect(telemetry.told('schemaFetched').map(([schemaId]) => schemaId)).toEqual([1]);
  });

  it('asks for nothing for tombstones and what is not framed', async () => {
    const { decoder, learning, registry } = setUp();
    expect(await learning.learn(decoder, [{ value: null }, { value: Buffer.from('{}') }])).toBe(true);
    expect(registry.asked).toEqual([]);
  });

  it('lets the batch wait while the registry is away, and says so', async () => {
    const { clock, learn, registry, telemetry } = setUp();
    registry.away = true;
    expect(await learn(1)).toBe(false);
    await clock.advance(100 * GRACE_MS);
    expect(await learn(1)).toBe(false);
    expect(telemetry.told('schemaFetchFailed')).toEqual(new Array(2).fill([1, 'the registry is away']));
    registry.away = false;
    expect(await learn(1)).toBe(true);
  });

  it('lets the batch wait for one of its schemas, and keeps the others', async () => {
    const { decoder, learn, registry } = setUp();
    expect(await learn(1, 9)).toBe(false);
    expect([decoder.knows(1), decoder.knows(9)]).toEqual([true, false]);
    await learn(1, 9);
    expect(registry.asked).toEqual([1, 9, 9]);
  });

  it('learns for events and for config entries by one verdict: what either was given shows the registry is right', async () => {
    const { clock, learning, registry, decode, learn } = setUp();
    const other = createEventDecoder(schemas);
    await learn(9);
    await clock.advance(GRACE_MS);
    expect(await learn(9)).toBe(false);
    await learning.learn(other, [recordOf(1)]);
    expect(await learn(9)).toBe(true);
    expect(decode(9)).toMatchObject({ deadLetter: 'schema_unknown' });
    expect(other.knows(9)).toBe(false);
    expect(registry.asked.filter(id => id === 1)).toHaveLength(1);
  });
});

describe('an id that counts as unknown', () => {
  it('is not asked for again within the grace period', async () => {
    const { clock, learn, registry, untilUnknown } = setUp();
    await untilUnknown(9);
    const asked = registry.asked.length;
    await clock.advance(GRACE_MS - 1);
    expect(await learn(9)).toBe(true);
    expect(registry.asked).toHaveLength(asked);
  });

  it('is asked for again after it, and then read when it was registered meanwhile', async () => {
    const { clock, decode, learn, registry, untilUnknown } = setUp();
    await untilUnknown(9);
    registry.answers.set(9, KNOWN);
    await clock.advance(GRACE_MS);
    expect(await learn(9)).toBe(true);
    expect(decode(9)).toMatchObject({ conversion_id: 'conv-1' });
  });

  it('goes on counting as unknown when it is denied again, without another wait', async () => {
    const { clock, decode, learn, registry, untilUnknown } = setUp();
    await untilUnknown(9);
    const asked = registry.asked.length;
    for (let i = 1; i <= 3; i++) {
      await clock.advance(GRACE_MS);
      expect(await learn(9)).toBe(true);
      expect(decode(9)).toMatchObject({ deadLetter: 'schema_unknown' });
      expect(registry.asked).toHaveLength(asked + i);
    }
  });

  it('is forgotten by itself: another one keeps its own time', async () => {
    const { clock, decoder, learn, untilUnknown } = setUp();
    await untilUnknown(8);
    await clock.advance(GRACE_MS / 2);
    await learn(9);
    await clock.advance(GRACE_MS / 2);
    await learn(1);
    expect([decoder.knows(1), decoder.knows(8)]).toEqual([true, false]);
  });
});
