/** How far a redrive has come: what was really sent, what was left as it is and why, and what is to go. */

import type { RedriveCounts, RedriveTally } from '../core/redrive-tally.ts';
import type { Terminal } from './host.ts';
import { grouped, Progress } from './progress.ts';

export class RedriveProgress {
  readonly #begin: () => Progress;
  readonly #total: number;
  #progress: Progress;
  #isSending = false;

  /** `total`: the events that the plan knows would be sent. `monotonic`: milliseconds that never jump. */
  constructor(total: number, err: Terminal, monotonic: () => number) {
    this.#total = total;
    this.#begin = () => new Progress({ what: 'events sent', total, err, monotonic });
    this.#progress = this.#begin();
  }

  at(tally: RedriveTally): void {
    if (!this.#isSending && tally.open > 0) {
      // The rate is that of sending: what went before it was reading.
      this.#isSending = true;
      this.#progress.end();
      this.#progress = this.#begin();
    }
    const { finished, letters, open, sent } = tally;
    // Not yet let through, and under way.
    const toGo = Math.max(0, this.#total - open) + Math.max(0, letters - finished);
    this.#progress.at(sent, notes(toGo, tally.counts()), toGo);
  }

  end(): void {
    this.#progress.end();
  }
}

function notes(toGo: number, counts: RedriveCounts): string {
  const { alreadyDelivered, failedByReason, passed, skippedByReason } = counts;
  const left = [
    ...(alreadyDelivered > 0 ? [`${grouped(alreadyDelivered)} delivered before`] : []),
    ...[...Object.entries(failedByReason), ...Object.entries(skippedByReason), ...Object.entries(passed)]
      .filter(([reason]) => reason !== 'not_selected')
      .map(([reason, n]) => `${grouped(n)} ${reason}`),
  ];
  return [`${grouped(toGo)} to go`, ...(left.length > 0 ? [`left as they are: ${left.join(', ')}`] : [])].join('; ');
}
