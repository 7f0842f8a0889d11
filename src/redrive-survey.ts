/**
 * What a redrive would do, letter by letter, without claiming or sending anything.
 *
 * A letter takes the way it takes in the job (fate, decode, resolve, build, the claim's verdict), so what is said
 * before is what happens, as long as neither configuration nor claims change meanwhile.
 */

import { claimKey, type DedupOptions, judgeClaim } from './core/deduplicate.ts';
import type { Draft } from './core/draft.ts';
import { count, sorted } from './core/letter-statistics.ts';
import type { SourceRecord } from './core/record.ts';
import type { LetterFate, PassReason } from './core/redrive.ts';
import type { RedrivePlan } from './core/redrive-tally.ts';
import { pause } from './pause.ts';
import type { Clock, RedriveRegister } from './ports.ts';

export interface RedriveSurveyParts {
  readonly fateOf: (record: SourceRecord) => LetterFate;
  /** Makes the schemas of these records known to the decoder; false when the registry is away. */
  readonly learnSchemas: (records: readonly SourceRecord[]) => Promise<boolean>;
  readonly draft: (record: SourceRecord, now: number) => Draft;
  readonly register: Pick<RedriveRegister, 'peek'>;
  readonly dedup: DedupOptions & { readonly keyPrefix: string };
  readonly ambiguousHorizonMs: number;
  readonly clock: Clock;
}

const RETRY_MS = 500;

export class RedriveSurvey {
  readonly #parts: RedriveSurveyParts;
  readonly #byReason = new Map<string, number>();
  readonly #byConnection = new Map<string, number>();
  readonly #wouldFail = new Map<string, number>();
  readonly #wouldSkip = new Map<string, number>();
  readonly #passed = new Map<PassReason, number>();
  #letters = 0;
  #wouldSend = 0;
  #already = 0;

  constructor(parts: RedriveSurveyParts) {
    this.#parts = parts;
  }

  /** Takes records of the topic in; waits while the registry is away. @throws ClaimsUnavailable */
  async add(records: readonly SourceRecord[], stop: AbortSignal): Promise<void> {
    const { clock, draft, fateOf, learnSchemas } = this.#parts;
    const chosen: { readonly record: SourceRecord; readonly reason: string }[] = [];
    for (const record of records) {
      const fate = fateOf(record);
      if (fate.kind === 'pass') count(this.#passed, fate.reason);
      else chosen.push({ record, reason: fate.letter.reason });
    }
    this.#letters += chosen.length;
    const wanted = chosen.map(({ record }) => record);
    while (!(await learnSchemas(wanted))) {
      if (stop.aborted) return;
      await pause(clock, RETRY_MS);
    }
    const now = clock.now();
    await this.#judge(
      chosen.map(({ reason, record }) => ({ reason, made: draft(record, now) })),
      now,
    );
  }

  async #judge(letters: readonly { readonly reason: string; readonly made: Draft }[], now: number): Promise<void> {
    const sends = letters.flatMap(({ made, reason }) => {
      const events = made.parts.flatMap(part => (part.kind === 'send' ? [part.event] : []));
      return events.map(event => ({ event, reason, source: made.record, attemptedAt: made.attemptedAt }));
    });
    const { dedup, register } = this.#parts;
    const held = await register.peek(sends.map(({ event, source }) => claimKey(dedup.keyPrefix, event, source)));
    for (const [index, { attemptedAt, event, reason, source }] of sends.entries()) {
      const decision = judgeClaim(held[index] ?? null, source, event.dedupWindowMs, now, dedup, attemptedAt);
      const isClaimed = decision.kind === 'send' || decision.kind === 'take-over';
      if (!isClaimed) this.#already++;
      else if (decision.claimedAt <= now - this.#parts.ambiguousHorizonMs)
        count(this.#wouldFail, 'ambiguous_past_dedup');
      else this.#send(reason, event.destination.connectionId);
    }
    for (const part of letters.flatMap(({ made }) => made.parts)) {
      if (part.kind === 'refuse') count(this.#wouldFail, part.refusal.deadLetter);
      else if (part.kind === 'skip') count(this.#wouldSkip, part.reason);
    }
  }

  #send(reason: string, connectionId: string): void {
    this.#wouldSend++;
    count(this.#byReason, reason);
    count(this.#byConnection, connectionId);
  }

  get letters(): number {
    return this.#letters;
  }

  plan(): RedrivePlan {
    return {
      letters: this.#letters,
      wouldSend: this.#wouldSend,
      wouldSendByReason: sorted(this.#byReason),
      wouldSendByConnection: sorted(this.#byConnection),
      alreadyDelivered: this.#already,
      wouldFail: sorted(this.#wouldFail),
      wouldSkip: sorted(this.#wouldSkip),
      passed: Object.fromEntries(this.#passed),
    };
  }
}
