/** The record source through the orders of events that brokers show rarely, on a group that the test plays. */

import { beforeEach, describe, expect, it } from 'vitest';
import { KafkaRecordSource } from '../../src/adapters/kafka-record-source.ts';
import { FakeKafka, fakeBatch, protocolError, settled } from '../fakes/fake-kafka.ts';
import { ManualClock } from '../fakes/manual-clock.ts';
import { RecordedTelemetry, RecordingConsumer } from './kafka-harness.ts';

const SESSION_MS = 6_000;

let kafka: FakeKafka;
let clock: ManualClock;
let consumer: RecordingConsumer;
let source: KafkaRecordSource;
let telemetry: RecordedTelemetry;
let fatal: Error[];

beforeEach(async () => {
  kafka = new FakeKafka();
  clock = new ManualClock();
  consumer = new RecordingConsumer();
  telemetry = new RecordedTelemetry();
  fatal = [];
  source = new KafkaRecordSource(
    {
      topics: ['t'],
      groupId: 'g',
      startFrom: 'earliest',
      sessionTimeoutMs: SESSION_MS,
      rebalanceTimeoutMs: 20_000,
      heartbeatIntervalMs: 2_000,
      fetchWaitMs: 500,
      maxPartitionFetchBytes: 1,
      maxFetchBytes: 1,
      metadataMaxAgeMs: 1,
    },
    { kafka: kafka.client, clock, telemetry, onFatal: error => fatal.push(error) },
  );
  kafka.committed.set('t/0', 10).set('t/1', 10);
  const started = source.start(consumer);
  await settled();
  await kafka.join({ t: [0, 1] });
  await started;
});

const accepted = () => consumer.values().join(' ');
const resolved = () => kafka.calls.filter(call => call.startsWith('resolve'));

describe('a new assignment', () => {
  it('stands still until its positions are known and the reader was put there', async () => {
    kafka.offsetsAnswer = 'NOT_COORDINATOR_FOR_GROUP';
    kafka.calls.length = 0;
    await kafka.join({ t: [0, 2] });
    expect([...kafka.paused]).toEqual(expect.arrayContaining(['t/0', 't/2']));
    await kafka.fetch()(fakeBatch('t', 0, 10, 5));
    expect(consumer.epoch).toBe(1);
    expect(kafka.calls).toEqual([]);
    kafka.offsetsAnswer = null;
    clock.advance(1_000);
    await settled();
    expect(consumer.signals.at(-1)).toBe('assigned 2');
    expect(kafka.calls).toEqual(['seek t/0 10', 'seek t/2 0']);
    expect([...kafka.paused].filter(key => key !== 't/1')).toEqual([]);
  });

  it('commits a start that no commit stands behind, before a record is read', async () => {
    await kafka.join({ t: [0, 2] });
    expect(kafka.commits).toEqual([{ generationId: 2, offsets: 't/2@0' }]);
  });

  it('gives up finding its positions when the next one comes', async () => {
    kafka.offsetsAnswer = 'GROUP_LOAD_IN_PROGRESS';
    await kafka.join({ t: [0] });
    kafka.offsetsAnswer = null;
    await kafka.join({ t: [1] });
    clock.advance(5_000);
    await settled();
    expect(consumer.signals.filter(signal => signal.startsWith('assigned'))).toEqual(['assigned 1', 'assigned 3']);
  });
});

