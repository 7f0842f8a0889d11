/**
 * Automatic redrive: when a connection works again, the letters it was parked for or held back by are sent again, in one
 * round for each release.
 *
 * Every replica hears of a release. A round begins a while after it, so that the letters of replicas with older news are
 * there; the lock lets one replica run it, and what it has done is remembered by the release, so that the others, and a
 * restart, do not repeat it. A round that was cut off is gone on with by whoever gets the lock next.
 */

import { createHash, randomUUID } from 'node:crypto';
import type { Release } from './core/connection-state.ts';
import { messageOf } from './core/error-codes.ts';
import type { JobEnd } from './core/redrive-tally.ts';
import type { Clock, PartitionOffset, RedriveRegister, RoundRecord, Telemetry } from './ports.ts';
import { RedriveLock } from './redrive-lock.ts';

export interface RedriveRoundsParts {
  readonly register: RedriveRegister;
  readonly run: RunRound;
  readonly clock: Clock;
  readonly telemetry: Pick<Telemetry, 'notice' | 'redriveRound'>;
  readonly host: string;
  readonly options: RoundOptions;
}

export interface RoundOptions {
  /** From a release to its round: two windows. */
  readonly delayMs: number;
  /** From a try that came to nothing (the lock is taken, something is away) to the next. */
  readonly retryMs: number;
  /** A round whose connection has taken nothing for so long makes way for the others'. */
  readonly maxIdleMs: number;
}

export interface Round {
  readonly release: Release;
  /** The name of its job, the same in every replica. */
  readonly job: string;
  /** Below these offsets nothing of the connection is left. */
  readonly from: RoundRecord['from'];
}

export interface RoundResult {
  readonly end: JobEnd;
  /** Where the job ended. */
  readonly ends: readonly Pick<PartitionOffset, 'partition' | 'offset'>[];
  /** Whether every letter of the connection was delivered, so that the next round need not look at them again. */
  readonly isClean: boolean;
  readonly delivered: number;
  readonly failed: number;
}

/** Runs or resumes the round's job until `stop`; `onProgress` is told now and then how many events have ended. */
export type RunRound = (
  round: Round,
  lock: RedriveLock,
  stop: AbortSignal,
  onProgress: (finished: number) => void,
) => Promise<RoundResult>;

interface Planned {
  readonly release: Release;
  readonly dueAt: number;
}

export class RedriveRounds {
  readonly #parts: RedriveRoundsParts;
  /** The newest release of each connection whose round is not done. */
  readonly #planned = new Map<string, Planned>();
  readonly #stop = new AbortController();
  #isStarted = false;
  #running: Promise<void> | null = null;
  #cancel = (): void => {};

  constructor(parts: RedriveRoundsParts) {
    this.#parts = parts;
  }

