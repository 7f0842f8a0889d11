/** `connections verify`: asks TikTok whether it takes a connection's credentials, without waiting for events. */

import type { Connection } from '../core/config-entry.ts';
import { refusedStateOf } from '../core/connection-state.ts';
import { createDestinations } from '../core/destination.ts';
import { compileFields } from '../core/entry-fields.ts';
import { CodedError } from '../core/error-codes.ts';
import { judgeResponse } from '../core/judge-response.ts';
import type { StoredConfig } from '../core/stored-config.ts';
import { type Probe, type ProbeResult, probeOf, readProbe } from '../core/token-probe.ts';
import type { ConfigTopic, EventsApi, Tokens } from '../ports.ts';
import { printable } from './apply-file.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { unknownEntry } from './get.ts';
import type { Host } from './host.ts';
import { highlight } from './terminal.ts';

export interface VerifyRequest {
  /** Null for every connection that is enabled. */
  readonly connectionId: string | null;
  readonly json: boolean;
}

export interface VerifyParts {
  readonly topic: ConfigTopic;
  readonly tokens: Tokens;
  readonly api: EventsApi;
  /** As the service sends it; null for none. */
  readonly partnerName: string | null;
}

/** What `--json` prints: one, or with `--all` a list. */
export interface Verified {
  readonly connection_id: string;
  readonly result: 'active' | 'refused' | 'undecided';
  /** The state the service would give it. */
  readonly state: 'active' | 'token_invalid' | 'parked' | 'undecided';
  readonly pixel_id: string;
  readonly enabled: boolean;
  /** How it was asked; null where it could not be. */
  readonly probe: Probe['way'] | null;
  readonly http_status: number | null;
  readonly api_code: number | null;
  readonly request_id: string | null;
  readonly message: string | null;
  readonly advice: string | null;
}

type Answered = Pick<Verified, 'result' | 'state' | 'http_status' | 'api_code' | 'request_id' | 'message' | 'advice'>;

const EXIT_OF = { active: EXIT.ok, refused: EXIT.refused, undecided: EXIT.undecided } as const;
const NO_ANSWER = { http_status: null, api_code: null, request_id: null } as const;

/**
 * Answers `refused` or `undecided` where one is not active; of several, `refused` counts first.
 * @throws CodedError `ENTRY_UNKNOWN`, `INPUT_INVALID` where the entry cannot be used, or when Kafka or the registry is away.
 */
export async function runVerify(request: VerifyRequest, parts: VerifyParts, host: Host): Promise<ExitCode> {
  const stored = await parts.topic.read();
  if (request.connectionId === null) return runVerifyAll(request, await verifyAll(stored, parts, host), host);
  const verified = await verify(connectionIn(stored, request.connectionId), parts, host);
  const text = request.json ? JSON.stringify(verified, null, 2) : asText(verified, host);
  host.out.write(`${text}\n`);
  return EXIT_OF[verified.result];
}

function runVerifyAll({ json }: VerifyRequest, verified: readonly Verified[], host: Host): ExitCode {
  const text = json ? JSON.stringify(verified, null, 2) : verified.map(each => asText(each, host)).join('\n');
  if (verified.length > 0 || json) host.out.write(`${text}\n`);
  else
    host.err.write('There is no enabled connection that can be used: tiktok-sync connections list shows them all.\n');
  if (verified.length === 0) return EXIT.nothingMatched;
  const worst = (['refused', 'undecided'] as const).find(result => verified.some(each => each.result === result));
  return EXIT_OF[worst ?? 'active'];
}

/** Every connection that is enabled and can be used, by id. */
export function verifyAll(
  stored: StoredConfig,
  parts: Omit<VerifyParts, 'topic'>,
  host: Pick<Host, 'now'>,
): Promise<readonly Verified[]> {
  const enabled = [...stored.entries.values()].flatMap(({ fields, kind }) => {
    const { entry } = compileFields(kind, fields, 'topic');
    return entry.kind === 'connection' && entry.connection.enabled ? [entry.connection] : [];
  });
  const inOrder = enabled.toSorted((a, b) => (a.connection_id < b.connection_id ? -1 : 1));
  return Promise.all(inOrder.map(connection => verify(connection, parts, host)));
}

