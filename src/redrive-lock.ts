/**
 * The lock that keeps redrive jobs one at a time, manual or automatic: taken, renewed while the job runs, and given back.
 *
 * While it cannot be renewed (Redis is away) nothing is sent once it may have expired; a job whose lock another one has
 * taken ends.
 */

import { CodedError } from './core/error-codes.ts';
import { momentWords } from './core/time-words.ts';
import type { Clock, JobHolder, RedriveRegister } from './ports.ts';

/** How long the lock of a job that was killed keeps others out. */
export const LOCK_TTL_MS = 10_000;
const RENEW_EVERY_MS = LOCK_TTL_MS / 3;

export class RedriveLock {
  readonly #register: RedriveRegister;
  readonly #holder: JobHolder;
  readonly #clock: Clock;
  /** Monotonic milliseconds up to which it is surely ours. */
  #validUntil = Number.NEGATIVE_INFINITY;
  #lostTo: JobHolder | null = null;
  #cancel = (): void => {};
  #isReleased = false;

  constructor(register: RedriveRegister, holder: JobHolder, clock: Clock) {
    this.#register = register;
    this.#holder = holder;
    this.#clock = clock;
  }

  /** Takes the lock and renews it from then on; answers who has it where it is taken. */
  async take(): Promise<JobHolder | null> {
    const other = await this.#renew();
    if (other === null) this.#renewSoon();
    return other;
  }

  /** Whether it is surely ours. */
  get isHeld(): boolean {
    return this.#lostTo === null && this.#clock.monotonic() < this.#validUntil;
  }

  /** Who took it away; null while nobody has. */
  get lostTo(): JobHolder | null {
    return this.#lostTo;
  }

  async release(): Promise<void> {
    this.#isReleased = true;
    this.#cancel();
    if (this.#lostTo === null) await this.#register.unlock(this.#holder);
  }

  async #renew(): Promise<JobHolder | null> {
    const askedAt = this.#clock.monotonic();
    const other = await this.#register.lock(this.#holder, LOCK_TTL_MS);
    if (other === null) this.#validUntil = askedAt + LOCK_TTL_MS;
    return other;
  }

  #renewSoon(): void {
    this.#cancel = this.#clock.after(RENEW_EVERY_MS, () => {
      void this.#renew()
        .then(
          other => {
            this.#lostTo = other;
          },
          // Redis is away: asked again, and until then nothing is sent beyond the lock's time.
          () => {},
        )
        .then(() => {
          if (!this.#isReleased && this.#lostTo === null) this.#renewSoon();
        });
    });
  }
}

/** Another job has the lock. */
export function redriveRunning({ host, job, since }: JobHolder): CodedError {
  const message = `the redrive job ${job} on ${host} has been running since ${momentWords(since)}; one runs at a time`;
  return new CodedError('REDRIVE_RUNNING', `${message}. Wait for its end, or stop it there`);
}
