/** The flags by which `dead-letters` chooses letters. */

import type { Command } from 'commander';
import type { Given } from './cli-configuration.ts';
import { parseDuration } from './config-units.ts';
import { textOfReason } from './control/dead-letter-texts.ts';
import { didYouMean } from './core/did-you-mean.ts';
import { CodedError } from './core/error-codes.ts';
import { SOURCE_TOO_LARGE } from './core/letter.ts';
import type { LetterFilter } from './core/letter-filter.ts';
import { DEAD_LETTER_REASONS } from './core/outcome.ts';

/** What `--reason` takes. */
export const LETTER_REASONS: readonly string[] = [...DEAD_LETTER_REASONS, SOURCE_TOO_LARGE];

export function addFilterFlags(command: Command): Command {
  return command
    .option('--reason <reason>', 'only letters with this reason (repeatable)', collect)
    .option('--connection <id>', 'only letters of this connection')
    .option('--mapping <id>', 'only letters of this mapping')
    .option('--since <time>', 'only letters that failed at or after this time: ISO 8601, or 2h, 30m, 7d ago')
    .option('--until <time>', 'only letters that failed at or before this time')
    .option('--event-id <id>', 'only letters of this event');
}

function collect(value: string, earlier: string[] = []): string[] {
  return [...earlier, value];
}

/** `now` is epoch milliseconds. @throws CodedError `USAGE` for a reason or a time that is none. */
export function letterFilter(given: Given, now: number): LetterFilter {
  const reasons = Array.isArray(given.reason) ? given.reason.map(String) : [];
  for (const reason of reasons) checkReason(reason);
  const since = moment('--since', given.since, now);
  const until = moment('--until', given.until, now);
  if (since !== null && until !== null && since > until) {
    throw new CodedError('USAGE', '--since is later than --until: no letter can match');
  }
  return {
    reasons,
    connectionId: text(given.connection),
    mappingId: text(given.mapping),
    since,
    until,
    eventId: text(given.eventId),
  };
}

/** A whole number from 1 on; `none` where the flag is not given. */
export function countFlag<None>(flag: string, given: unknown, none: None): number | None {
  if (given === undefined) return none;
  const count = Number(given);
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw new CodedError('USAGE', `${flag} "${given}" is not a whole number from 1 on`);
}

function checkReason(reason: string): void {
  if (textOfReason(reason) !== null) return;
  const near = didYouMean(reason, LETTER_REASONS);
  const hint = near === null ? `known are ${LETTER_REASONS.join(', ')}` : `did you mean ${near}?`;
  throw new CodedError('USAGE', `--reason "${reason}" is not a reason of dead letters; ${hint}`);
}

/** A duration is taken back from now on; what begins with a year is a time. */
function moment(flag: string, given: unknown, now: number): number | null {
  if (given === undefined) return null;
  const words = String(given);
  const ago = /[a-z]$/.test(words) ? parseDuration(words) : null;
  const at = ago === null ? (/^\d{4}-\d\d/.test(words) ? Date.parse(words) : Number.NaN) : now - ago;
  if (Number.isNaN(at)) {
    throw new CodedError('USAGE', `${flag} "${words}" is neither ISO 8601 (2026-11-22T12:00:00Z) nor a duration (2h)`);
  }
  return Math.round(at);
}

function text(given: unknown): string | null {
  return typeof given === 'string' ? given : null;
}
