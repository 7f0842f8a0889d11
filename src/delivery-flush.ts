/**
 * One batch against TikTok, until each of its events has ended or stands in the queue again.
 *
 * What is refused is narrowed down (delivery-isolation.ts). What gets an answer that nobody understands is sent again,
 * three attempts in all with waits between, in ever smaller parts (core/unclear-parts.ts): the answer may become
 * another one, and who causes it shows. Part after part with such an answer, and none taken, is about no event.
 */

import type { Assignment } from './assignment.ts';
import type { PendingEvent } from './core/pending-event.ts';
import { spread } from './core/spread.ts';
import { MOST_UNCLEAR_ATTEMPTS, partsAfter, type UnclearPart } from './core/unclear-parts.ts';
import { WholesaleRefusals } from './core/wholesale-refusals.ts';
import type { AnsweredPart, DeliveryAttempts } from './delivery-attempts.ts';
import type { DeliveryEndings } from './delivery-endings.ts';
import { DeliveryIsolation } from './delivery-isolation.ts';
import type { Lane, LaneBatch } from './lane.ts';

/** So many parts with an answer that nobody understands, and nothing taken: it may be about no event. */
const ALIKE = 16;
/** Then so many events are asked about alone, far apart, before the rest is left. */
const SPOT_CHECKS = 4;

/** What is left of the parts of one attempt. */
interface Tried {
  readonly unclear: readonly AnsweredPart[];
  /** Not sent any more, because the answers are about no event, or the batch has to make room. */
  readonly untried: readonly PendingEvent[];
}

export class DeliveryFlush {
  readonly #attempts: DeliveryAttempts;
  readonly #endings: DeliveryEndings;
  readonly #isolation: DeliveryIsolation;

  constructor(attempts: DeliveryAttempts, endings: DeliveryEndings) {
    this.#attempts = attempts;
    this.#endings = endings;
    this.#isolation = new DeliveryIsolation(attempts, endings);
  }

  async flush(lane: Lane, { assignment, events }: LaneBatch): Promise<void> {
    const refusals = new WholesaleRefusals();
    let parts: readonly (readonly PendingEvent[])[] = [events];
    for (let attempt = 1; ; attempt++) {
      lane.current = { assignment, events: parts.flat() };
      const { unclear, untried } = await this.#try(lane, assignment, parts, refusals);
      const left = [...unclear.flatMap(part => part.events), ...untried];
      if (lane.yields) return this.#attempts.yielded(lane, assignment, left);
      if (left.length === 0 || assignment.isVoid) return;
      if (attempt === MOST_UNCLEAR_ATTEMPTS) {
        this.#attempts.giveUp(lane);
        return this.#endings.rejected(assignment, left);
      }
      await this.#wait(lane, attempt, unclear);
      parts = untried.length > 0 ? [left] : partsAfter(attempt, unclear.map(withFailedRows));
    }
  }

  async #try(
    lane: Lane,
    assignment: Assignment,
    parts: readonly (readonly PendingEvent[])[],
    refusals: WholesaleRefusals,
  ): Promise<Tried> {
    const unclear: AnsweredPart[] = [];
    const waiting = [...parts];
    let areSpotsNext = false;
    for (let events = waiting.shift(); events !== undefined; events = waiting.shift()) {
      const end = await this.#attempts.send(lane, { assignment, events });
      if (end.kind === 'taken') refusals.taken();
      if (end.kind === 'unclear') unclear.push(end);
      if (end.kind === 'refused') {
        unclear.push(...(await this.#isolation.isolate(lane, { assignment, events }, end, refusals)));
      }
      if (lane.yields) return { unclear, untried: waiting.flat() };
      if (refusals.anyTaken || unclear.length < ALIKE) continue;
      if (areSpotsNext && unclear.length >= ALIKE + SPOT_CHECKS) return { unclear, untried: waiting.flat() };
      if (!areSpotsNext) waiting.splice(0, waiting.length, ...spotsFirst(waiting));
      areSpotsNext = true;
    }
    return { unclear, untried: [] };
  }

  /** That some were taken will not become another answer, and the parts have answers of their own: they need no wait. */
  async #wait(lane: Lane, attempt: number, unclear: readonly AnsweredPart[]): Promise<void> {
    const [longest] = unclear.toSorted((a, b) => (b.verdict.retryAfterMs ?? 0) - (a.verdict.retryAfterMs ?? 0));
    if (longest === undefined) return;
    const { class: verdict, retryAfterMs } = longest.verdict;
    if (attempt > 1 || verdict !== 'partial' || retryAfterMs !== null) {
      await this.#attempts.putOff(lane, longest.verdict);
    }
  }
}

/** A few events far apart go alone before the rest: one of them that is taken shows that the answers are about events. */
function spotsFirst(parts: readonly (readonly PendingEvent[])[]): (readonly PendingEvent[])[] {
  const spots = new Set(spread(parts.flat(), SPOT_CHECKS, ({ event }) => event.eventId));
  const rest = parts.map(part => part.filter(event => !spots.has(event))).filter(part => part.length > 0);
  return [...[...spots].map(spot => [spot]), ...rest];
}

function withFailedRows({ events, verdict }: AnsweredPart): UnclearPart<PendingEvent> {
  return { events, failedRows: verdict.failedRows };
}
