/**
 * How far a long command has come: one line that renews itself on a terminal, and a line now and then otherwise.
 */

import type { Terminal } from './host.ts';

export interface ProgressOptions {
  /** What is counted, e.g. `letters read`. */
  readonly what: string;
  /** How many there are in all; null where nobody knows. */
  readonly total: number | null;
  readonly err: Terminal;
  /** Milliseconds that never jump. */
  readonly monotonic: () => number;
}

const RENEW_EVERY_MS = 500;
const LINE_EVERY_MS = 10_000;
const CLEAR_LINE = '\r\u001b[K';

export class Progress {
  readonly #options: ProgressOptions;
  readonly #startedAt: number;
  #saidAt: number;
  #isShown = false;

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#startedAt = options.monotonic();
    this.#saidAt = this.#startedAt;
  }

  /** So many are done and `toGo` are left; `note` is said with it. Says something only now and then. */
  at(done: number, note = '', toGo = (this.#options.total ?? 0) - done): void {
    const { err, monotonic } = this.#options;
    const now = monotonic();
    if (now - this.#saidAt < (err.isTerminal ? RENEW_EVERY_MS : LINE_EVERY_MS)) return;
    this.#saidAt = now;
    const line = this.#line(done, now, note, toGo);
    err.write(err.isTerminal ? `${CLEAR_LINE}${line}` : `${line}\n`);
    this.#isShown = err.isTerminal;
  }

  /** Takes the line away; what follows begins at the left. */
  end(): void {
    if (this.#isShown) this.#options.err.write(CLEAR_LINE);
    this.#isShown = false;
  }

  #line(done: number, now: number, note: string, toGo: number): string {
    const { what, total } = this.#options;
    const seconds = Math.max((now - this.#startedAt) / 1000, 0.001);
    const perSecond = done / seconds;
    const of = total === null ? '' : ` of ${grouped(total)}`;
    const left = total === null || perSecond === 0 ? '' : `, ${clockTime(toGo / perSecond)} left`;
    const more = note === '' ? '' : ` (${note})`;
    return `${grouped(done)}${of} ${what}, ${grouped(Math.round(perSecond))}/s${left}${more}`;
  }
}

/** `12,345` */
export function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

/** `1h 02m`, `3m 05s`, `12s` */
function clockTime(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (h > 0) return `${h}h ${String(m).padStart(2, '0')}m`;
  return m > 0 ? `${m}m ${String(s).padStart(2, '0')}s` : `${s}s`;
}
