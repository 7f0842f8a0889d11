import { describe, expect, it } from 'vitest';
import type { Fetched } from '../../src/adapters/kafka-groupless-topic.ts';
import { type FollowedTopic, KafkaTopicFollower } from '../../src/adapters/kafka-topic-follower.ts';
import type { SourceRecord } from '../../src/core/record.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

const WAIT_MS = 500;
const trouble = (type: string) => Object.assign(new Error(type), { type });
const outOfRange = (partition: number) => Object.assign(trouble('OFFSET_OUT_OF_RANGE'), { partition });

interface Log {
  leader: string;
  first: number;
  /** From `first` on; null is an offset that compaction emptied. */
  values: (string | null)[];
}

/** A topic whose brokers answer at once what there is, and after the wait when there is nothing. */
class FakeTopic implements FollowedTopic {
  readonly logs = new Map<number, Log>();
  /** Each fetch as `broker: partition@offset …`. */
  readonly fetches: string[] = [];
  /** Brokers that answer nothing but errors, and which. */
  readonly ill = new Map<string, Error>();
  /** The leaders as the client knows them. */
  known = new Map<string, number[]>();
  refreshed = 0;
  /** How far the ends that leaders name are behind their logs, as where one has only just taken over. */
  lag = 0;
  disconnected = 0;
  readonly clock: VirtualClock;

  constructor(clock: VirtualClock, ...logs: readonly (string | null)[][]) {
    this.clock = clock;
    for (const [partition, values] of logs.entries())
      this.logs.set(partition, { leader: '1', first: 0, values: [...values] });
    this.learn();
  }

  learn(): void {
    this.known = new Map();
    for (const [partition, { leader }] of this.logs)
      this.known.set(leader, [...(this.known.get(leader) ?? []), partition]);
  }

  leaders(): Map<string, readonly number[]> {
    return this.known;
  }

  async refresh(): Promise<void> {
    this.refreshed += 1;
    if (this.logs.size === 0) throw trouble('UNKNOWN_TOPIC_OR_PARTITION');
    this.learn();
  }

  async offsets(at: 'first' | 'end' | number, asked?: readonly number[]): Promise<Map<number, number>> {
    const logs = [...this.logs].filter(([partition]) => asked?.includes(partition) ?? true);
    return new Map(
      logs.map(([partition, { first, values, leader }]) => {
        const error = this.ill.get(leader);
        if (error !== undefined) throw error;
        return [partition, at === 'first' ? first : first + values.length - this.lag];
      }),
    );
  }

  persist<T>(attempt: () => Promise<T>): Promise<T> {
    return attempt();
  }

  async fetch(partition: number, offset: number): Promise<Fetched> {
    const fetched = await this.fetchFrom(this.logs.get(partition)?.leader ?? '', new Map([[partition, offset]]), 0);
    return fetched.get(partition) ?? { records: [], nextOffset: offset };
  }

  async fetchFrom(nodeId: string, offsets: ReadonlyMap<number, number>, waitMs: number): Promise<Map<number, Fetched>> {
    const asked = [...offsets].map(([partition, offset]) => `${partition}@${offset}`).join(' ');
    if (waitMs > 0) this.fetches.push(`${nodeId}: ${asked}`);
    let fetched = this.#read(nodeId, offsets);
    const isEmpty = [...fetched].every(([partition, { nextOffset }]) => nextOffset === offsets.get(partition));
    if (isEmpty && waitMs > 0) {
      await new Promise<void>(resolve => this.clock.after(waitMs, resolve));
      fetched = this.#read(nodeId, offsets);
    }
    return fetched;
  }

  async disconnect(): Promise<void> {
    this.disconnected += 1;
  }

  /** At most two records of a partition at a time. */
  #read(nodeId: string, offsets: ReadonlyMap<number, number>): Map<number, Fetched> {
    const error = this.ill.get(nodeId);
    if (error !== undefined) throw error;
    const fetched = new Map<number, Fetched>();
    for (const [partition, offset] of offsets) {
      const log = this.logs.get(partition);
      if (log === undefined || log.leader !== nodeId) throw trouble('NOT_LEADER_FOR_PARTITION');
      const end = log.first + log.values.length;
      if (offset < log.first || offset > end) throw outOfRange(partition);
      const nextOffset = Math.min(offset + 2, end);
      const records: SourceRecord[] = [];
      for (let at = offset; at < nextOffset; at++) {
        const value = log.values[at - log.first] ?? null;
        if (value === null) continue;
        const key = Buffer.from('key');
        records.push({ topic: 't', partition, offset: at, timestamp: 0, key, value: Buffer.from(value), headers: {} });
      }
      fetched.set(partition, { records, nextOffset, first: log.first });
    }
    return fetched;
  }
}

