/**
 * How long, and how much of the buffer, a connection in trouble may hold; the rest becomes dead letters that are redriven
 * when it recovers.
 *
 * The time counts from the connection's first failure since its last success and stands still during an outage of the
 * vendor; it ends what waits in the whole lane. The share counts for one that TikTok throttles too, though requests of
 * it pass (core/throttled-spell.ts), and for one that alone is answered slowly (core/slow-answers.ts); only under
 * pressure or while reading stands still, where there is another connection to make room for, and not at the first
 * failure: a single timeout must cost nobody his queue.
 */

import type { Assignment } from './assignment.ts';
import { answerText } from './core/answer-text.ts';
import { type Holding, whatGoes } from './core/hold-bounds.ts';
import type { Verdict } from './core/judge-response.ts';
import type { PendingEvent } from './core/pending-event.ts';
import { durationWords } from './core/time-words.ts';
import type { DeliveryEndings } from './delivery-endings.ts';
import type { DeliveryPace } from './delivery-pace.ts';
import type { DeliveryParts } from './delivery-parts.ts';
import { type DeliveryRecoveries, TROUBLE_AFTER_MS } from './delivery-recoveries.ts';
import type { Lane, LaneBatch } from './lane.ts';

/**
 * One that may fail for everybody is left its queue for longer: an outage of the vendor is known when half of all
 * connections have tried.
 */
const OUTAGE_GRACE_MS = 60_000;
/**
 * While reading stands still, all connections in trouble together keep this part of what the buffer must drain to:
 * else they alone could keep it from there, each within its share.
 */
const TOGETHER_RATIO = 0.5;

export class DeliveryHolds {
  readonly #parts: DeliveryParts;
  readonly #pace: DeliveryPace;
  readonly #endings: DeliveryEndings;
  readonly #recoveries: DeliveryRecoveries;

  constructor(parts: DeliveryParts, pace: DeliveryPace, endings: DeliveryEndings, recoveries: DeliveryRecoveries) {
    this.#parts = parts;
    this.#pace = pace;
    this.#endings = endings;
    this.#recoveries = recoveries;
  }

  /** Milliseconds that events of the lane may wait on; endless while its connection does not fail. */
  leftMs({ connectionId }: Lane): number {
    const { maxHoldMs } = this.#parts.options;
    return this.#isBounded ? maxHoldMs - this.#failingForMs(connectionId) : Number.POSITIVE_INFINITY;
  }

