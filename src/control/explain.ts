/**
 * `explain`: what an answer of TikTok means for the events of its request, judged as the service judges it. Nothing is
 * contacted.
 */

import type { Config } from '../config-options.ts';
import type { EventsApiAnswer } from '../core/events-api-answer.ts';
import { judgeResponse, ruleBehind } from '../core/judge-response.ts';
import { verdictOfEvent } from '../core/verdict-of-event.ts';
import type { VerdictClass } from '../core/verdict-rule.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { isRetried, whenRetried } from './explain-retry.ts';
import type { Host } from './host.ts';
import { highlight } from './terminal.ts';

export interface ExplainRequest {
  readonly answer: EventsApiAnswer;
  /** Null where only a code was given. */
  readonly httpStatus: number | null;
  /** How many events the request had. */
  readonly eventCount: number;
  readonly json: boolean;
}

/** Events are listed one by one up to this number; beyond it they are counted by class. */
const MOST_LISTED_EVENTS = 100;

/** The advice of the tables is about batches, which are halved. */
const ADVICE_ON_ONE_TOO_LARGE =
  'Look at what makes the event so large (contents, addresses), and lower events.maxEventBytes, so that such events are found before they are sent.';

export function runExplain(request: ExplainRequest, delivery: Config['delivery'], host: Host): ExitCode {
  const explained = explain(request, delivery, host.now());
  host.out.write(request.json ? `${JSON.stringify(explained)}\n` : inWords(explained, host));
  return EXIT.ok;
}

interface EventClass {
  readonly row: number;
  readonly class: VerdictClass;
}

/** The output of `--json`; its names are a contract. */
interface Explained {
  readonly class: VerdictClass;
  readonly http_status: number | null;
  readonly code: number | null;
  readonly name: string | null;
  readonly message: string;
  readonly request_id: string | null;
  readonly row: number | null;
  readonly failed_rows: readonly number[] | null;
  /** Each of them; empty for more than 100. */
  readonly events: readonly EventClass[];
  readonly event_counts: Readonly<Partial<Record<VerdictClass, number>>>;
  readonly retried: boolean;
  readonly when: string;
  readonly retry_after_ms: number | null;
  readonly vendor_wide: boolean;
  readonly limited_attempts: boolean;
  readonly advice: string;
  readonly source: string;
}

function explain(request: ExplainRequest, delivery: Config['delivery'], now: number): Explained {
  const { answer, httpStatus, eventCount } = request;
  const verdict = judgeResponse(answer, now);
  const { name, advice, source } = ruleBehind(answer);
  const events = Array.from({ length: eventCount }, (_, row) => ({
    row,
    class: verdictOfEvent(verdict, row, eventCount),
  }));
  return {
    class: verdict.class,
    http_status: httpStatus,
    code: verdict.apiCode,
    name,
    message: verdict.message,
    request_id: verdict.requestId,
    row: verdict.row,
    failed_rows: verdict.failedRows,
    events: eventCount <= MOST_LISTED_EVENTS ? events : [],
    event_counts: countByClass(events),
    retried: isRetried(verdict, eventCount),
    when: whenRetried(verdict, eventCount, delivery),
    retry_after_ms: verdict.retryAfterMs,
    vendor_wide: verdict.vendorWide,
    limited_attempts: verdict.limitedAttempts,
    advice: verdict.class === 'split' && eventCount === 1 ? ADVICE_ON_ONE_TOO_LARGE : advice,
    source,
  };
}

function countByClass(events: readonly EventClass[]): Explained['event_counts'] {
  const counts: Partial<Record<VerdictClass, number>> = {};
  for (const event of events) counts[event.class] = (counts[event.class] ?? 0) + 1;
  return counts;
}

function inWords(explained: Explained, { out }: Host): string {
  const lines: readonly (readonly [label: string, text: string | null])[] = [
    ['answer', answerWords(explained)],
    ['message', explained.code === null || explained.message === '' ? null : explained.message],
    ['request id', explained.request_id],
    ['events', eventWords(explained)],
    ['sent again', `${explained.retried ? 'yes' : 'no'}: ${explained.when}`],
    ['concerns', explained.vendor_wide ? 'everybody: it says nothing about this connection' : null],
    ['do', explained.advice],
    ['source', `${explained.source} (docs/tiktok-answers.md)`],
  ];
  const rows = lines.filter(([, text]) => text !== null).map(([label, text]) => `  ${label.padEnd(12)}${text}\n`);
  return `${highlight(explained.class, out)}: ${MEANING[explained.class]}\n${rows.join('')}`;
}

const MEANING: Readonly<Record<VerdictClass, string>> = {
  delivered: 'TikTok has taken the events',
  retry: 'surely not taken, and it will pass',
  throttled: 'not taken, too many requests',
  'connection-refused': 'TikTok refuses the connection, not its events',
  poison: 'at least one event is refused, and the request with it',
  split: 'the request is too large',
  partial: 'some of the events were taken',
  ambiguous: 'the events may have been taken',
};

function answerWords({ code, name, http_status: status, message }: Explained): string {
  if (code === null) return message;
  const named = `code ${code} (${name ?? 'unknown'})`;
  return status === null ? named : `${named} in HTTP ${status}`;
}

/** `2 retry, 1 poison (row 1)`; `3 partial (failed: row 1)`. */
function eventWords({ event_counts: counts, row, failed_rows: failed }: Explained): string {
  const parts = Object.entries(counts).map(([verdict, count]) => {
    const where = verdict === 'poison' && row !== null && count === 1 ? ` (row ${row})` : '';
    return `${count} ${verdict}${where}`;
  });
  return `${parts.join(', ')}${failed === null ? '' : ` (failed: row ${shortList(failed)})`}`;
}

function shortList(rows: readonly number[]): string {
  return rows.length > 10 ? `${rows.slice(0, 10).join(', ')} …` : rows.join(', ');
}
