/**
 * Which letters a command is about.
 *
 * Guarantee: pure; a letter matches when every filter that is set does. Times are those of the failure, bounds
 * included.
 */

import type { Letter } from './letter.ts';

/** What is not set matches every letter. */
export interface LetterFilter {
  /** Any of these; empty for every reason. */
  readonly reasons: readonly string[];
  readonly connectionId: string | null;
  readonly mappingId: string | null;
  /** Epoch milliseconds. */
  readonly since: number | null;
  /** Epoch milliseconds. */
  readonly until: number | null;
  readonly eventId: string | null;
}

export const EVERY_LETTER: LetterFilter = {
  reasons: [],
  connectionId: null,
  mappingId: null,
  since: null,
  until: null,
  eventId: null,
};

export function matches(letter: Letter, filter: LetterFilter): boolean {
  const { reasons, connectionId, mappingId, since, until, eventId } = filter;
  if (reasons.length > 0 && !reasons.includes(letter.reason)) return false;
  if (connectionId !== null && letter.connectionId !== connectionId) return false;
  if (mappingId !== null && letter.mappingId !== mappingId) return false;
  if (eventId !== null && letter.eventId !== eventId) return false;
  if (since !== null && letter.failedAt < since) return false;
  return until === null || letter.failedAt <= until;
}

/** The filter in the words of the command line, for people; empty when nothing is set. */
export function filterWords(filter: LetterFilter): string {
  const { reasons, connectionId, mappingId, since, until, eventId } = filter;
  const words = [
    ...reasons.map(reason => `--reason ${reason}`),
    connectionId === null ? '' : `--connection ${connectionId}`,
    mappingId === null ? '' : `--mapping ${mappingId}`,
    since === null ? '' : `--since ${new Date(since).toISOString()}`,
    until === null ? '' : `--until ${new Date(until).toISOString()}`,
    eventId === null ? '' : `--event-id ${eventId}`,
  ];
  return words.filter(word => word !== '').join(' ');
}
