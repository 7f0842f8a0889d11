/**
 * `preview`: the exact request that one event would make, or why nothing would be sent. The event takes the way it
 * takes in the service (resolve, build, body); nothing is contacted and no token is looked up.
 */

import { type BuildSections, buildOptionsOf } from '../config-build-options.ts';
import { createBuilder } from '../core/build-event.ts';
import type { EntryProblem } from '../core/compile-entry.ts';
import { adviceOn } from '../core/config-advice.ts';
import type { Connection, Mapping } from '../core/config-entry.ts';
import { ConfigTable } from '../core/config-table.ts';
import type { EventSchemas } from '../core/decode.ts';
import type { ConfigSchemas } from '../core/decode-config.ts';
import { CodedError, type ErrorCode } from '../core/error-codes.ts';
import { judgeEventName } from '../core/event-names.ts';
import { eventFromJson, type FromJson } from '../core/json-input.ts';
import { type DeadLetterReason, type Refusal, type Skip, type SkipReason, STAGE_OF } from '../core/outcome.ts';
import type { BusinessEvent } from '../core/record.ts';
import { resolve } from '../core/resolve.ts';
import { trackBody, trackPath } from '../core/tiktok-body.ts';
import type { TikTokEvent } from '../core/tiktok-event.ts';
import { textOfReason } from './dead-letter-texts.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { type Host, unreadable } from './host.ts';
import { type PairRead, type PreviewEntries, readPair } from './preview-entries.ts';
import { highlight } from './terminal.ts';

/** `event` is the path of a JSON file; `now` is what the clock is taken to be, epoch milliseconds. */
export interface PreviewRequest {
  readonly event: string;
  readonly entries: PreviewEntries;
  readonly now: number;
  readonly json: boolean;
}

/** Why nothing would be sent: a reason of `core/outcome.ts`, or a file that is not what it should be. */
interface Refused {
  readonly code: SkipReason | DeadLetterReason | Extract<ErrorCode, 'INPUT_INVALID'>;
  readonly reason: string;
}

/** What would be sent, and what somebody who looks after connection and mapping should know. */
interface Sendable {
  readonly event: TikTokEvent;
  readonly warnings: readonly Warning[];
}

interface Warning {
  /** Such as `pixel_id of connection c1`. */
  readonly about: string;
  readonly message: string;
}

export function runPreview(
  request: PreviewRequest,
  options: BuildSections,
  schemas: EventSchemas & ConfigSchemas,
  host: Host,
): ExitCode {
  const { out, err } = host;
  const preview = makePreview(request, options, schemas, host);
  if ('code' in preview) {
    if (request.json) out.write(`${JSON.stringify({ refused: preview })}\n`);
    else
      err.write(
        `${highlight(preview.code, err)}  ${preview.reason}\nNothing would be sent.${remedyOf(preview.code)}\n`,
      );
    return EXIT.invalid;
  }
  const { event, warnings } = preview;
  const body = trackBody(event.destination, [event.json]);
  const path = request.json ? '' : `POST /open_api/v1.3/${trackPath(event.destination)}`;
  const left = event.notes.length === 0 ? '' : ` Left out or corrected: ${event.notes.join(', ')}.`;
  const advice = warnings.map(({ about, message }) => `\nAbout ${about}: ${message}.`);
  const said = `${path}${left}${advice.join('')}`.trim();
  // On a terminal, where both streams meet, the method and path stand above the body.
  if (said !== '') err.write(`${said}\n`);
  out.write(request.json ? `{"request":${body}${remarksJson(event.notes, warnings)}}\n` : `${body}\n`);
  return EXIT.ok;
}

/** What to do about an event of which nothing can be made; other reasons say it themselves. */
function remedyOf(code: Refused['code']): string {
  const isBuilt = Object.hasOwn(STAGE_OF, code) && STAGE_OF[code as DeadLetterReason] === 'build';
  const remedy = isBuilt ? (textOfReason(code)?.remedy ?? '') : '';
  return remedy === '' ? '' : `\nWhat to do: ${remedy.replaceAll('`', '')}`;
}

/** What was left out, and what should be looked at, as members of the answer; nothing where there is nothing to say. */
function remarksJson(notes: TikTokEvent['notes'], warnings: readonly Warning[]): string {
  const left = notes.length === 0 ? '' : `,"notes":${JSON.stringify(notes)}`;
  return warnings.length === 0 ? left : `${left},"warnings":${JSON.stringify(warnings)}`;
}

function makePreview(
  request: PreviewRequest,
  options: BuildSections,
  schemas: EventSchemas & ConfigSchemas,
  host: Host,
): Sendable | Refused {
  const event = eventFromJson(readJson(request.event, host), schemas);
  const reading = { json: (path: string) => readJson(path, host), text: (path: string) => readText(path, host) };
  const pair = readPair(request.entries, schemas, reading);
  const problems = [...problemsOf(request.event, event), ...pairProblems(request.entries, pair)];
  if (problems.length > 0 || 'problems' in pair) return { code: 'INPUT_INVALID', reason: problems.join('; ') };
  const { connection, mapping } = pair;
  for (const read of [connection, mapping, event]) {
    if ('refusal' in read) return refusedBy(read.refusal);
    if ('unapplied' in read) return unapplied(read.unapplied);
  }
  if (!('value' in event && 'value' in connection && 'value' in mapping)) throw new Error('a file was not judged');
  const built = buildPreview(event.value, connection.value, mapping.value, options, request.now);
  if ('code' in built) return built;
  const triggered: Mapping = { ...mapping.value, trigger: mapping.value.trigger ?? event.value.trigger };
  const warnings = [
    ...warningsOf(`connection ${connection.value.connection_id}`, connection.warnings),
    ...warningsOf(`mapping ${mapping.value.mapping_id}`, mapping.warnings),
    ...warningsOf(`mapping ${mapping.value.mapping_id}`, adviceOn([connection.value], [triggered])),
    ...nameWarnings(built),
  ];
  return { event: built, warnings };
}

