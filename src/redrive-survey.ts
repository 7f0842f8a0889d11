/** What a redrive would do: counts what becomes of each letter, without claiming or sending anything. */

import { count, sorted } from './core/letter-statistics.ts';
import type { SourceRecord } from './core/record.ts';
import type { PassReason } from './core/redrive.ts';
import type { RedrivePlan } from './core/redrive-tally.ts';
import { pause } from './pause.ts';
import type { Clock } from './ports.ts';
import { type Judged, type JudgementParts, judgeLetters } from './redrive-judgement.ts';

export interface RedriveSurveyParts extends JudgementParts {
  readonly clock: Clock;
  /** Most letters that the run may send. */
  readonly max: number;
}

const RETRY_MS = 500;

export class RedriveSurvey {
  readonly #parts: RedriveSurveyParts;
  readonly #byReason = new Map<string, number>();
  readonly #byConnection = new Map<string, number>();
  readonly #wouldFail = new Map<string, number>();
  readonly #wouldSkip = new Map<string, number>();
  readonly #parked = new Map<string, number>();
  readonly #passed = new Map<PassReason, number>();
  #letters = 0;
  #open = 0;
  #wouldSend = 0;
  #beyondMax = 0;
  #already = 0;

  constructor(parts: RedriveSurveyParts) {
    this.#parts = parts;
  }

  /** Takes records of the topic in; waits while the registry is away. @throws ClaimsUnavailable */
  async add(records: readonly SourceRecord[], stop: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    for (;;) {
      const judged = await judgeLetters(records, this.#parts, clock.now());
      if (judged !== null) for (const one of judged) this.#add(one);
      if (judged !== null || stop.aborted) return;
      await pause(clock, RETRY_MS);
    }
  }

  #add({ delivered, failures, letter, passed, sends, skips }: Judged): void {
    if (passed === null || isMatch(passed)) this.#letters++;
    if (passed !== null) {
      count(this.#passed, passed);
      if (passed === 'connection_parked') count(this.#parked, letter?.connectionId ?? 'none');
      return;
    }
    this.#already += delivered;
    for (const reason of failures) count(this.#wouldFail, reason);
    for (const reason of skips) count(this.#wouldSkip, reason);
    if (sends.length === 0) return;
    if (++this.#open > this.#parts.max) this.#beyondMax += sends.length;
    else for (const connectionId of sends) this.#send(letter?.reason ?? 'none', connectionId);
  }

  #send(reason: string, connectionId: string): void {
    this.#wouldSend++;
    count(this.#byReason, reason);
    count(this.#byConnection, connectionId);
  }

  plan(): RedrivePlan {
    return {
      letters: this.#letters,
      wouldSend: this.#wouldSend,
      wouldSendByReason: sorted(this.#byReason),
      wouldSendByConnection: sorted(this.#byConnection),
      beyondMax: this.#beyondMax,
      alreadyDelivered: this.#already,
      wouldFail: sorted(this.#wouldFail),
      wouldSkip: sorted(this.#wouldSkip),
      passed: Object.fromEntries(this.#passed),
      parkedByConnection: sorted(this.#parked),
    };
  }
}

/** Letters that are left where they are all the same. */
function isMatch(passed: PassReason): boolean {
  return passed === 'connection_parked' || passed === 'no_source';
}
