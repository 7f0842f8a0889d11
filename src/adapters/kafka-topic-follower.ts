/**
 * Reads every partition of a topic from its first offset on, for good, without a consumer group: one fetch at a time
 * per broker, for all its partitions, held back by the broker while there is nothing new.
 *
 * It never gives up. Whatever goes wrong is asked again after a pause, of whoever leads then. Once a partition is reached
 * again it is read anew from its first offset: meanwhile the topic may have been cut off, or deleted and made anew, and
 * Kafka's answers do not tell. It also is when its leader denies, twice, that there is the offset to go on from, and
 * when it begins later than it did: records were deleted in front.
 */

import type { SourceRecord } from '../core/record.ts';
import { pause } from '../pause.ts';
import type { Clock } from '../ports.ts';
import type { Fetched, KafkaGrouplessTopic } from './kafka-groupless-topic.ts';
import { kafkaErrorCode, outOfRangePartition } from './kafka-internals.ts';

export interface FollowerOptions {
  /** How long a broker holds a fetch back when it has nothing new. */
  readonly fetchWaitMs: number;
  /** How often added partitions and moved leaders are looked for. */
  readonly metadataMaxAgeMs: number;
}

export interface FollowerListener {
  /** Takes the records of a partition one after another; `retry` has the same record come again later. Must not reject. */
  apply(record: SourceRecord): Promise<'applied' | 'retry'>;
  /** Called once: everything that was in the topic at the start has been applied. */
  caughtUp(): void;
  /** What comes of the partition from here on is read anew, from this first offset. A rereading under way is given up. */
  rereading(partition: number, first: number): void;
  /** Everything that was in the partition when it began to be read anew has been applied. */
  reread(partition: number): void;
  /** Something went wrong, and is tried again. */
  failed(error: unknown): void;
}

export type FollowedTopic = Pick<
  KafkaGrouplessTopic,
  'leaders' | 'fetch' | 'fetchFrom' | 'offsets' | 'persist' | 'refresh' | 'disconnect'
>;

interface FollowedPartition {
  readonly partition: number;
  /** Where it began when that was last asked. */
  first: number;
  /** The next offset to apply. */
  next: number;
  /** The end it had when it was found, or began to be read anew. */
  end: number;
  state: 'idle' | 'asked' | 'held';
  /** Its leader denied that there is the offset `next`; a leader that has just moved may be the wrong one to say so. */
  isDenied: boolean;
  /** A fetch of it failed: once it is reached again it is read anew. */
  isDoubted: boolean;
  /** It is being read anew. */
  isReread: boolean;
  /** When a broker answered for it last, monotonic milliseconds. */
  heardAt: number;
}

const RETRY_APPLY_MS = 500;
const RETRY_MS = 1_000;
const GONE = 'UNKNOWN_TOPIC_OR_PARTITION';

export class KafkaTopicFollower {
  readonly #topic: FollowedTopic;
  readonly #options: FollowerOptions;
  readonly #listener: FollowerListener;
  readonly #clock: Clock;
  readonly #partitions = new Map<number, FollowedPartition>();
  /** Brokers with a fetch, or what it brought, under way. */
  readonly #busy = new Map<string, Promise<void>>();
  #isCaughtUp = false;
  #isStopped = false;
  #cancelLook = (): void => {};

  constructor(topic: FollowedTopic, options: FollowerOptions, listener: FollowerListener, clock: Clock) {
    this.#topic = topic;
    this.#options = options;
    this.#listener = listener;
    this.#clock = clock;
  }

  get isCaughtUp(): boolean {
    return this.#isCaughtUp;
  }