describe('a batch', () => {
  it('that was fetched before the last seek is not taken, whatever its place', async () => {
    const inFlight = kafka.fetch();
    await kafka.join({ t: [0, 1] });
    await inFlight(fakeBatch('t', 0, 10, 5));
    expect(accepted()).toBe('');
    expect(resolved()).toEqual([]);
    await kafka.fetch()(fakeBatch('t', 0, 10, 5));
    expect(accepted()).toBe('v10 v11 v12 v13 v14');
  });

  it('of a partition that was taken away is not taken', async () => {
    await kafka.join({ t: [1] });
    await kafka.fetch()(fakeBatch('t', 0, 10, 5));
    expect(accepted()).toBe('');
    expect(resolved()).toEqual([]);
  });

  it('above the expected offset is asked for once more, then taken', async () => {
    kafka.calls.length = 0;
    await kafka.fetch()(fakeBatch('t', 0, 12, 2));
    expect(kafka.calls).toEqual(['seek t/0 10']);
    await kafka.fetch()(fakeBatch('t', 0, 12, 2));
    expect(accepted()).toBe('v12 v13');
    expect(kafka.calls.at(-1)).toBe('resolve t/0 13');
  });

  it('above the expected offset is not taken when it was on its way before it was asked for again', async () => {
    const stale = kafka.fetch();
    await kafka.fetch()(fakeBatch('t', 0, 12, 2));
    // `fetch` answers the fetch that began last; this one began before the seek all the same.
    await stale(fakeBatch('t', 0, 12, 2)).catch(() => {});
    expect(accepted()).toBe('');
  });

  it('without records is stepped over without asking again', async () => {
    await kafka.fetch()(fakeBatch('t', 0, 10, 0));
    kafka.calls.length = 0;
    await kafka.fetch()(fakeBatch('t', 0, 11, 2));
    expect(accepted()).toBe('v11 v12');
    expect(kafka.calls).toEqual(['resolve t/0 12']);
  });

  it('that was being accepted during a join does not move the new position', async () => {
    const answer = Promise.withResolvers<void>();
    consumer.admit = async () => {
      await answer.promise;
      return { kind: 'accepted' };
    };
    const taking = kafka.fetch()(fakeBatch('t', 0, 10, 5));
    await settled();
    await kafka.join({ t: [0, 1] });
    answer.resolve();
    await taking;
    expect(resolved()).toEqual([]);
  });

  it('that is held pauses its partition and is taken later from the same place', async () => {
    consumer.admit = () => ({ kind: 'held', reason: 'claims', retryAfterMs: 300 });
    await kafka.fetch()(fakeBatch('t', 0, 10, 5));
    expect([...kafka.paused]).toEqual(['t/0']);
    expect(resolved()).toEqual([]);
    clock.advance(300);
    expect([...kafka.paused]).toEqual([]);
    consumer.admit = () => ({ kind: 'accepted' });
    await kafka.fetch()(fakeBatch('t', 0, 10, 5));
    expect(accepted()).toBe('v10 v11 v12 v13 v14');
  });

  it('on which the consumer fails ends the reading, and nothing escapes into kafkajs', async () => {
    consumer.admit = () => Promise.reject(new Error('defect'));
    await kafka.fetch()(fakeBatch('t', 0, 10, 5));
    expect(fatal.map(({ message }) => message)).toEqual(['defect']);
    expect(resolved()).toEqual([]);
  });
});

describe('a sign of a rebalance', () => {
  it('only suspends; when the join fails and a heartbeat is taken, all goes on as it was', async () => {
    await kafka.fetch()(fakeBatch('t', 0, 10, 3));
    await kafka.failJoin();
    expect(consumer.signals).toEqual(['assigned 1', 'suspended 1', 'flush 1']);
    expect(consumer.received).toBe(3);
    clock.advance(2_000);
    await settled();
    expect(consumer.signals.at(-1)).toBe('resumed 1');
    expect(await source.commit(1, [{ topic: 't', partition: 0, offset: 13 }])).toBe('committed');
    await kafka.fetch()(fakeBatch('t', 0, 13, 1));
    expect(accepted()).toBe('v10 v11 v12 v13');
  });

  it('is not ended by a heartbeat that was sent before it', async () => {
    const answer = Promise.withResolvers<void>();
    kafka.heartbeatGate = answer.promise;
    const early = kafka.group.heartbeat({ interval: 0 });
    kafka.emit('consumer.rebalancing');
    answer.resolve();
    await early;
    expect(consumer.signals.at(-1)).toBe('suspended 1');
    await kafka.group.heartbeat({ interval: 0 });
    expect(consumer.signals.at(-1)).toBe('resumed 1');
  });

  it('is not ended by a good heartbeat during the flush, because the join follows all the same', async () => {
    const flushed = Promise.withResolvers<void>();
    consumer.flush = () => flushed.promise;
    const joining = kafka.join({ t: [0] });
    await settled();
    clock.advance(1_000);
    await settled();
    expect(consumer.signals).toEqual(['assigned 1', 'suspended 1', 'flush 1']);
    flushed.resolve();
    await joining;
    expect(consumer.signals).toEqual(['assigned 1', 'suspended 1', 'flush 1', 'assigned 2']);
  });

  it('ends with the next good heartbeat when no coordinator could be found to join at', async () => {
    kafka.lookUpAnswer = 'GROUP_COORDINATOR_NOT_AVAILABLE';
    await kafka.failJoin().catch(() => {});
    kafka.lookUpAnswer = null;
    clock.advance(2_000);
    await settled();
    expect(consumer.signals.at(-1)).toBe('resumed 1');
  });

  it('gives the consumer its flush before the join, once however often the join is tried', async () => {
    let committed = '';
    consumer.flush = async epoch => {
      committed += await source.commit(epoch, [{ topic: 't', partition: 0, offset: 11 }]);
    };
    await kafka.failJoin();
    await kafka.failJoin();
    await kafka.join({ t: [0] });
    expect(committed).toBe('committed');
    expect(kafka.commits).toEqual([{ generationId: 1, offsets: 't/0@11' }]);
    expect(consumer.signals).toEqual(['assigned 1', 'suspended 1', 'flush 1', 'assigned 2']);
  });

  it('keeps the membership alive during the flush, and ends it when the budget is spent', async () => {
    let aborted = false;
    consumer.flush = (_epoch, signal) =>
      new Promise(() =>
        signal.addEventListener('abort', () => {
          aborted = true;
        }),
      );
    kafka.heartbeatAnswer = 'REBALANCE_IN_PROGRESS';
    const before = kafka.heartbeats;
    const joining = kafka.join({ t: [0] });
    for (let second = 0; second < 9; second += 1) {
      await settled();
      clock.advance(1_000);
    }
    expect(kafka.heartbeats - before).toBeGreaterThanOrEqual(9);
    expect(source.holdsLease()).toBe(true);
    expect(aborted).toBe(false);
    clock.advance(1_000);
    await joining;
    expect(aborted).toBe(true);
    expect(consumer.signals.at(-1)).toBe('assigned 2');
  });

  it('cuts the flush short when the coordinator does not know us any more', async () => {
    let aborted = false;
    consumer.flush = (_epoch, signal) =>
      new Promise(() =>
        signal.addEventListener('abort', () => {
          aborted = true;
        }),
      );
    kafka.heartbeatAnswer = 'UNKNOWN_MEMBER_ID';
    await kafka.join({ t: [0] });
    expect(aborted).toBe(true);
    expect(consumer.signals.at(-1)).toBe('assigned 2');
  });

  it('is not what a look-up of a lost coordinator is', async () => {
    await kafka.group.cluster.findGroupCoordinator({ groupId: 'g', rejoin: false });
    expect(consumer.signals).toEqual(['assigned 1']);
  });
});

