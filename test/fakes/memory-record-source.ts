/**
 * A record source in memory. Nothing happens by itself: `feed` appends, `deliver` hands over what can be handed over,
 * `rebalance`, `crash`, `suspend` and `unsuspend` play the group's part. Positions behave as in Kafka: a batch that
 * was held is read again, and a new assignment starts at the committed offsets.
 */

import type { RecordBatch, RecordHeaders, SourceRecord } from '../../src/core/record.ts';
import type {
  Clock,
  CommitResult,
  HoldReason,
  PartitionOffset,
  RecordConsumer,
  RecordSource,
  RecordSourceStatus,
} from '../../src/ports.ts';

/** A record to append; text stands for its UTF-8 bytes. */
export interface FedRecord {
  readonly key?: Buffer | string | null;
  readonly value: Buffer | string | null;
  readonly headers?: RecordHeaders;
  readonly timestamp?: number;
}

interface Log {
  readonly topic: string;
  readonly partition: number;
  readonly records: SourceRecord[];
  end: number;
  committed: number | null;
  position: number;
  owned: boolean;
  held: HoldReason | null;
}

export class MemoryRecordSource implements RecordSource {
  /** What `holdsLease` answers. */
  lease = true;
  /** Answers for the next commits, in order; an empty list commits. `fenced` and `retry` change nothing. */
  readonly commitAnswers: CommitResult[] = [];
  /** Every commit asked for, with its result. */
  readonly commits: { epoch: number; offsets: readonly PartitionOffset[]; result: CommitResult }[] = [];
  /** What `beforeRejoin` gets as its budget. */
  rejoinBudgetMs = 30_000;
  /** At most so many records in a batch. */
  batchSize = 500;

  readonly #logs: Log[] = [];
  readonly #clock: Clock;
  readonly #paused = new Set<HoldReason>();
  #consumer: RecordConsumer | null = null;
  #epoch = 0;
  #suspended = false;
  #quiesced = false;
  #delivery: Promise<number> | null = null;
  #lastCommit: number | null = null;

  /** `topics` gives each topic's number of partitions. */
  constructor(topics: Readonly<Record<string, number>>, clock: Clock) {
    this.#clock = clock;
    for (const [topic, count] of Object.entries(topics)) {
      for (let partition = 0; partition < count; partition += 1) this.addPartition(topic, partition);
    }
  }

  // --- the port ---

  start(consumer: RecordConsumer): Promise<void> {
    this.#consumer = consumer;
    this.#quiesced = false;
    this.#assign(() => true);
    return Promise.resolve();
  }

  pause(reason: HoldReason): void {
    this.#paused.add(reason);
  }

  resume(reason: HoldReason): void {
    this.#paused.delete(reason);
  }

  commit(epoch: number, offsets: readonly PartitionOffset[]): Promise<CommitResult> {
    const result = this.#commit(epoch, offsets);
    this.commits.push({ epoch, offsets, result });
    return Promise.resolve(result);
  }

  holdsLease(): boolean {
    return this.lease;
  }

  quiesce(): void {
    this.#quiesced = true;
  }

  stop(): Promise<void> {
    this.#consumer = null;
    for (const log of this.#logs) log.owned = false;
    return Promise.resolve();
  }

  status(): RecordSourceStatus {
    const owned = this.#logs.filter(log => log.owned);
    const topics = [...new Set(owned.map(log => log.topic))];
    return {
      joined: this.#consumer !== null,
      epoch: this.#epoch,
      suspended: this.#suspended,
      assignment: topics.map(topic => ({
        topic,
        partitions: owned.filter(log => log.topic === topic).map(log => log.partition),
      })),
      paused: [...this.#paused],
      partitions: owned.map(({ topic, partition, position, committed, end, held }) => {
        return { topic, partition, position, committed, highWatermark: end, held };
      }),
      sinceHeartbeatMs: this.lease ? 0 : null,
      sinceCommitMs: this.#lastCommit === null ? null : this.#clock.monotonic() - this.#lastCommit,
      acceptingForMs: null,
    };
  }

  // --- what a test does to it ---

  get epoch(): number {
    return this.#epoch;
  }

  /** Adds a partition as a topic's growth does; it is owned after the next rebalance. */
  addPartition(topic: string, partition: number): void {
    this.#logs.push({
      topic,
      partition,
      records: [],
      end: 0,
      committed: null,
      position: 0,
      owned: false,
      held: null,
    });
  }