  /** Resolves once it is known how far the topic reaches, and that it may be read; rejects when Kafka does not say. */
  async start(): Promise<void> {
    await this.#topic.persist(() => this.#find());
    const [some] = this.#partitions.values();
    // Who may only describe the topic learns where it ends, and is refused here.
    if (some !== undefined) await this.#topic.persist(() => this.#topic.fetch(some.partition, some.end, 0));
    this.#tellIfCaughtUp();
    this.#ask();
    this.#lookLater();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelLook();
    await this.#topic.disconnect();
    // A round that was connecting meanwhile must not leave a connection behind; nobody waits for it.
    void Promise.all(this.#busy.values()).then(() => this.#topic.disconnect());
  }

  /** Whether all that the topic holds has been applied; asks where it ends now. Rejects when Kafka does not say. */
  async isAtEnd(): Promise<boolean> {
    const ends = await this.#topic.offsets('end');
    return [...ends].every(([partition, end]) => {
      const followed = this.#partitions.get(partition);
      return followed !== undefined && !followed.isDoubted && !followed.isReread && followed.next >= end;
    });
  }

  /** When a broker last answered for the partition that has waited longest, monotonic; null before the start. */
  lastContact(): number | null {
    if (this.#partitions.size === 0) return null;
    const led = this.#isStopped ? [] : [...this.#led().values()].flat();
    // Of a topic that is gone nobody knows a leader.
    const followed = led.length === 0 ? [...this.#partitions.values()] : led;
    return Math.min(...followed.map(({ heardAt }) => heardAt));
  }

  /** Takes up partitions that are new, at their first offset. */
  async #find(): Promise<void> {
    const [firsts, ends] = await Promise.all([this.#topic.offsets('first'), this.#topic.offsets('end')]);
    const heardAt = this.#clock.monotonic();
    for (const [partition, first] of firsts) {
      if (this.#partitions.has(partition)) continue;
      const end = ends.get(partition) ?? first;
      const unread = { isDenied: false, isDoubted: false, isReread: false };
      this.#partitions.set(partition, { partition, first, next: first, end, state: 'idle', ...unread, heardAt });
    }
  }

  /** The known partitions that the topic has now, by the broker that leads them. */
  #led(): Map<string, FollowedPartition[]> {
    const known = (partitions: readonly number[]) =>
      partitions.map(partition => this.#partitions.get(partition)).filter(partition => partition !== undefined);
    return new Map([...this.#topic.leaders()].map(([nodeId, partitions]) => [nodeId, known(partitions)]));
  }

  /** Starts a round with every broker that has none under way and leads a partition to be read. */
  #ask(): void {
    if (this.#isStopped) return;
    for (const [nodeId, led] of this.#led()) {
      const due = led.filter(({ state }) => state === 'idle');
      if (due.length === 0 || this.#busy.has(nodeId)) continue;
      const round = this.#round(nodeId, due).finally(() => {
        this.#busy.delete(nodeId);
        this.#ask();
      });
      this.#busy.set(nodeId, round);
    }
  }

  /** One fetch and what it brought. Never rejects. */
  async #round(nodeId: string, due: readonly FollowedPartition[]): Promise<void> {
    // Alone, so that an answer without records cannot mean that others filled it up.
    const behind = due.filter(({ next, end }) => next < end);
    const asked = behind.length > 0 ? behind : due;
    for (const partition of asked) partition.state = 'asked';
    try {
      const offsets = new Map(asked.map(({ partition, next }) => [partition, next]));
      const fetched = await this.#topic.fetchFrom(nodeId, offsets, this.#options.fetchWaitMs);
      for (const partition of due) partition.heardAt = this.#clock.monotonic();
      const doubted = due.filter(({ isDoubted }) => isDoubted);
      // What was fetched just now is fetched again.
      if (doubted.length > 0) await Promise.all(doubted.map(partition => this.#startOver(partition)));
      else await Promise.all(asked.map(partition => this.#take(partition, fetched.get(partition.partition))));
    } catch (error) {
      this.#doubt(due, error);
      await this.#recover(error);
    } finally {
      for (const partition of asked) if (partition.state === 'asked') partition.state = 'idle';
    }
  }

  async #take(partition: FollowedPartition, fetched: Fetched | undefined): Promise<void> {
    if (fetched === undefined) return;
    partition.isDenied = false;
    if (this.#isCaughtUp && (fetched.first ?? 0) > partition.first) partition.isDoubted = true;
    for (const record of fetched.records) {
      if (this.#isStopped) return;
      if ((await this.#listener.apply(record)) === 'retry') {
        this.#hold(partition);
        return;
      }
      partition.next = record.offset + 1;
    }
    partition.next = fetched.nextOffset;
    this.#tellIfReread(partition);
    this.#tellIfCaughtUp();
  }

  #hold(partition: FollowedPartition): void {
    partition.state = 'held';
    this.#clock.after(RETRY_APPLY_MS, () => {
      partition.state = 'idle';
      this.#ask();
    });
  }

  async #recover(error: unknown): Promise<void> {
    if (this.#isStopped) return;
    const denied = outOfRangePartition(error);
    if (denied === null) this.#listener.failed(error);
    await pause(this.#clock, RETRY_MS);
    await this.#look();
    const partition = denied === null ? undefined : this.#partitions.get(denied);
    if (partition === undefined || this.#isStopped) return;
    if (partition.isDenied) await this.#goBack(partition).catch((cause: unknown) => this.#listener.failed(cause));
    partition.isDenied = true;
  }

  /** A fetch of these failed. What has never been read to its end is simply read on, and so is a rereading. */
  #doubt(partitions: readonly FollowedPartition[], error: unknown): void {
    if (!this.#isCaughtUp || outOfRangePartition(error) !== null) return;
    const isGone = kafkaErrorCode(error) === GONE;
    for (const partition of partitions) if (isGone || !partition.isReread) partition.isDoubted = true;
  }

  /** Goes on where there are records: they expired before they were read, or the topic was cut off or made anew. */
  async #goBack(partition: FollowedPartition): Promise<void> {
    const { first, end } = await this.#extentOf(partition);
    if (partition.next < first || partition.next > end) this.#readAnew(partition, first, end);
  }

  async #startOver(partition: FollowedPartition): Promise<void> {
    const { first, end } = await this.#extentOf(partition);
    this.#readAnew(partition, first, end);
  }

  #readAnew(partition: FollowedPartition, first: number, end: number): void {
    partition.isDoubted = false;
    partition.isReread = true;
    partition.first = first;
    partition.next = first;
    partition.end = end;
    this.#listener.rereading(partition.partition, first);
    this.#tellIfReread(partition);
    this.#tellIfCaughtUp();
  }

  async #extentOf({ end, next, partition }: FollowedPartition): Promise<{ first: number; end: number }> {
    const [firsts, ends] = await Promise.all([
      this.#topic.offsets('first', [partition]),
      this.#topic.offsets('end', [partition]),
    ]);
    return { first: firsts.get(partition) ?? next, end: ends.get(partition) ?? end };
  }

  #tellIfReread(partition: FollowedPartition): void {
    if (!partition.isReread || partition.next < partition.end) return;
    partition.isReread = false;
    this.#listener.reread(partition.partition);
  }

  #lookLater(): void {
    this.#cancelLook = this.#clock.after(this.#options.metadataMaxAgeMs, () => {
      void this.#look().then(() => {
        if (this.#isStopped) return;
        this.#ask();
        this.#lookLater();
      });
    });
  }

  /** Learns who leads now, and which partitions there are. What fails is done again the next time. */
  async #look(): Promise<void> {
    if (this.#isStopped) return;
    try {
      await this.#topic.refresh();
      const partitions = [...this.#topic.leaders().values()].flat();
      if (partitions.some(partition => !this.#partitions.has(partition))) await this.#find();
    } catch (error) {
      if (kafkaErrorCode(error) === GONE) this.#doubt([...this.#partitions.values()], error);
      this.#listener.failed(error);
    }
  }

  #tellIfCaughtUp(): void {
    if (this.#isCaughtUp || this.#isStopped) return;
    if ([...this.#led().values()].flat().some(({ next, end }) => next < end)) return;
    this.#isCaughtUp = true;
    this.#listener.caughtUp();
  }
}