describe('a commit', () => {
  it('is refused in the moment in which kafkajs has the new generation and nobody was told', async () => {
    let result: Promise<string> | null = null;
    await kafka.join({ t: [0, 1] }, () => {
      result = source.commit(1, [{ topic: 't', partition: 0, offset: 11 }]);
    });
    expect(await result).toBe('fenced');
    expect(kafka.commits).toEqual([]);
  });

  it.each([
    ['ILLEGAL_GENERATION', 'fenced'],
    ['UNKNOWN_MEMBER_ID', 'fenced'],
    ['REBALANCE_IN_PROGRESS', 'fenced'],
    ['UNKNOWN_TOPIC_OR_PARTITION', 'retry'],
    ['GROUP_AUTHORIZATION_FAILED', 'retry'],
    ['NOT_COORDINATOR_FOR_GROUP', 'retry'],
  ])('that meets %s is %s', async (code, result) => {
    kafka.commitAnswer = code;
    expect(await source.commit(1, [{ topic: 't', partition: 0, offset: 11 }])).toBe(result);
    expect(telemetry.commits.at(-1)).toEqual({ result, problem: code });
  });
});

describe('the lease', () => {
  it('is over in a process that was frozen for a session timeout, before anything else happens', () => {
    expect(source.holdsLease()).toBe(true);
    clock.freeze(SESSION_MS);
    expect(source.holdsLease()).toBe(false);
  });

  it('counts from when a heartbeat was sent, not from when it was answered', async () => {
    const answer = Promise.withResolvers<void>();
    kafka.heartbeatGate = answer.promise;
    const beat = kafka.group.heartbeat({ interval: 0 });
    clock.freeze(5_000);
    answer.resolve();
    await beat;
    expect(source.status().sinceHeartbeatMs).toBe(5_000);
  });

  it('is renewed by REBALANCE_IN_PROGRESS and ended at once by UNKNOWN_MEMBER_ID', async () => {
    kafka.heartbeatAnswer = 'REBALANCE_IN_PROGRESS';
    for (let seconds = 0; seconds < 10; seconds += 1) {
      clock.advance(1_000);
      await settled();
    }
    expect(source.holdsLease()).toBe(true);
    expect(consumer.isSuspended).toBe(true);
    kafka.heartbeatAnswer = 'UNKNOWN_MEMBER_ID';
    clock.advance(1_000);
    await settled();
    expect(source.holdsLease()).toBe(false);
  });
});

describe('a crash', () => {
  it('that kafkajs does not restart ends the reading', () => {
    kafka.crash(new Error('KafkaJSNotImplemented'), false);
    expect(fatal).toHaveLength(1);
    expect(consumer.isSuspended).toBe(true);
  });

  it('for a cluster that is away is followed by a start of our own', async () => {
    const error = Object.assign(new Error('gone'), { name: 'KafkaJSGroupCoordinatorNotFound' });
    kafka.crash(error, false);
    clock.advance(1_000);
    await settled();
    expect(fatal).toEqual([]);
    expect(kafka.runs).toBe(2);
  });

  it('with a restart ends the assignment and the lease, and pauses are as before after the next join', async () => {
    source.pause('buffer');
    kafka.crash(protocolError('NETWORK_EXCEPTION'), true);
    expect(source.holdsLease()).toBe(false);
    expect(await source.commit(1, [{ topic: 't', partition: 0, offset: 11 }])).toBe('fenced');
    source.pause('claims');
    source.resume('claims');
    kafka.paused.clear(); // kafkajs starts with a group that has forgotten them
    await kafka.join({ t: [0, 1] });
    expect(consumer.signals.at(-1)).toBe('assigned 2');
    expect([...kafka.paused].toSorted()).toEqual(['t/0', 't/1']);
  });
});
