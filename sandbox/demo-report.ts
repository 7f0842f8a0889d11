/** What came of the demo: the simulator's ledger against what was produced, and the sync log's count of outcomes. */

import type { Stream } from './demo-scenario.ts';
import { readSyncLogEntry, type SyncLogView } from './sync-log.ts';
import type { LedgerEvent } from './tiktok-ledger.ts';
import type { Simulator } from './tiktok-simulator.ts';
import type { ReadRecord } from './topic-reader.ts';

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
  readonly agrees: boolean;
}

export function judge(stream: Stream, simulator: Simulator, log: readonly ReadRecord[]): DemoVerdict {
  const live = simulator.ledger().events().filter(isLive);
  const taken = new Set(live.map(event => `${event.event_source_id}|${event.event}|${event.event_id}`));
  const lost = [...stream.expected].filter(key => !taken.has(key));
  const surplus = [...taken].filter(key => !stream.expected.has(key));
  const { outcomes, reasons, records } = countOutcomes(log);
  // What belongs to a workspace without a connection is counted by the service, not logged.
  addTo(outcomes, 'skipped', stream.withoutConnection);
  addTo(reasons, 'skipped: no_connection', stream.withoutConnection);
  const untold = stream.produced - records - stream.withoutConnection;
  const repeats = simulator.ledger().summary().repeats;
  const agrees = lost.length === 0 && surplus.length === 0 && untold === 0;
  return { consumed: stream.produced, outcomes, reasons, lost, surplus, repeats, untold, agrees };
}

function isLive(event: LedgerEvent): boolean {
  return event.test_event_code === null;
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
    ? 'The simulator counted exactly the events that were produced for it.'
    : `The ledger disagrees. Missing: ${some(verdict.lost)}. Unexpected: ${some(verdict.surplus)}. Records the sync log does not tell of: ${verdict.untold}.`;
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

function some(keys: readonly string[]): string {
  if (keys.length === 0) return 'nothing';
  return keys.slice(0, 5).join(', ') + (keys.length > 5 ? ` and ${keys.length - 5} more` : '');
}
