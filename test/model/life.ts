/**
 * One assignment of a process, as the service runs it around the same pure core: it claims, sends, marks, writes
 * letters, settles, commits and releases, one small step at a time, so that a schedule may put anything between two
 * steps. A revoked life goes on as a zombie: it ends what it has begun, starts nothing, and cannot commit.
 */

import { type ClaimDecision, parseClaimValue, sentValue } from '../../src/core/deduplicate.ts';
import { OffsetLedger, type Releasable } from '../../src/core/offset-ledger.ts';
import type { Refusal } from '../../src/core/outcome.ts';
import type { PendingEvent } from '../../src/core/pending-event.ts';
import type { PartitionOffset } from '../../src/core/record.ts';
import * as ends from '../../src/core/settled.ts';
import { recordCopy } from '../core/pending-events.ts';
import { checkClaimant, claimOf, judged } from './claim-rules.ts';
import type { Mutation } from './mutations.ts';
import type { Random } from './random.ts';
import { describe, HOUR, type Rec, TOPIC, type World } from './world.ts';

/** How the servers behave at the moment. */
export interface Weather {
  redis: 'up' | 'flaky' | 'down';
  kafka: 'up' | 'flaky';
  tiktok: 'up' | 'lossy' | 'down' | 'refusing';
}

/** What happened in a run, to be sure that the schedules reach what they are meant to reach. */
export type Coverage = Record<string, number>;

export interface Surroundings {
  readonly world: World;
  readonly random: Random;
  readonly weather: Weather;
  readonly mutation: Mutation | null;
  readonly coverage: Coverage;
}

/** An event on its way. */
interface Item {
  readonly record: Rec;
  readonly pending: PendingEvent;
  /** When its claim was judged. */
  readonly decidedAt: number;
}

interface Request {
  readonly items: readonly Item[];
  readonly startedAt: number;
  /** What TikTok did with it; open while it is on its way. */
  fate: 'open' | 'taken' | 'lost' | 'unreached' | 'poison' | 'parked';
}

interface Ending {
  readonly record: Rec;
  readonly settled: ends.Settled;
}

interface Claiming {
  readonly partition: number;
  readonly entries: {
    readonly record: Rec;
    at: number;
    reply: string | null;
    open: boolean;
    decision: ClaimDecision | null;
  }[];
  /** Whether replies to the open ones are there. */
  replied: boolean;
}

type Call = 'ok' | 'lost request' | 'lost answer';

const AMBIGUOUS_HORIZON = 47 * HOUR;
const ANSWER = { httpStatus: 200, apiCode: 0, requestId: null, message: 'OK' };

export class Life {
  readonly name: string;
  readonly #around: Surroundings;
  readonly #ledger: OffsetLedger;
  readonly #next = new Map<number, number>();
  revoked = false;
  #claiming: Claiming | null = null;
  #waiting: Item[] = [];
  readonly #requests: Request[] = [];
  readonly #marks: Ending[] = [];
  readonly #letters: Ending[] = [];
  readonly #logs: Ending[] = [];
  readonly #releases: Releasable[] = [];
  #commit: { readonly offsets: PartitionOffset[]; state: 'sent' | 'applied' | 'fenced' } | null = null;
  readonly #counts = { consumed: 0, ended: 0, handedOver: 0 };

  constructor(name: string, partitions: readonly number[], around: Surroundings) {
    this.name = name;
    this.#around = around;
    const positions = partitions.map(partition => {
      const offset = around.world.partitions[partition]!.committed;
      this.#next.set(partition, offset);
      return { topic: TOPIC, partition, offset };
    });
    this.#ledger = new OffsetLedger(positions);
  }

  // --- claim ---

