/** What `doctor` finds: one line each, with what to do. */

import type { Trouble } from '../ports-doctor.ts';

/**
 * `unreachable`: nobody answered. `wrong`: the service will not work, or not as it should. `warning`: it works, and may
 * surprise. `skipped`: could not be looked at because of something that is said elsewhere.
 */
export type Status = 'ok' | 'warning' | 'wrong' | 'unreachable' | 'skipped';

export interface Finding {
  /** What was looked at: `kafka.brokers`, `redis.policy` … */
  readonly check: string;
  readonly status: Status;
  /** Stable, for programs. */
  readonly code: string;
  readonly message: string;
  /** What to do; null where nothing is to be done. */
  readonly advice: string | null;
}

export function fine(check: string, message: string): Finding {
  return { check, status: 'ok', code: 'OK', message, advice: null };
}

export function found(
  check: string,
  status: 'warning' | 'wrong' | 'unreachable',
  code: string,
  message: string,
  advice: string,
): Finding {
  return { check, status, code, message, advice };
}

export function skipped(check: string, message: string): Finding {
  return { check, status: 'skipped', code: 'SKIPPED', message, advice: null };
}

/** A dependency that did not let itself be looked at. */
export function troubled(check: string, about: string, { advice, code, kind, problem }: Trouble): Finding {
  const status = kind === 'unreachable' ? 'unreachable' : 'wrong';
  return found(check, status, code, `${about}: ${problem}`, advice);
}

/** `1 record`, `5 records`. */
export function many(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
