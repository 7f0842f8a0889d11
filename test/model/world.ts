/**
 * The world around the service, in virtual time: two Kafka partitions, a Redis with time to live, a TikTok that
 * remembers for 48 h, the dead-letter topic. It also keeps the plain truth about every record, and throws a
 * `Violation` the moment a promise is broken.
 */

import type { Coordinates } from '../../src/core/record.ts';
import type { TikTokEvent } from '../../src/core/tiktok-event.ts';
import { tiktokEvent } from '../core/pending-events.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const TIKTOK_MEMORY = 48 * HOUR;
export const TOPIC = 'events';

/** A promise of the design that the schedule has broken. */
export class Violation extends Error {}

/** A distinct event, as TikTok would tell it from others: any number of records may carry it. */
export interface Kind {
  readonly event: TikTokEvent;
  /** TikTok refuses it. */
  readonly poison: boolean;
  readonly takes: Take[];
  /**
   * The generation of every claim value. A generation is what may count once: a repeat after the dedup window, claimed
   * from a sent mark that is old enough, begins a new one on purpose; everything else goes on with the one it found.
   */
  readonly generations: Map<string, number>;
  generation: number;
  /** When TikTok last counted it: its memory begins there. */
  countedAt: number;
  letters: number;
}

/** TikTok took a request that held this record's event. */
export interface Take {
  readonly record: Rec;
  readonly at: number;
  readonly counted: boolean;
  readonly generation: number;
}

/** A record and what has become of it. */
export interface Rec extends Coordinates {
  readonly kind: Kind;
  /** Its latest claim value. */
  claim: string | null;
  /** When its claim was first set; its claim must be remembered from here to its commit. */
  firstClaimAt: number | null;
  settledAs: 'delivered' | 'duplicate' | 'dead_lettered' | null;
  /** When the mark was acknowledged. */
  markAckAt: number | null;
  lettered: boolean;
  /** When the process that gave its claim back was told that it is gone. */
  releasedAt: number | null;
  committedAt: number | null;
}

/** Who may commit; compared by identity. */
export type Owner = object;

interface Partition {
  readonly records: Rec[];
  committed: number;
  owner: Owner | null;
}

export class World {
  now = Date.UTC(2026, 0, 1);
  readonly kinds: Kind[];
  readonly partitions: readonly Partition[] = [
    { records: [], committed: 0, owner: null },
    { records: [], committed: 0, owner: null },
  ];
  readonly redis = new Redis(this);
  /** Lines of what happened; null when nobody wants to read them. */
  readonly trace: string[] | null;

  constructor(kinds: readonly { readonly windowMs: number; readonly poison: boolean }[], traced: boolean) {
    this.kinds = kinds.map(({ windowMs, poison }, index) => kindOf(index, windowMs, poison));
    this.trace = traced ? [] : null;
  }

  note(line: () => string): void {
    this.trace?.push(`${clockTime(this.now)}  ${line()}`);
  }

  violated(promise: string): never {
    this.note(() => `VIOLATED: ${promise}`);
    throw new Violation(promise);
  }

  produce(kind: Kind, partition: number): void {
    const { records } = this.partitions[partition]!;
    const offset = records.length;
    records.push({
      ...{ topic: TOPIC, partition, offset, kind, claim: null, firstClaimAt: null },
      ...{ settledAs: null, markAckAt: null, lettered: false, releasedAt: null, committedAt: null },
    });
    this.note(() => `produce ${kind.event.eventId} at ${partition}@${offset}`);
  }

  record({ partition, offset }: Coordinates): Rec {
    return this.partitions[partition]!.records[offset]!;
  }

  get uncommitted(): Rec[] {
    return this.partitions.flatMap(({ records, committed }) => records.slice(committed));
  }

  /** A claim is in Redis now: taken over from a value (`from`), or where there was none (null). */
  claimed(record: Rec, value: string, from: string | null): void {
    const { kind } = record;
    Object.assign(record, { claim: value, releasedAt: null });
    const window = kind.event.dedupWindowMs;
    const last = kind.takes.findLast(take => take.counted);
    const over = last !== undefined && this.now - last.at >= window;
    const anew = from === null ? over && last.record !== record : from.startsWith('s');
    const generation = anew ? ++kind.generation : (kind.generations.get(from ?? '') ?? kind.generation);
    kind.generations.set(value, generation);
  }