  /** Reads a few records and claims them; a batch that gets no answer leaves no trace and is read again. */
  claim(): boolean {
    const { world, random, coverage } = this.#around;
    if (this.revoked || this.#claiming?.replied) return false;
    this.#claiming ??= this.#fetch();
    if (this.#claiming === null) return false;
    const call = this.#callRedis();
    if (call !== 'lost request') {
      for (const entry of this.#claiming.entries) {
        if (!entry.open) continue;
        const { key, value, ttlMs } = claimOf(entry.record, world.now, this.#around.mutation);
        entry.at = world.now;
        entry.reply = world.redis.get(key);
        entry.record.firstClaimAt ??= world.now;
        if (entry.reply === null) {
          world.redis.set(key, value, ttlMs);
          world.claimed(entry.record, value, null);
        }
        this.#note(
          () => `claims ${describe(entry.record)}: ${entry.reply ?? 'nil'}${call === 'ok' ? '' : ' (answer lost)'}`,
        );
      }
    }
    if (call === 'ok') this.#claiming.replied = true;
    else {
      this.#claiming = null;
      count(coverage, 'claim without answer');
    }
    if (random.chance(0.5)) this.decide();
    return true;
  }

  #fetch(): Claiming | null {
    const { world, random } = this.#around;
    const readable = [...this.#next].filter(([partition, next]) => next < world.partitions[partition]!.records.length);
    if (readable.length === 0) return null;
    const [partition, next] = random.pick(readable);
    const records = world.partitions[partition]!.records.slice(next, next + 1 + random.below(3));
    const entries = records.map(record => ({ record, at: 0, reply: null, open: true, decision: null }));
    return { partition, entries, replied: false };
  }

  /** Judges the replies, takes over what may be taken over, and admits the batch when all of it is decided. */
  decide(): boolean {
    const claiming = this.#claiming;
    if (this.revoked || claiming === null || !claiming.replied) return false;
    const open = claiming.entries.filter(entry => entry.open);
    for (const entry of open) entry.decision = judged(entry.record, entry.reply, entry.at, this.#around.mutation);
    const takeOvers = open.filter(entry => entry.decision?.kind === 'take-over');
    const call = takeOvers.length === 0 ? 'ok' : this.#callRedis();
    const won = new Set(
      takeOvers.filter(entry => call !== 'lost request' && this.#takeOver(entry.record, entry.decision!)),
    );
    if (call !== 'ok') {
      this.#claiming = null;
      return true;
    }
    for (const entry of open) entry.open = entry.decision?.kind === 'take-over' && !won.has(entry);
    if (claiming.entries.some(entry => entry.open)) {
      claiming.replied = false;
      count(this.#around.coverage, 'takeover lost');
      return true;
    }
    for (const { record, at, decision } of claiming.entries) this.#admit(record, at, decision as ClaimDecision);
    this.#next.set(claiming.partition, claiming.entries.at(-1)!.record.offset + 1);
    this.#claiming = null;
    return true;
  }

  #takeOver(record: Rec, decision: ClaimDecision): boolean {
    if (decision.kind !== 'take-over') return false;
    const { world, mutation } = this.#around;
    const { key, ttlMs } = claimOf(record, world.now, mutation);
    const held = world.redis.get(key);
    if (held !== decision.expected && held !== decision.value) return false;
    world.redis.set(key, decision.value, ttlMs);
    if (held !== decision.value) world.claimed(record, decision.value, held);
    this.#note(() => `takes ${describe(record)} over from ${decision.expected}`);
    count(this.#around.coverage, 'takeover');
    return true;
  }

  #admit(record: Rec, decidedAt: number, decision: ClaimDecision): void {
    const { world, coverage } = this.#around;
    const ticket = this.#ledger.account(TOPIC, record.partition)!.track(record.offset, 1, world.now, world.now);
    const subject = ends.subjectOfEvent(ticket, record, record.kind.event);
    record.settledAs = null;
    this.#counts.consumed++;
    switch (decision.kind) {
      case 'replayed':
        count(coverage, 'replayed');
        this.#logs.push({ record, settled: ends.replayed(subject, world.now) });
        break;
      case 'duplicate': {
        count(coverage, 'duplicate');
        const { claimant, reason } = decision;
        this.#note(() => `settles ${describe(record)} as duplicate of ${claimant.partition}@${claimant.offset}`);
        checkClaimant(world, world.record(claimant), decidedAt);
        this.#logs.push({ record, settled: ends.duplicate(subject, reason, claimant, world.now) });
        break;
      }
      case 'send':
      case 'take-over': {
        if (decision.attemptedBefore) count(coverage, 'claim with an earlier attempt');
        const claim = claimOf(record, decision.claimedAt, this.#around.mutation);
        const { claimedAt, attemptedBefore } = decision;
        const event = record.kind.event;
        this.#waiting.push({
          record,
          decidedAt,
          pending: {
            ...{
              connectionId: 'c',
              destinationKey: 'd',
              jsonBytes: 1,
              maxPerRequest: 1_000,
              event,
              ticket,
              source: copyOf(record),
            },
            ...{ schemaId: 1, claim, claimedAt, bytes: 1, attempts: 0 },
            lastAnswer: null,
            firstAttemptAt: attemptedBefore ? claimedAt : null,
          },
        });
      }
    }
  }

  // --- deliver ---

  /** Starts a request with some of what waits; what is too old for one becomes a dead letter. */
  send(): boolean {
    const { world, random, mutation, coverage } = this.#around;
    if (this.revoked || this.#waiting.length === 0) return false;
    const horizon = mutation === 'no horizon' ? Number.NEGATIVE_INFINITY : world.now - AMBIGUOUS_HORIZON;
    const from = random.below(this.#waiting.length);
    const chosen = this.#waiting.splice(from, 1 + random.below(3));
    const expired = chosen.filter(({ pending }) => pending.claimedAt <= horizon);
    for (const item of expired) {
      count(coverage, 'ambiguous past dedup');
      this.#refuse(item, { deadLetter: 'ambiguous_past_dedup', detail: '' });
    }
    const items = chosen.filter(item => !expired.includes(item));
    if (items.length === 0) return true;
    this.#note(() => `sends ${items.map(({ record }) => describe(record)).join(', ')}`);
    this.#requests.push({ items, startedAt: world.now, fate: 'open' });
    return true;
  }

  /** TikTok's side of a request: what it takes, it takes now. */
  #arrive(request: Request): void {
    const { world, random, weather } = this.#around;
    if (weather.tiktok === 'refusing') request.fate = 'parked';
    else if (weather.tiktok === 'down') request.fate = random.chance(0.5) ? 'unreached' : 'lost';
    else if (weather.tiktok === 'lossy' && random.chance(0.5)) request.fate = 'lost';
    else if (request.items.some(({ record }) => record.kind.poison)) request.fate = 'poison';
    else {
      request.fate = 'taken';
      for (const { record, pending, decidedAt } of request.items) world.take(record, pending.claim.value, decidedAt);
    }
  }

  /** Requests that are on their way arrive or are lost before much time passes. */
  arriveAll(): void {
    for (const request of this.#requests) if (request.fate === 'open') this.#arrive(request);
  }

  /** The answer to a request comes in, or fails to. */
  answer(): boolean {
    const { random, weather } = this.#around;
    if (this.#requests.length === 0) return false;
    const [request] = this.#requests.splice(random.below(this.#requests.length), 1) as [Request];
    if (request.fate === 'open') this.#arrive(request);
    const lost =
      request.fate === 'lost' || (weather.tiktok === 'lossy' && request.fate !== 'unreached' && random.chance(0.6));
    this.#note(
      () =>
        `reads ${lost ? 'no answer' : request.fate} for ${request.items.map(({ record }) => describe(record)).join(', ')}`,
    );
    if (lost) for (const { pending } of request.items) pending.firstAttemptAt ??= request.startedAt;
    if (lost || request.fate === 'unreached') this.#again(request.items);
    else if (request.fate === 'taken') for (const item of request.items) this.#delivered(item);
    else if (request.fate === 'parked') {
      count(this.#around.coverage, 'parked');
      for (const item of request.items) this.#refuse(item, { deadLetter: 'connection_parked', detail: '' });
    } else this.#isolate(request.items);
    return true;
  }

  #again(items: readonly Item[]): void {
    if (!this.revoked) this.#waiting.push(...items);
  }

  #isolate(items: readonly Item[]): void {
    // A zombie may not send the parts that would find the bad one.
    if (this.revoked && items.length > 1) return;
    for (const item of items) {
      if (item.record.kind.poison) this.#refuse(item, { deadLetter: 'refused_by_tiktok', detail: '' });
      else this.#again([item]);
    }
  }

  #delivered({ record, pending }: Item): void {
    const { world, mutation } = this.#around;
    const { now } = world;
    const value = mutation === 'boolean claim' ? pending.claim.value : sentValue(pending.source, now);
    const ending = { record, settled: ends.delivered(pending, ANSWER, { ...pending.claim, value }, now) };
    if (mutation !== 'marks not awaited') {
      this.#marks.push(ending);
      return;
    }
    this.#settle(ending);
    if (this.#callRedis() !== 'lost request') world.redis.set(pending.claim.key, value, pending.claim.ttlMs);
  }

  #refuse({ record, pending }: Item, refusal: Refusal): void {
    const settled = ends.undeliverable(pending, refusal, ANSWER, this.#around.world.now);
    const release = this.#around.mutation === 'release after attempt' ? pending.claim : settled.release;
    this.#letters.push({ record, settled: { ...settled, release } });
  }

  // --- settle ---

  /** Marks a delivered event as sent; tried until Redis acknowledges it. */
  mark(): boolean {
    const { world, coverage } = this.#around;
    const ending = this.#any(this.#marks);
    if (ending === null) return false;
    const { record, settled } = ending;
    const call = this.#callRedis();
    const mark = settled.mark!;
    if (call !== 'lost request') world.redis.set(mark.key, mark.value, mark.ttlMs);
    this.#note(() => `marks ${describe(record)}: ${call}`);
    if (call !== 'ok') this.#marks.push(ending);
    else {
      if (this.revoked) count(coverage, 'mark of a zombie');
      record.markAckAt = world.now;
      this.#settle(ending);
    }
    return true;
  }

  /** Writes a dead letter; tried until all replicas acknowledge it. */
  writeLetter(): boolean {
    const ending = this.#any(this.#letters);
    if (ending === null) return false;
    const call = this.#callKafka();
    if (call !== 'lost request') this.#around.world.writeLetter(ending.record);
    if (call === 'ok') this.#settle(ending);
    else this.#letters.push(ending);
    return true;
  }

  /** Logs a duplicate or a replay. */
  writeLog(): boolean {
    const ending = this.#any(this.#logs);
    if (ending === null) return false;
    if (this.#callKafka() === 'ok') this.#settle(ending);
    else this.#logs.push(ending);
    return true;
  }

  #settle({ record, settled }: Ending): void {
    if (this.revoked) return;
    settled.ticket.account.settle(settled.ticket.sequence, settled.release);
    record.settledAs = settled.outcome === 'skipped' ? null : settled.outcome;
    this.#counts.ended++;
  }

  // --- commit ---

  /** A commit goes through three steps: sent, judged by the broker, acknowledged. */
  commit(): boolean {
    const { world, random, coverage } = this.#around;
    const commit = this.#commit;
    if (commit === null) {
      const offsets = this.revoked ? [] : this.#committable();
      this.#commit = offsets.length === 0 ? null : { offsets, state: 'sent' };
      return offsets.length > 0;
    }
    if (commit.state === 'sent') {
      if (this.#callKafka() === 'lost request') this.#commit = null;
      else {
        const taken = commit.offsets.every(({ partition, offset }) => world.commit(this, partition, offset));
        commit.state = taken ? 'applied' : 'fenced';
        if (!taken) count(coverage, 'fenced commit');
      }
      return true;
    }
    this.#commit = null;
    if (commit.state === 'applied' && (this.#around.weather.kafka === 'up' || random.chance(0.7))) {
      this.#releases.push(...this.#ledger.acknowledge(commit.offsets));
    }
    return true;
  }

  #committable(): PartitionOffset[] {
    if (this.#around.mutation !== 'commit before settlement') return this.#ledger.committable();
    const read = [...this.#next].map(([partition, offset]) => ({ topic: TOPIC, partition, offset }));
    return read.filter(({ partition, offset }) => offset > this.#around.world.partitions[partition]!.committed);
  }

  /** Gives back a claim whose commit is acknowledged; tried until Redis acknowledges it. */
  release(): boolean {
    const { world, mutation, coverage } = this.#around;
    const releasable = this.#any(this.#releases);
    if (releasable === null) return false;
    const { key, value } = releasable;
    const call = this.#callRedis();
    const ours = mutation === 'blind release' || world.redis.get(key) === value;
    if (call !== 'lost request' && ours && mutation !== 'missing release') world.redis.delete(key);
    if (call !== 'ok') this.#releases.push(releasable);
    else {
      const held = parseClaimValue(value);
      const record = held === null ? null : world.record(held);
      if (record?.claim === value) record.releasedAt = world.now;
      count(coverage, 'release');
    }
    this.#note(() => `releases ${value}: ${call}`);
    return true;
  }

  // --- ends ---

  /** The partitions are somebody else's now. */
  revoke(): void {
    this.#counts.handedOver += this.#inFlight();
    this.revoked = true;
    this.#claiming = null;
    this.#waiting = [];
  }

  /** The process dies; what it has sent over a wire may still have its effect. */
  crash(): void {
    const { world, random } = this.#around;
    for (const request of this.#requests) if (request.fate === 'open' && random.chance(0.5)) this.#arrive(request);
    for (const { settled } of this.#marks) {
      if (random.chance(0.3)) world.redis.set(settled.mark!.key, settled.mark!.value, settled.mark!.ttlMs);
    }
    for (const { record } of this.#letters) if (random.chance(0.3)) world.writeLetter(record);
    if (this.#commit?.state === 'sent' && random.chance(0.3)) {
      for (const { partition, offset } of this.#commit.offsets) world.commit(this, partition, offset);
    }
  }

  /** Promise 6: what was consumed is settled, handed over or in flight. */
  checkConservation(): void {
    const { consumed, ended, handedOver } = this.#counts;
    const inFlight = this.revoked ? 0 : this.#inFlight();
    if (consumed === ended + handedOver + inFlight) return;
    this.#around.world.violated(`${consumed} consumed is not ${ended} settled + ${handedOver} + ${inFlight} in flight`);
  }

  /** Whether a zombie has nothing left to do. */
  get spent(): boolean {
    return [this.#requests, this.#marks, this.#letters, this.#logs, this.#releases].every(list => list.length === 0);
  }

  #inFlight(): number {
    const requested = this.#requests.reduce((sum, { items }) => sum + items.length, 0);
    return this.#waiting.length + requested + this.#marks.length + this.#letters.length + this.#logs.length;
  }

  #any<T>(list: T[]): T | null {
    return list.length === 0 ? null : (list.splice(this.#around.random.below(list.length), 1)[0] as T);
  }

  #callRedis(): Call {
    const { random, weather } = this.#around;
    if (weather.redis === 'down') return 'lost request';
    return weather.redis === 'up' || random.chance(0.6) ? 'ok' : random.pick(['lost request', 'lost answer']);
  }

  #callKafka(): Call {
    const { random, weather } = this.#around;
    return weather.kafka === 'up' || random.chance(0.6) ? 'ok' : random.pick(['lost request', 'lost answer']);
  }

  #note(line: () => string): void {
    this.#around.world.note(() => `${this.name}${this.revoked ? ' (revoked)' : ''} ${line()}`);
  }
}

function copyOf({ topic, partition, offset }: Rec): PendingEvent['source'] {
  return recordCopy(offset, { topic, partition });
}

export function count(coverage: Coverage, what: string): void {
  coverage[what] = (coverage[what] ?? 0) + 1;
}
