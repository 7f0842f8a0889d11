/**
 * The offset ledger of one assignment: which records are settled, and so what may be committed.
 *
 * Guarantee: a committable offset never lies above an unsettled record, and never moves backwards. A ledger belongs to
 * one assignment and dies with it: settling a ticket of a dead ledger moves nothing that anybody commits.
 * Claims of dead-lettered and skipped events are handed out for release only once the commit that covers them is
 * acknowledged: released earlier, a crash before the commit would let a later copy and the replay both be sent.
 */

import type { PartitionOffset } from './record.ts';

/** A claim to be released, as key and the value it must still hold. */
export interface Releasable {
  readonly key: string;
  readonly value: string;
}

/** One record's place in the ledger. */
export interface Ticket {
  readonly account: PartitionAccount;
  /** Counts up from 0 within the partition's account. */
  readonly sequence: number;
}

/** How far arrays may hold settled entries before they are cut. */
const COMPACT_AT = 4096;

/** The ledger of one partition. */
export class PartitionAccount {
  readonly topic: string;
  readonly partition: number;
  #offsets: number[] = [];
  #open: number[] = [];
  #eventTimes: number[] = [];
  #timestamps: number[] = [];
  /** Sequence of the first array element. */
  #base = 0;
  /** Index of the lowest unsettled record within the arrays. */
  #head = 0;
  /** The offset after everything that was read. */
  #position: number;
  #committed: number;
  /** Timestamp of the first record of a batch that was read and is not tracked yet. */
  #arrived: number | null = null;
  #releases: { readonly offset: number; readonly claim: Releasable }[] = [];

  constructor(topic: string, partition: number, position: number) {
    this.topic = topic;
    this.partition = partition;
    this.#position = position;
    this.#committed = position;
  }

  /** A batch was read that begins with a record of this timestamp (epoch milliseconds); it may have to wait, and come again. */
  arrived(timestamp: number | null): void {
    this.#arrived = timestamp;
  }

  /**
   * Records that the record at `offset` made `events` events (at least one), with the time of its event and the
   * timestamp Kafka has for it (both epoch milliseconds). Offsets must rise.
   * @throws RangeError when they do not, since a record would be committed before it is settled, or when there is no
   * event, since nothing would ever settle the record.
   */
  track(offset: number, events: number, eventTime: number, timestamp: number): Ticket {
    if (events < 1) throw new RangeError(`${this.topic}/${this.partition}: the record at ${offset} made no event`);
    if (offset < this.#position) {
      throw new RangeError(`${this.topic}/${this.partition}: offset ${offset} was read before (${this.#position})`);
    }
    this.#offsets.push(offset);
    this.#open.push(events);
    this.#eventTimes.push(eventTime);
    this.#timestamps.push(timestamp);
    this.#position = offset + 1;
    return { account: this, sequence: this.#base + this.#offsets.length - 1 };
  }

  /** Records from the lowest unsettled one on, settled ones behind it included: what this account remembers. */
  get span(): number {
    return this.#offsets.length - this.#head;
  }

  /** Everything below `nextOffset` was read, compacted and control records included. */
  advance(nextOffset: number): void {
    this.#arrived = null;
    if (nextOffset > this.#position) this.#position = nextOffset;
  }

  /** One event of the ticket's record is settled; `release` is its claim where that must be given back. */
  settle(sequence: number, release: Releasable | null): void {
    const index = sequence - this.#base;
    const open = this.#open[index];
    const offset = this.#offsets[index];
    if (open === undefined || offset === undefined || open === 0) {
      throw new RangeError(`${this.topic}/${this.partition}: an event was settled twice`);
    }
    this.#open[index] = open - 1;
    if (release !== null) this.#releases.push({ offset, claim: release });
    if (index === this.#head) this.#advanceHead();
  }

  #advanceHead(): void {
    while (this.#head < this.#open.length && this.#open[this.#head] === 0) this.#head++;
    if (this.#head < COMPACT_AT || this.#head * 2 < this.#open.length) return;
    this.#offsets = this.#offsets.slice(this.#head);
    this.#open = this.#open.slice(this.#head);
    this.#eventTimes = this.#eventTimes.slice(this.#head);
    this.#timestamps = this.#timestamps.slice(this.#head);
    this.#base += this.#head;
    this.#head = 0;
  }

  /** The lowest unsettled offset, or the position when everything read is settled. */
  committable(): number {
    return this.#offsets[this.#head] ?? this.#position;
  }

  /** Whether a settled offset waits to be committed. */
  hasProgress(): boolean {
    return this.committable() > this.#committed;
  }

  /** A commit up to `offset` was acknowledged; returns the claims that it frees. */
  acknowledge(offset: number): Releasable[] {
    if (offset > this.#committed) this.#committed = offset;
    const freed: Releasable[] = [];
    const kept = [];
    for (const release of this.#releases) {
      if (release.offset < this.#committed) freed.push(release.claim);
      else kept.push(release);
    }
    this.#releases = kept;
    return freed;
  }

  /** Event time (epoch milliseconds) of the lowest unsettled record; null when everything is settled. */
  oldestUnsettledEventTime(): number | null {
    return this.#eventTimes[this.#head] ?? null;
  }

  /**
   * Timestamp in Kafka (epoch milliseconds) of the lowest record that was read and is not settled; null when there is
   * none. A batch that waits for Redis or for a schema counts, though nothing else here knows of it yet.
   */
  oldestUnsettledTimestamp(): number | null {
    return this.#timestamps[this.#head] ?? this.#arrived;
  }

  get committed(): number {
    return this.#committed;
  }
}

/** All partitions of one assignment. */
export class OffsetLedger {
  readonly #accounts = new Map<string, PartitionAccount>();

  /** `positions` are the offsets from which the assignment reads. */
  constructor(positions: readonly PartitionOffset[]) {
    for (const { topic, partition, offset } of positions) {
      this.#accounts.set(accountKey(topic, partition), new PartitionAccount(topic, partition, offset));
    }
  }

  /** The account of a partition of this assignment; undefined for another. */
  account(topic: string, partition: number): PartitionAccount | undefined {
    return this.#accounts.get(accountKey(topic, partition));
  }

  /** Partitions of the assignment. */
  get size(): number {
    return this.#accounts.size;
  }

  /** Records that are remembered, over all partitions. */
  get span(): number {
    let span = 0;
    for (const account of this.#accounts.values()) span += account.span;
    return span;
  }

  accounts(): IterableIterator<PartitionAccount> {
    return this.#accounts.values();
  }

  /** What may be committed now, partitions without progress left out. */
  committable(): PartitionOffset[] {
    const offsets: PartitionOffset[] = [];
    for (const account of this.#accounts.values()) {
      if (!account.hasProgress()) continue;
      offsets.push({ topic: account.topic, partition: account.partition, offset: account.committable() });
    }
    return offsets;
  }

  /** These offsets were committed; returns the claims that may be released now. */
  acknowledge(offsets: readonly PartitionOffset[]): Releasable[] {
    return offsets.flatMap(({ topic, partition, offset }) => this.account(topic, partition)?.acknowledge(offset) ?? []);
  }
}

function accountKey(topic: string, partition: number): string {
  return `${partition}|${topic}`;
}