  /** Appends records and returns their offsets; nothing is delivered yet. */
  feed(topic: string, partition: number, records: readonly FedRecord[]): number[] {
    const log = this.#log(topic, partition);
    return records.map(({ key = null, value, headers = {}, timestamp = this.#clock.now() }) => {
      const offset = log.end;
      log.records.push({ topic, partition, offset, timestamp, key: bytes(key), value: bytes(value), headers });
      log.end += 1;
      return offset;
    });
  }

  /** Uses up offsets that hold no record, as compaction and transactions do. */
  skipOffsets(topic: string, partition: number, count: number): void {
    this.#log(topic, partition).end += count;
  }

  /**
   * Hands over all that is owned, not paused and not held; resolves with the number of records taken. A call while
   * another is under way waits for that one.
   */
  deliver(): Promise<number> {
    this.#delivery ??= this.#deliver().finally(() => {
      this.#delivery = null;
    });
    return this.#delivery;
  }

  /** A full rebalance: suspend, the awaited hook, then an assignment of what `owns` picks (default: as before). */
  async rebalance(owns?: (topic: string, partition: number) => boolean): Promise<void> {
    this.suspend();
    await this.#consumer?.beforeRejoin(this.#epoch, this.rejoinBudgetMs, new AbortController().signal);
    this.#assign(owns ?? ((topic, partition) => this.#log(topic, partition).owned));
  }

  /** The member was thrown out: no hook, and what is assigned next comes at once. */
  crash(owns?: (topic: string, partition: number) => boolean): void {
    this.suspend();
    this.#assign(owns ?? ((topic, partition) => this.#log(topic, partition).owned));
  }

  suspend(): void {
    this.#suspended = true;
    this.#consumer?.suspended(this.#epoch);
  }

  unsuspend(): void {
    this.#suspended = false;
    this.#consumer?.resumed(this.#epoch);
  }

  /** Everything that was appended. */
  records(topic: string, partition: number): readonly SourceRecord[] {
    return this.#log(topic, partition).records;
  }

  /** The offset after the last one. */
  end(topic: string, partition: number): number {
    return this.#log(topic, partition).end;
  }

  /** The group's committed offset. */
  committed(topic: string, partition: number): number | null {
    return this.#log(topic, partition).committed;
  }

  #assign(owns: (topic: string, partition: number) => boolean): void {
    const owned = new Set(this.#logs.filter(log => owns(log.topic, log.partition)));
    for (const log of this.#logs) {
      log.owned = owned.has(log);
      log.held = null;
      log.position = log.committed ?? 0;
    }
    this.#epoch += 1;
    this.#suspended = false;
    const positions = [...owned].map(({ topic, partition, position }) => ({ topic, partition, offset: position }));
    this.#consumer?.assigned(this.#epoch, positions);
  }

  async #deliver(): Promise<number> {
    let taken = 0;
    for (const log of this.#logs) {
      for (let batch = this.#next(log); batch !== null; batch = this.#next(log)) {
        if (!(await this.#offer(log, batch))) break;
        taken += batch.records.length;
      }
    }
    return taken;
  }

  #next(log: Log): RecordBatch | null {
    if (!log.owned || log.held !== null || this.#quiesced || this.#paused.size > 0) return null;
    const records = log.records.filter(record => record.offset >= log.position).slice(0, this.batchSize);
    const last = records.at(-1);
    if (last === undefined) return null;
    const { topic, partition } = log;
    return { epoch: this.#epoch, topic, partition, records, nextOffset: last.offset + 1, highWatermark: log.end };
  }

  async #offer(log: Log, batch: RecordBatch): Promise<boolean> {
    const admission = await this.#consumer?.accept(batch);
    if (admission === undefined || batch.epoch !== this.#epoch) return false;
    if (admission.kind === 'accepted') {
      log.position = batch.nextOffset;
      return true;
    }
    log.held = admission.reason;
    this.#clock.after(admission.retryAfterMs, () => {
      if (batch.epoch === this.#epoch) log.held = null;
    });
    return false;
  }

  #commit(epoch: number, offsets: readonly PartitionOffset[]): CommitResult {
    const answer = this.commitAnswers.shift() ?? 'committed';
    if (answer !== 'committed') return answer;
    const owned = this.status().partitions.map(({ topic, partition }) => `${topic}/${partition}`);
    const isOwned = offsets.every(({ topic, partition }) => owned.includes(`${topic}/${partition}`));
    if (epoch !== this.#epoch || !isOwned) return 'fenced';
    for (const { topic, partition, offset } of offsets) this.#log(topic, partition).committed = offset;
    this.#lastCommit = this.#clock.monotonic();
    return 'committed';
  }

  #log(topic: string, partition: number): Log {
    const log = this.#logs.find(candidate => candidate.topic === topic && candidate.partition === partition);
    if (log === undefined) throw new Error(`no partition ${topic}/${partition} was declared`);
    return log;
  }
}

function bytes(content: Buffer | string | null): Buffer | null {
  return typeof content === 'string' ? Buffer.from(content) : content;
}