  /** They have waited as long as they may. */
  tooLong(lane: Lane, assignment: Assignment, events: readonly PendingEvent[]): void {
    const longest = durationWords(this.#parts.options.maxHoldMs);
    this.#letGo(lane, assignment, events, `the connection has failed for ${longest} or longer`);
  }

  /** The batch that was being tried has made room. */
  yielded(lane: Lane, assignment: Assignment, events: readonly PendingEvent[]): void {
    this.#letGo(lane, assignment, events, this.#noRoom);
  }

  /** There is no room: what connections in trouble hold above their bounds goes, the oldest of each queue first. */
  trim(lanes: Iterable<Lane>, assignment: Assignment): void {
    const { enabledConnections, options } = this.#parts;
    if (!this.#isBounded) return;
    const troubled = [...lanes].filter(lane => this.#isToMakeRoom(lane));
    if (troubled.length === 0 || enabledConnections() < 2) return;
    const { isDraining, resumeRatio } = assignment.budget;
    const going = whatGoes(
      troubled.map(lane => holdingOf(lane, assignment)),
      options.maxBufferShareRatio,
      isDraining ? resumeRatio * TOGETHER_RATIO : Number.POSITIVE_INFINITY,
    );
    troubled.forEach((lane, index) => {
      const { batches, tried } = going[index] ?? { batches: 0, tried: false };
      this.#makeRoom(lane, batches);
      if (!tried) return;
      lane.yields = true;
      lane.wake?.();
    });
  }

  #isToMakeRoom({ connectionId }: Lane): boolean {
    const { clock, outage } = this.#parts;
    const now = clock.monotonic();
    // Just after an outage most have not been tried again yet: they fail no more for all that is known.
    const overForMs = outage.overForMs(now);
    const failing = this.#pace.failing(connectionId);
    if (overForMs < TROUBLE_AFTER_MS || (failing !== null && failing.sinceLastMs(now) > overForMs)) return false;
    const graceMs = this.#pace.mayFailForAll(connectionId) ? OUTAGE_GRACE_MS : TROUBLE_AFTER_MS;
    return this.#troubleOf(connectionId).forMs >= graceMs;
  }

  #makeRoom(lane: Lane, batches: number): void {
    for (const { assignment, events } of lane.queue.splice(0, batches)) {
      if (!assignment.isVoid) this.#letGo(lane, assignment, events, this.#noRoom);
    }
  }

  get #noRoom(): string {
    const percent = Math.round(this.#parts.options.maxBufferShareRatio * 100);
    return `the connection fails, is throttled or slow, and may hold ${percent} % of the buffer, less where many do`;
  }

  /** Tells of connections that work again for as long as they may fail: their letters can be redriven. */
  tellOfRecoveries(): void {
    this.#recoveries.look(connectionId => this.#troubleOf(connectionId).forMs);
  }

  get #isBounded(): boolean {
    return this.#parts.options.backpressure === 'dead_letter' && !this.#parts.outage.active;
  }

  #failingForMs(connectionId: string): number {
    const { clock, outage } = this.#parts;
    return this.#pace.failing(connectionId)?.failingForMs(outage.workingTime(clock.monotonic())) ?? 0;
  }

  /** For how long the connection has failed, or been throttled or slow, and the last answer that was a failure. */
  #troubleOf(connectionId: string): { readonly forMs: number; readonly answer: Verdict | null } {
    const spell = this.#pace.throttledSpell(connectionId);
    const throttledForMs = spell?.lastedMs(this.#parts.clock.monotonic()) ?? 0;
    const slowForMs = this.#pace.slowness(connectionId)?.forMs ?? 0;
    return {
      forMs: Math.max(this.#failingForMs(connectionId), throttledForMs, slowForMs),
      answer: this.#pace.failing(connectionId)?.lastAnswer ?? spell?.lastAnswer ?? null,
    };
  }

  #evidenceOf(connectionId: string, answer: Verdict | null): string {
    if (answer !== null) return `: ${answerText(answer)}`;
    const slowness = this.#pace.slowness(connectionId);
    return slowness === null ? '' : `: its last answer took ${Math.round(slowness.lastTookMs / 1_000)} s`;
  }

  #letGo({ connectionId }: Lane, assignment: Assignment, events: readonly PendingEvent[], reason: string): void {
    const { answer, forMs } = this.#troubleOf(connectionId);
    const detail = `${reason}${this.#evidenceOf(connectionId, answer)}`;
    // The steady clock counts parts of a millisecond, the status topic does not.
    this.#recoveries.letGo(connectionId, Math.round(this.#parts.clock.now() - forMs));
    this.#endings.refused(assignment, events, { deadLetter: 'connection_backpressure', detail }, answer ?? undefined);
  }
}

/** A batch that has to yield already is on its way out. */
function holdingOf(lane: Lane, assignment: Assignment): Holding {
  const shareOf = (batch: LaneBatch | null): number => {
    if (batch?.assignment !== assignment) return 0;
    const bytes = batch.events.reduce((sum, event) => sum + event.bytes, 0);
    return assignment.budget.shareOf(batch.events.length, bytes);
  };
  return {
    tried: lane.yields ? 0 : shareOf(lane.current),
    mayYield: lane.wake !== null && !lane.yields && lane.current?.assignment === assignment,
    queued: lane.queue.map(shareOf),
  };
}
