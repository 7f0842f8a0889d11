/**
 * One batch against TikTok, until each of its events has ended or stands in the queue again.
 *
 * What is refused is narrowed down (delivery-isolation.ts). What gets an answer that nobody understands is sent again,
 * three attempts in all with waits between, in ever smaller parts (core/unclear-parts.ts): the answer may become
 * another one, and who causes it shows. One part after the other with such an answer, and none taken, is about no event.
 */

import type { PendingEvent } from './core/pending-event.ts';
import { MOST_UNCLEAR_ATTEMPTS, partsAfter, type UnclearPart } from './core/unclear-parts.ts';
import { WHOLESALE_REFUSALS } from './core/wholesale-refusals.ts';
import type { AnsweredPart, DeliveryAttempts } from './delivery-attempts.ts';
import type { DeliveryEndings } from './delivery-endings.ts';
import { DeliveryIsolation } from './delivery-isolation.ts';
import type { Lane, LaneBatch } from './lane.ts';

/** What became of one attempt's parts, the ended ones left aside. */
interface Tried {
  readonly unclear: readonly AnsweredPart[];
  /** Parts not sent any more, because the answers are about no event. */
  readonly untried: readonly (readonly PendingEvent[])[];
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
    let parts: readonly (readonly PendingEvent[])[] = [events];
    for (let attempt = 1; ; attempt++) {
      const tried = await this.#try(lane, assignment, parts);
      const last = tried.unclear.at(-1);
      if (last === undefined || assignment.isVoid) return;
      const left = [...tried.unclear.flatMap(part => part.events), ...tried.untried.flat()];
      if (attempt === MOST_UNCLEAR_ATTEMPTS) {
        this.#attempts.waitNoMore(lane);
        this.#endings.rejected(assignment, left);
        return;
      }
      // That some were taken will not become another answer; the parts have answers of their own.
      if (attempt > 1 || last.verdict.class !== 'partial') await this.#attempts.putOff(lane, last.verdict);
      parts = tried.untried.length > 0 ? [left] : partsAfter(attempt, tried.unclear.map(withFailedRows));
    }
  }

  async #try(
    lane: Lane,
    assignment: LaneBatch['assignment'],
    parts: readonly (readonly PendingEvent[])[],
  ): Promise<Tried> {
    const unclear: AnsweredPart[] = [];
    let anyTaken = false;
    for (const [index, events] of parts.entries()) {
      const end = await this.#attempts.send(lane, { assignment, events });
      if (end.kind === 'taken') anyTaken = true;
      if (end.kind === 'unclear') unclear.push(end);
      if (end.kind === 'refused') {
        const isolated = await this.#isolation.isolate(lane, { assignment, events }, end);
        unclear.push(...isolated.unclear);
        anyTaken ||= isolated.anyTaken;
      }
      if (!anyTaken && unclear.length >= WHOLESALE_REFUSALS) return { unclear, untried: parts.slice(index + 1) };
    }
    return { unclear, untried: [] };
  }
}

function withFailedRows({ events, verdict }: AnsweredPart): UnclearPart<PendingEvent> {
  return { events, failedRows: verdict.failedRows };
}