  /** TikTok takes an event under this claim, which the service had decided to send at `decidedAt`. */
  take(record: Rec, claim: string, decidedAt: number): void {
    const { kind } = record;
    const counted = this.now - kind.countedAt >= TIKTOK_MEMORY;
    const generation = kind.generations.get(claim) ?? 0;
    this.note(() => `TikTok takes ${describe(record)}${counted ? '' : ' (drops it: known)'}`);
    for (const earlier of kind.takes) {
      const apart = kind.event.dedupWindowMs === 0 ? earlier.record !== record : earlier.generation !== generation;
      if (apart) continue;
      if (counted && earlier.counted) this.violated(`${kind.event.eventId} is counted twice by TikTok`);
      if (knownDelivered(earlier, decidedAt)) {
        this.violated(`${kind.event.eventId} is sent again although it was known to be delivered`);
      }
    }
    if (counted) kind.countedAt = this.now;
    kind.takes.push({ record, at: this.now, counted, generation });
  }

  writeLetter(record: Rec): void {
    record.lettered = true;
    record.kind.letters++;
    this.note(() => `dead letter of ${describe(record)} is written`);
  }

  /** The broker's part of a commit; false when the committer is fenced. */
  commit(owner: Owner, partition: number, offset: number): boolean {
    const log = this.partitions[partition]!;
    if (log.owner !== owner) return false;
    if (offset < log.committed) this.violated(`the committed offset of ${partition} goes back to ${offset}`);
    for (const record of log.records.slice(log.committed, offset)) {
      if (record.settledAs === null) this.violated(`the commit of ${offset} passes unsettled ${describe(record)}`);
      record.committedAt = this.now;
    }
    log.committed = offset;
    this.note(() => `partition ${partition} is committed up to ${offset}`);
    return true;
  }

  /** Nothing is lost: to be asked when everything has recovered. */
  checkNothingLost(): void {
    for (const { records, committed } of this.partitions) {
      if (committed !== records.length) this.violated('the service does not come to an end');
      for (const record of records) {
        const { kind } = record;
        // Without a dedup window a record answers for itself; otherwise any record of the same event stands for it.
        const own = kind.event.dedupWindowMs === 0;
        const taken = kind.takes.some(take => !own || take.record === record);
        const lettered = own ? record.lettered : kind.letters > 0;
        if (!taken && !lettered) this.violated(`${describe(record)} is lost (settled as ${record.settledAs})`);
      }
    }
  }
}

/** Repeats inside TikTok's memory are for requests whose mark nobody had acknowledged. */
function knownDelivered({ record, at }: Take, decidedAt: number): boolean {
  const { markAckAt, committedAt, settledAs } = record;
  if (markAckAt !== null && at <= markAckAt && markAckAt < decidedAt) return true;
  return settledAs === 'delivered' && committedAt !== null && committedAt < decidedAt;
}

export class Redis {
  readonly #world: World;
  readonly #held = new Map<string, { readonly value: string; readonly until: number }>();

  constructor(world: World) {
    this.#world = world;
  }

  get(key: string): string | null {
    const held = this.#held.get(key);
    return held !== undefined && held.until > this.#world.now ? held.value : null;
  }

  set(key: string, value: string, ttlMs: number): void {
    this.#held.set(key, { value, until: this.#world.now + ttlMs });
  }

  delete(key: string): void {
    this.#held.delete(key);
  }
}

export function describe(record: Rec): string {
  return `${record.kind.event.eventId} of ${record.partition}@${record.offset}`;
}

function kindOf(index: number, dedupWindowMs: number, poison: boolean): Kind {
  const eventId = `${'ABCDEFGH'[index]}${poison ? '-poison' : ''}-${dedupWindowMs / HOUR}h`;
  const event = tiktokEvent({ eventId, dedupWindowMs });
  return {
    event,
    poison,
    takes: [],
    generations: new Map(),
    generation: 0,
    countedAt: Number.NEGATIVE_INFINITY,
    letters: 0,
  };
}

function clockTime(now: number): string {
  const seconds = Math.floor((now - Date.UTC(2026, 0, 1)) / 1000);
  const two = (part: number) => String(part).padStart(2, '0');
  return `${String(Math.floor(seconds / 3600)).padStart(3)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