function connectionIn(stored: StoredConfig, id: string): Connection {
  const key = `connection:${id}`;
  const unreadable = stored.unreadable.get(key);
  if (unreadable !== undefined) throw unusable(id, unreadable.problem);
  const found = stored.entries.get(key);
  if (found === undefined) throw unknownEntry('connection', id, stored);
  const { entry, problems } = compileFields('connection', found.fields, 'topic');
  if (entry.kind === 'connection') return entry.connection;
  throw unusable(id, problems.map(({ field, message }) => `${field}: ${message}`).join('; '));
}

function unusable(id: string, problem: string): CodedError {
  return new CodedError(
    'INPUT_INVALID',
    `The entry of connection ${printable(id)} on the config topic cannot be used: ${problem}`,
  );
}

async function verify(
  connection: Connection,
  parts: Omit<VerifyParts, 'topic'>,
  { now }: Pick<Host, 'now'>,
): Promise<Verified> {
  const { access_token, connection_id, enabled, pixel_id } = connection;
  const about = { connection_id, pixel_id, enabled };
  const token = parts.tokens.lookup(access_token, connection_id);
  if (token.kind === 'missing') return { ...about, probe: null, ...withoutToken(token.problem) };
  const { body, path, way } = probeOf(createDestinations(parts.partnerName)(connection, null), now());
  const answer = await parts.api.send({ path, body, accessToken: token.token, mayStart: () => true });
  const verdict = judgeResponse(answer, now());
  return { ...about, probe: way, ...answered(readProbe(verdict), way, verdict.retryAfterMs) };
}

function withoutToken(problem: string): Answered {
  const advice =
    'Nothing was asked. Run this where the service runs: its tokens.dir, tokens.keyFile and environment count.';
  const message = `the token cannot be found here: ${problem}`;
  return { ...NO_ANSWER, result: 'undecided', state: 'undecided', message, advice };
}

function answered(result: ProbeResult, way: Probe['way'], retryAfterMs: number | null): Answered {
  const { apiCode: api_code, httpStatus: http_status, message, requestId: request_id } = result.answer;
  const told = { http_status, api_code, request_id, message };
  if (result.kind === 'active') return { ...told, result: 'active', state: 'active', message: null, advice: null };
  if (result.kind === 'undecided') {
    const advice = result.mayPass ? `Try again in ${waitText(retryAfterMs)}.` : ADVICE[way];
    return { ...told, result: 'undecided', state: 'undecided', advice };
  }
  return { ...told, result: 'refused', state: refusedStateOf(result.answer), advice: result.advice };
}

/** In seconds, as the header `Retry-After` has it. */
function waitText(retryAfterMs: number | null): string {
  return retryAfterMs === null || retryAfterMs === 0 ? 'a while' : `${Math.ceil(retryAfterMs / 1_000)} s`;
}

const ADVICE = {
  empty_batch: 'Give the connection a test_event_code and verify again, or let its first events tell.',
  test_event: 'Correct what TikTok names, or let the first events tell.',
} as const;
const ASKED = {
  empty_batch: 'asked with a batch without events',
  test_event: 'asked with one test event',
} as const;

function asText(verified: Verified, { out }: Host): string {
  const { advice, api_code, connection_id, enabled, http_status, message, pixel_id, probe, request_id, result } =
    verified;
  const word = result === 'active' ? result : highlight(result, out);
  const asked = probe === null ? '' : ` (${ASKED[probe]})`;
  const lines = [`${word}  ${printable(connection_id)}, pixel ${printable(pixel_id)}${asked}`];
  if (result === 'active') lines.push(`  code ${api_code}, HTTP ${http_status}`);
  if (message !== null) lines.push(`  ${result === 'refused' ? refusedText(verified) : message}`);
  if (http_status !== null) lines.push(`  TikTok's request_id: ${request_id ?? 'none'}`);
  if (advice !== null) lines.push(`  ${advice}`);
  if (!enabled) lines.push('  The connection is disabled: the service sends nothing for it.');
  return lines.join('\n');
}

function refusedText({ api_code, http_status, message, state }: Verified): string {
  // Without a code of TikTok's the message says which status came instead.
  return api_code === null ? `${state}: ${message}` : `${state}: code ${api_code}, HTTP ${http_status}, ${message}`;
}
