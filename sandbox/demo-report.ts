/**
 * What came of the demo: the simulator's ledger, the sync log and the dead-letter topic against what was produced, and
 * the sync log's count of outcomes.
 */

import { keyOf, type Stream } from './demo-scenario.ts';
import { readSyncLogEntry, type SyncLogView } from './sync-log.ts';
import type { Simulator } from './tiktok-simulator.ts';
import type { ReadRecord } from './topic-reader.ts';

/** The last line when everything is as expected. */
export const AGREEMENT =
  'TikTok has exactly the live and test events that were produced for it, and the dead letters are exactly those due.';

/** How the dead letters begin among the reasons. */
const LETTER = 'dead_lettered: ';

export interface DemoVerdict {
  readonly consumed: number;
  /** Events by outcome, each counted once, whatever was logged again after the kill. */
  readonly outcomes: ReadonlyMap<string, number>;
  readonly reasons: ReadonlyMap<string, number>;
  /** Expected by us and not with TikTok. */
  readonly lost: readonly string[];
  /** With TikTok and not expected. */
  readonly surplus: readonly string[];
  readonly repeats: number;
  /** Records of which the sync log says nothing although it should. */
  readonly untold: number;
  /** Reasons of which there are not as many dead letters as expected, on the topic or by the sync log. */
  readonly wrongLetters: readonly string[];
  readonly agrees: boolean;
}

export function judge(
  stream: Stream,
  simulator: Simulator,
  log: readonly ReadRecord[],
  letters: readonly ReadRecord[],
): DemoVerdict {
  const taken = new Set(simulator.ledger().events().map(keyOf));
  const lost = [...stream.expected].filter(key => !taken.has(key));
  const surplus = [...taken].filter(key => !stream.expected.has(key));
  const { outcomes, reasons, records } = countOutcomes(log);
  // What belongs to a workspace without a connection is counted by the service, not logged.
  addTo(outcomes, 'skipped', stream.withoutConnection);
  addTo(reasons, 'skipped: no_connection', stream.withoutConnection);
  const untold = stream.produced - records - stream.withoutConnection;
  const repeats = simulator.ledger().summary().repeats;
  const loggedLetters = [...reasons].filter(([reason]) => reason.startsWith(LETTER));
  const logged = new Map(loggedLetters.map(([reason, count]) => [reason.slice(LETTER.length), count]));
  const wrongLetters = [
    ...differences(stream.expectedLetters, logged, 'in the sync log'),
    ...differences(stream.expectedLetters, countLetters(letters), 'on the dead-letter topic'),
  ];
  const agrees = [lost, surplus, wrongLetters].every(({ length }) => length === 0) && untold === 0;
  return { consumed: stream.produced, outcomes, reasons, lost, surplus, repeats, untold, wrongLetters, agrees };
}

/** Dead letters by reason. A letter written again after the kill counts once. */
export function countLetters(letters: readonly ReadRecord[]): ReadonlyMap<string, number> {
  const header = (letter: ReadRecord, name: string): string => String(letter.headers[`tiktok-sync.${name}`]);
  const place = ['source.topic', 'source.partition', 'source.offset', 'mapping'];
  const last = new Map(letters.map(letter => [place.map(name => header(letter, name)).join('|'), letter]));
  const counts = new Map<string, number>();
  for (const letter of last.values()) addTo(counts, header(letter, 'reason'), 1);
  return counts;
}

/** What is said of each reason that is not there as often as expected. */
export function differences(
  expected: ReadonlyMap<string, number>,
  found: ReadonlyMap<string, number>,
  where: string,
): readonly string[] {
  const reasons = [...new Set([...expected.keys(), ...found.keys()])];
  return reasons
    .map(reason => ({ reason, due: expected.get(reason) ?? 0, is: found.get(reason) ?? 0 }))
    .filter(({ due, is }) => due !== is)
    .map(({ reason, due, is }) => `${is} ${reason} instead of ${due} ${where}`);
}

function countOutcomes(log: readonly ReadRecord[]) {
  const last = new Map<string, SyncLogView>();
  for (const entry of log.map(readSyncLogEntry)) {
    last.set(`${entry.topic}|${entry.partition}|${entry.offset}|${entry.mapping_id}`, entry);
  }
  const outcomes = new Map<string, number>();
  const reasons = new Map<string, number>();
  for (const { outcome, reason } of last.values()) {
    addTo(outcomes, outcome, 1);
    addTo(reasons, `${outcome}: ${reason}`, 1);
  }
  const records = new Set([...last.values()].map(({ topic, partition, offset }) => `${topic}|${partition}|${offset}`));
  return { outcomes, reasons, records: records.size };
}

function addTo(counts: Map<string, number>, key: string, count: number): void {
  if (count !== 0) counts.set(key, (counts.get(key) ?? 0) + count);
}

export function report(verdict: DemoVerdict, simulator: Simulator): string {
  const count = (outcome: string): number => verdict.outcomes.get(outcome) ?? 0;
  const rows: readonly (readonly [string, number])[] = [
    ['records consumed', verdict.consumed],
    ['events delivered', count('delivered')],
    ['duplicates dropped', count('duplicate')],
    ['skipped', count('skipped')],
    ['dead-lettered', count('dead_lettered')],
    ['sent again after the kill (TikTok drops them)', verdict.repeats],
    ['lost', verdict.lost.length],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const table = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${String(value).padStart(6)}`);
  const why = [...verdict.reasons].sort().map(([reason, n]) => `  ${reason.padEnd(width)}  ${String(n).padStart(6)}`);
  const verdictLine = verdict.agrees
    ? AGREEMENT
    : `The count disagrees. Missing: ${some(verdict.lost)}. Unexpected: ${some(verdict.surplus)}. Records the sync log does not tell of: ${verdict.untold}. Wrong dead letters: ${some(verdict.wrongLetters)}.`;
  return ['', ...table, '', 'How each event ended:', ...why, '', sample(simulator), '', verdictLine].join('\n');
}

/** One event as TikTok got it. */
function sample(simulator: Simulator): string {
  const event = simulator
    .ledger()
    .events()
    .find(({ event: name }) => name === 'Purchase');
  const body = {
    event_source: event?.event_source,
    event_source_id: event?.event_source_id,
    data: [event?.raw, '…'],
  };
  return `One request body as TikTok got it (first of its events):\n${JSON.stringify(body, null, 2)}`;
}

export function some(keys: readonly string[]): string {
  if (keys.length === 0) return 'nothing';
  return keys.slice(0, 5).join(', ') + (keys.length > 5 ? ` and ${keys.length - 5} more` : '');
}