function warningsOf(entry: string, said: readonly EntryProblem[]): Warning[] {
  return said.map(({ field, message }) => ({ about: `${field} of ${entry}`, message }));
}

function nameWarnings({ destination, eventName }: TikTokEvent): Warning[] {
  const source = destination.eventSource === 'offline' ? 'OFFLINE' : 'WEB';
  const { advice } = judgeEventName(eventName, source);
  return advice.map(message => ({ about: `the event name ${eventName}`, message }));
}

function buildPreview(
  event: BusinessEvent,
  connection: Connection,
  mapping: Mapping,
  options: BuildSections,
  now: number,
): TikTokEvent | Refused {
  if (!connection.enabled) return { code: 'connection_disabled', reason: 'The connection is disabled.' };
  const triggered: Mapping = { ...mapping, trigger: mapping.trigger ?? event.trigger };
  const table = new ConfigTable();
  table.apply(0, `connection:${connection.connection_id}`, {
    kind: 'entry',
    entry: { kind: 'connection', connection },
  });
  table.apply(1, `mapping:${mapping.mapping_id}`, { kind: 'entry', entry: { kind: 'mapping', mapping: triggered } });
  const resolution = resolve(event, table);
  if ('skip' in resolution) return { code: resolution.skip, reason: whyUnmatched(event, connection, mapping) };

  const build = createBuilder(buildOptionsOf(options));
  const built = build(event, mapping, connection, now);
  if ('skip' in built) return skippedBy(built);
  return 'deadLetter' in built ? refusedBy(built) : built;
}

function pairProblems(entries: PreviewEntries, pair: PairRead): readonly string[] {
  if ('problems' in pair) return pair.problems;
  if (!('connection' in entries)) return [];
  return [...problemsOf(entries.connection, pair.connection), ...problemsOf(entries.mapping, pair.mapping)];
}

function readText(path: string, host: Host): string {
  try {
    // Editors on Windows like to begin a file with a byte order mark, which JSON does not know.
    return host.readFile(path).replace(/^\uFEFF/, '');
  } catch (error) {
    throw unreadable(path, error);
  }
}

function readJson(path: string, host: Host): unknown {
  const text = readText(path, host);
  try {
    return JSON.parse(text, exactNumbers);
  } catch {
    // The parser's message quotes the text, which may hold personal data.
    throw new CodedError('INPUT_UNREADABLE', `${path} is not JSON`);
  }
}

/** A double keeps fifteen digits; a number with more is taken as it is written, as text, which decimals may be. */
function exactNumbers(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== 'number' || source === undefined || source === String(value)) return value;
  const digits = source.replace(/[eE].*$/, '').replace(/\D/g, '').length;
  return digits > 15 ? source : value;
}

function problemsOf(file: string, read: FromJson<unknown>): readonly string[] {
  if (!('problems' in read)) return [];
  return read.problems.map(({ path, message }) => `${file}: ${path === '' ? '' : `${path} `}${message}`);
}

function unapplied(detail: string): Refused {
  const reason = `tiktok-sync apply would refuse it (the config topic takes it with a warning): ${detail}.`;
  return { code: 'config_invalid', reason };
}

function refusedBy({ deadLetter, detail }: Refusal): Refused {
  return { code: deadLetter, reason: `The event would be a dead letter: ${detail}` };
}

const SKIPS: Readonly<Partial<Record<SkipReason, string>>> = {
  consent_denied: 'the contact denied consent',
  negative_value: 'its value is negative, and TikTok takes no corrections (events.negativeValue has other ways)',
};

function skippedBy({ skip }: Skip): Refused {
  return { code: skip, reason: `The event would be skipped: ${SKIPS[skip] ?? skip}.` };
}

/** What keeps the three from belonging together, all of it. */
function whyUnmatched(event: BusinessEvent, connection: Connection, mapping: Mapping): string {
  const reasons: string[] = [];
  if (event.workspace_id !== connection.workspace_id) {
    reasons.push(`the event is of workspace ${event.workspace_id}, the connection of ${connection.workspace_id}`);
  }
  if (mapping.connection_id !== connection.connection_id) {
    reasons.push(`the mapping is of connection ${mapping.connection_id}, not of ${connection.connection_id}`);
  }
  if (!mapping.enabled) reasons.push('the mapping is disabled');
  if (mapping.trigger !== null && mapping.trigger !== event.trigger) {
    reasons.push(`the mapping waits for ${mapping.trigger}, the event is ${event.trigger}`);
  }
  if (mapping.event_name_filter !== '' && mapping.event_name_filter !== event.event_name) {
    const { event_name: name } = event;
    const own = name === null ? 'the event has no name' : `the event is named "${name}"`;
    reasons.push(`the mapping waits for events named "${mapping.event_name_filter}", ${own}`);
  }
  return `The event would be skipped: ${reasons.join('; ')}.`;
}