function follow(...logs: readonly (string | null)[][]) {
  const clock = new VirtualClock();
  const topic = new FakeTopic(clock, ...logs);
  const seen = { applied: [] as string[], caughtUp: 0, failures: [] as string[] };
  const behaviour: { apply: (record: SourceRecord) => 'applied' | 'retry' } = { apply: () => 'applied' };
  const listener = {
    apply: async (record: SourceRecord) => {
      const answer = behaviour.apply(record);
      if (answer === 'applied') seen.applied.push(`${record.partition}@${record.offset}=${record.value}`);
      return answer;
    },
    caughtUp: () => {
      seen.caughtUp += 1;
    },
    rereading: (partition: number) => void seen.applied.push(`${partition} anew`),
    reread: (partition: number) => void seen.applied.push(`${partition} read`),
    failed: (error: unknown) => {
      seen.failures.push(error instanceof Error ? error.message : String(error));
    },
  };
  const options = { fetchWaitMs: WAIT_MS, metadataMaxAgeMs: 60_000 };
  const follower = new KafkaTopicFollower(topic, options, listener, clock);
  const silence = () => clock.monotonic() - (follower.lastContact() ?? Number.NaN);
  return { clock, topic, seen, behaviour, follower, silence };
}

describe('a follower of a topic', () => {
  it('applies each partition in its order, says once that it reached the end, and goes on', async () => {
    const { clock, follower, seen, topic } = follow(['a', 'b', 'c'], ['x']);
    await follower.start();
    expect(seen.caughtUp).toBe(0);
    await clock.advance(0);
    expect(seen.applied.toSorted()).toEqual(['0@0=a', '0@1=b', '0@2=c', '1@0=x']);
    expect([seen.caughtUp, follower.isCaughtUp]).toEqual([1, true]);
    topic.logs.get(1)!.values.push('y');
    await clock.advance(WAIT_MS);
    expect(seen.applied.at(-1)).toBe('1@1=y');
    expect(seen.caughtUp).toBe(1);
  });

  it('knows how long nothing was heard also where nobody leads the topic any more', async () => {
    const { clock, follower, silence, topic } = follow(['a']);
    await follower.start();
    topic.known = new Map();
    await clock.advance(10_000);
    expect(silence()).toBeGreaterThan(5_000);
    expect(silence()).toBeLessThan(20_000);
  });

  it('is at the end of an empty topic at once, and of one whose last records are gone', async () => {
    const empty = follow([], []);
    await empty.follower.start();
    expect(empty.seen.caughtUp).toBe(1);
    const compacted = follow(['a', null, null, null]);
    await compacted.follower.start();
    await compacted.clock.advance(0);
    expect([compacted.seen.applied, compacted.seen.caughtUp]).toEqual([['0@0=a'], 1]);
  });

  it('asks a broker for all its partitions at once, and again only after its answer', async () => {
    const { clock, follower, topic } = follow([], [], []);
    topic.logs.get(2)!.leader = '2';
    topic.learn();
    await follower.start();
    await clock.advance(10 * WAIT_MS - 1);
    expect(topic.fetches.filter(fetch => fetch === '1: 0@0 1@0').length).toBe(10);
    expect(topic.fetches.filter(fetch => fetch === '2: 2@0').length).toBe(10);
    expect(topic.fetches.length).toBe(20);
  });

  it('holds the partition of a record that must come again, and no other', async () => {
    const { behaviour, clock, follower, seen, topic } = follow(['a', 'b', 'c'], ['x']);
    let refused = 0;
    behaviour.apply = ({ value }) => {
      if (String(value) !== 'b' || refused === 3) return 'applied';
      refused += 1;
      return 'retry';
    };
    await follower.start();
    await clock.advance(0);
    expect([refused, seen.applied]).toEqual([1, ['0@0=a', '1@0=x']]);
    topic.logs.get(1)!.values.push('y');
    await clock.advance(WAIT_MS);
    expect(seen.applied).toEqual(['0@0=a', '1@0=x', '1@1=y']);
    expect(seen.caughtUp).toBe(0);
    await clock.advance(3_000);
    expect([refused, seen.caughtUp]).toEqual([3, 1]);
    expect(seen.applied.slice(3)).toEqual(['0@1=b', '0@2=c']);
  });

  it('goes on with the broker that leads now', async () => {
    const { clock, follower, seen, topic } = follow(['a']);
    await follower.start();
    await clock.advance(0);
    topic.logs.get(0)!.leader = '2';
    topic.logs.get(0)!.values.push('b');
    await clock.advance(3_000);
    expect(seen.applied).toEqual(['0@0=a', '0 anew', '0@0=a', '0@1=b', '0 read']);
    expect(seen.failures).toEqual(['NOT_LEADER_FOR_PARTITION']);
  });

  it('never gives up on a broker, asks it once a second, and reads the others meanwhile', async () => {
    const { clock, follower, seen, silence, topic } = follow(['a'], ['x']);
    topic.logs.get(1)!.leader = '2';
    topic.learn();
    await follower.start();
    await clock.advance(0);
    topic.ill.set('1', trouble('KafkaJSConnectionError'));
    topic.fetches.length = 0;
    topic.logs.get(0)!.values.push('b');
    topic.logs.get(1)!.values.push('y');
    await clock.advance(3_600_000);
    expect(seen.applied).toEqual(['0@0=a', '1@0=x', '1@1=y']);
    const asked = topic.fetches.filter(fetch => fetch.startsWith('1:')).length;
    expect(asked).toBeGreaterThan(3_500);
    expect(asked).toBeLessThanOrEqual(3_600);
    expect(silence()).toBeGreaterThan(3_590_000);
    topic.ill.clear();
    await clock.advance(1_000);
    expect(seen.applied.slice(3)).toEqual(['0 anew', '0@0=a', '0@1=b', '0 read']);
    expect(silence()).toBeLessThanOrEqual(WAIT_MS);
  });

  it('starts a partition over when the topic was made anew with fewer records', async () => {
    const { clock, follower, seen, topic } = follow(['a', 'b', 'c']);
    await follower.start();
    await clock.advance(0);
    topic.logs.set(0, { leader: '1', first: 0, values: ['d'] });
    await clock.advance(5_000);
    expect(seen.applied.slice(3)).toEqual(['0 anew', '0@0=d', '0 read']);
    expect(seen.caughtUp).toBe(1);
  });

  it('starts a partition over when the topic was made anew with more records, and says so of an empty one', async () => {
    const { clock, follower, seen, topic } = follow(['a']);
    await follower.start();
    await clock.advance(0);
    topic.logs.clear();
    await clock.advance(2_000);
    topic.logs.set(0, { leader: '1', first: 0, values: ['d', 'e', 'f'] });
    await clock.advance(2_000);
    expect(seen.applied.slice(1)).toEqual(['0 anew', '0@0=d', '0@1=e', '0@2=f', '0 read']);
    topic.logs.clear();
    await clock.advance(2_000);
    topic.logs.set(0, { leader: '1', first: 0, values: [] });
    await clock.advance(5_000);
    expect(seen.applied.slice(6)).toEqual(['0 anew', '0 read']);
    expect(await follower.isAtEnd()).toBe(true);
  });

  it('starts a partition over that it could not see for a while, whoever leads the topic now', async () => {
    const { clock, follower, seen, topic } = follow(['a']);
    await follower.start();
    await clock.advance(0);
    const whole = topic.logs.get(0)!;
    topic.known = new Map();
    topic.logs.clear();
    await clock.advance(90_000);
    topic.logs.set(0, { ...whole, values: ['x', 'y'] });
    await clock.advance(90_000);
    expect(seen.applied.slice(1)).toEqual(['0 anew', '0@0=x', '0@1=y', '0 read']);
  });

  it('starts a partition over when its first records were deleted', async () => {
    const { clock, follower, seen, topic } = follow(['a', 'b', 'c']);
    await follower.start();
    await clock.advance(0);
    topic.logs.set(0, { leader: '1', first: 2, values: ['c'] });
    await clock.advance(5_000);
    expect(seen.applied.slice(3)).toEqual(['0 anew', '0@2=c', '0 read']);
  });

  it('goes on with a rereading that fails half way', async () => {
    const { behaviour, clock, follower, seen, topic } = follow(['a', 'b', 'c', 'd', 'e']);
    await follower.start();
    await clock.advance(0);
    topic.ill.set('1', trouble('KafkaJSConnectionError'));
    await clock.advance(WAIT_MS);
    topic.ill.clear();
    behaviour.apply = ({ offset }) => {
      if (offset === 3 && topic.ill.size === 0) topic.ill.set('1', trouble('KafkaJSConnectionError'));
      return 'applied';
    };
    await clock.advance(2_000);
    expect(seen.applied.slice(5)).toEqual(['0 anew', '0@0=a', '0@1=b', '0@2=c', '0@3=d']);
    behaviour.apply = () => 'applied';
    topic.ill.clear();
    await clock.advance(2_000);
    expect(seen.applied.slice(10)).toEqual(['0@4=e', '0 read']);
  });

  it('is at the end when it has applied all there is, and not while it cannot know', async () => {
    const { behaviour, clock, follower, topic } = follow(['a']);
    await follower.start();
    await clock.advance(0);
    expect(await follower.isAtEnd()).toBe(true);
    behaviour.apply = () => 'retry';
    topic.logs.get(0)!.values.push('b');
    expect(await follower.isAtEnd()).toBe(false);
    topic.ill.set('1', trouble('KafkaJSConnectionError'));
    await expect(follower.isAtEnd()).rejects.toThrow();
  });

  it('does not start over for one denial, which may be that of a former leader', async () => {
    const { clock, follower, seen, topic } = follow(['a', 'b', 'c']);
    await follower.start();
    await clock.advance(0);
    const whole = topic.logs.get(0)!;
    topic.logs.set(0, { leader: '1', first: 0, values: ['a'] });
    await clock.advance(WAIT_MS + 500);
    topic.logs.set(0, { ...whole, leader: '2', values: ['a', 'b', 'c', 'd'] });
    topic.lag = 2;
    await clock.advance(5_000);
    expect(seen.applied).toEqual(['0@0=a', '0@1=b', '0@2=c', '0@3=d']);
  });

  it('passes over what expired before it was read', async () => {
    const { behaviour, clock, follower, seen, topic } = follow(['a', 'b', 'c']);
    behaviour.apply = ({ offset }) => (offset === 0 ? 'retry' : 'applied');
    await follower.start();
    await clock.advance(0);
    topic.logs.set(0, { leader: '1', first: 2, values: ['c', 'd'] });
    await clock.advance(10_000);
    expect(seen.applied).toEqual(['0 anew', '0@2=c', '0@3=d', '0 read']);
    expect(seen.caughtUp).toBe(1);
  });

  it('reads partitions that are added, from their beginning, and lets those rest that are gone', async () => {
    const { clock, follower, seen, silence, topic } = follow(['a']);
    await follower.start();
    await clock.advance(0);
    topic.logs.set(1, { leader: '1', first: 0, values: ['x'] });
    await clock.advance(59_000);
    expect(seen.applied).toEqual(['0@0=a']);
    await clock.advance(1_000 + WAIT_MS);
    expect(seen.applied).toEqual(['0@0=a', '1@0=x']);
    topic.logs.delete(1);
    await clock.advance(120_000);
    topic.logs.get(0)!.values.push('b');
    await clock.advance(WAIT_MS);
    expect(seen.applied.at(-1)).toBe('0@1=b');
    expect(silence()).toBeLessThanOrEqual(WAIT_MS);
  });

  it('rejects its start when the topic may not be read', async () => {
    const { follower, topic } = follow(['a']);
    topic.ill.set('1', trouble('TOPIC_AUTHORIZATION_FAILED'));
    await expect(follower.start()).rejects.toThrow('TOPIC_AUTHORIZATION_FAILED');
  });

  it('is silent once it was stopped', async () => {
    const { clock, follower, seen, topic } = follow(['a']);
    await follower.start();
    await clock.advance(0);
    await follower.stop();
    topic.fetches.length = 0;
    topic.logs.get(0)!.values.push('b');
    topic.ill.set('1', trouble('KafkaJSConnectionClosedError'));
    await clock.advance(120_000);
    expect([topic.fetches, seen.applied, seen.failures, topic.refreshed]).toEqual([[], ['0@0=a'], [], 0]);
    expect(topic.disconnected).toBeGreaterThan(0);
  });
});