  /** A connection works again. A later release of it stands for an earlier one whose round has not begun. */
  released(release: Release): void {
    const dueAt = Math.max(release.since + this.#parts.options.delayMs, this.#parts.clock.now());
    this.#planned.set(release.connectionId, { release, dueAt });
    this.#next();
  }

  /** Rounds may begin. */
  start(): void {
    this.#isStarted = true;
    this.#next();
  }

  /** Begins no more rounds, and ends the one that runs: what is under way is finished, another replica goes on. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#cancel();
    await this.#running;
  }

  #next(): void {
    if (!this.#isStarted || this.#running !== null || this.#stop.signal.aborted) return;
    this.#cancel();
    const next = [...this.#planned.values()].toSorted((a, b) => a.dueAt - b.dueAt)[0];
    if (next === undefined) return;
    this.#cancel = this.#parts.clock.after(Math.max(0, next.dueAt - this.#parts.clock.now()), () => {
      this.#running = this.#try(next).then(() => {
        this.#running = null;
        this.#next();
      });
    });
  }

  /** Never rejects. */
  async #try(planned: Planned): Promise<void> {
    const { clock, options, telemetry } = this.#parts;
    const { release } = planned;
    let waitMs: number | null = options.retryMs;
    try {
      waitMs = await this.#round(release);
    } catch (error) {
      telemetry.redriveRound('failed');
      const message = 'an automatic redrive could not be finished and is tried again';
      telemetry.notice('warn', 'REDRIVE_ROUND_FAILED', message, {
        connection: release.connectionId,
        problem: messageOf(error),
      });
    }
    // A newer release may have taken its place meanwhile.
    if (this.#planned.get(release.connectionId) !== planned) return;
    if (waitMs === null) this.#planned.delete(release.connectionId);
    else this.#planned.set(release.connectionId, { release, dueAt: clock.now() + waitMs });
  }

  /** Null when the release needs no round any more, else the milliseconds until it is to be tried again. */
  async #round(release: Release): Promise<number | null> {
    const { clock, host, options, register } = this.#parts;
    const job = jobOf(release);
    const lock = new RedriveLock(register, { job, run: randomUUID(), host, since: clock.now() }, clock);
    if ((await lock.take()) !== null) return options.retryMs;
    try {
      const last = await register.lastRound(release.connectionId);
      if (last?.releaseId === release.releaseId) return null;
      return await this.#run(release, job, lock, last?.from ?? []);
    } finally {
      // If Redis is away, the lock expires by itself.
      await lock.release().catch(() => {});
    }
  }

  async #run(release: Release, job: string, lock: RedriveLock, from: Round['from']): Promise<number | null> {
    const { options, register, run, telemetry } = this.#parts;
    const { connectionId, releaseId } = release;
    const idle = new IdleStop(this.#parts.clock, options.maxIdleMs, this.#stop.signal);
    try {
      const result = await run({ release, job, from }, lock, idle.signal, finished => idle.progressed(finished));
      const { delivered, end, ends, failed, isClean } = result;
      const counts = { connection: connectionId, job, delivered, failed };
      if (end !== 'finished') {
        telemetry.redriveRound('interrupted');
        telemetry.notice('info', 'REDRIVE_ROUND_INTERRUPTED', 'an automatic redrive is gone on with later', counts);
        return options.maxIdleMs;
      }
      await register.finishRound(connectionId, { releaseId, from: isClean ? ends : from });
      telemetry.redriveRound('finished');
      telemetry.notice('info', 'REDRIVE_ROUND_FINISHED', 'the letters of a connection were sent again', counts);
      return null;
    } finally {
      idle.close();
    }
  }
}

/** Aborts with the service, or when nothing has moved for long. */
class IdleStop {
  readonly #stop = new AbortController();
  readonly #clock: Clock;
  readonly #maxIdleMs: number;
  readonly #outer: AbortSignal;
  readonly #onOuter = (): void => this.#stop.abort();
  #finished = 0;
  #movedAt: number;

  constructor(clock: Clock, maxIdleMs: number, outer: AbortSignal) {
    this.#clock = clock;
    this.#maxIdleMs = maxIdleMs;
    this.#outer = outer;
    this.#movedAt = clock.monotonic();
    if (outer.aborted) this.#stop.abort();
    outer.addEventListener('abort', this.#onOuter, { once: true });
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  progressed(finished: number): void {
    const now = this.#clock.monotonic();
    if (finished !== this.#finished) this.#movedAt = now;
    this.#finished = finished;
    if (now - this.#movedAt >= this.#maxIdleMs) this.#stop.abort();
  }

  close(): void {
    this.#outer.removeEventListener('abort', this.#onOuter);
  }
}

/** A connection's id may hold anything, a group's name should not. */
function jobOf({ connectionId, releaseId }: Release): string {
  const name = connectionId.replaceAll(/[^A-Za-z0-9._-]/g, '_').slice(0, 60);
  return `release.${name}.${createHash('sha256').update(releaseId).digest('hex').slice(0, 12)}`;
}
