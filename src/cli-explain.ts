/** `tiktok-sync explain` on the command line. */

import type { Command } from 'commander';
import { addConfigFlags, type End, type Given, sectionsOrThrow } from './cli-configuration.ts';
import { type ExplainRequest, runExplain } from './control/explain.ts';
import { type Host, readGiven } from './control/host.ts';
import { CodedError } from './core/error-codes.ts';
import { type EventsApiAnswer, MAX_BODY_BYTES } from './core/events-api-answer.ts';
import { MAX_EVENTS_PER_REQUEST } from './core/tiktok-body.ts';
import { isTikTokCode } from './core/tiktok-codes.ts';
import { mayHaveBeenTaken } from './core/transport-errors.ts';

export function addExplain(program: Command, host: Host, end: End): void {
  const explain = program
    .command('explain')
    .description('Say what an answer of TikTok means for the events of its request. Needs no server.')
    .option('--http-status <status>', 'HTTP status of the answer')
    .option('--body <file>', 'body of the answer; - reads standard input')
    .option('--header <line>', 'a header of the answer, as in "Retry-After: 5" (repeatable)', collect)
    .option('--code <code>', 'only TikTok’s code, instead of a body')
    .option('--error <name>', 'the error of a request without an answer, as in ECONNRESET')
    .option('--event-count <count>', 'events in the request', '1')
    .option('--json', 'as JSON');
  addConfigFlags(explain).action(async (given: Given) => {
    const request = await explainRequest(given, host);
    const { delivery } = sectionsOrThrow(['delivery'], given, host);
    end(runExplain(request, delivery, host));
  });
  explain.addHelpText(
    'after',
    `
Give an answer (--http-status, with --body and --header), a code (--code) or an error (--error).

Examples:
  $ tiktok-sync explain --http-status 200 --body answer.json --event-count 50
  $ tiktok-sync explain --http-status 429 --header 'Retry-After: 30'
  $ tiktok-sync explain --code 40105
  $ tiktok-sync explain --error ECONNRESET --json

Exit codes: 0 the verdict was printed, 2 the command line is not understood or the body cannot be read, 3 invalid configuration.`,
  );
}

function collect(value: string, earlier: string[] = []): string[] {
  return [...earlier, value];
}

async function explainRequest(given: Given, host: Host): Promise<ExplainRequest> {
  const eventCount = wholeNumber('--event-count', given.eventCount, 1, MAX_EVENTS_PER_REQUEST.V2);
  const httpStatus = given.httpStatus === undefined ? null : wholeNumber('--http-status', given.httpStatus, 100, 999);
  const answer = await readAnswer(given, httpStatus, host);
  return { answer, httpStatus, eventCount, json: given.json === true };
}

async function readAnswer(given: Given, httpStatus: number | null, host: Host): Promise<EventsApiAnswer> {
  const { body, code, error, header } = given;
  if (error !== undefined) {
    if (body ?? code ?? header ?? given.httpStatus)
      throw usage('--error is a request without an answer: give it alone');
    return failure(String(error));
  }
  if (code !== undefined) {
    if (body !== undefined) throw usage('--code and --body are two answers: give one of them');
    const number = wholeNumber('--code', code, 0, 99_999);
    if (!isTikTokCode(number)) {
      throw usage(
        `--code ${number} is none of TikTok’s, which are 0 or have five digits: give a status as --http-status`,
      );
    }
    return response(httpStatus ?? 200, JSON.stringify({ code: number }), header);
  }
  if (httpStatus === null) {
    throw usage('there is nothing to explain: give --http-status with --body, or --code, or --error');
  }
  return response(httpStatus, body === undefined ? '' : await readBody(String(body), host), header);
}

function response(status: number, body: string, headerLines: unknown): EventsApiAnswer {
  const lines = Array.isArray(headerLines) ? headerLines.map(String) : [];
  const headers: Record<string, string> = {};
  for (const [name, value] of lines.map(headerOf))
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  return { kind: 'response', status, headers, body, durationMs: 0 };
}

function headerOf(line: string): readonly [string, string] {
  const [, name, value] = /^([\w-]+):\s*(.*)$/.exec(line) ?? [];
  if (name === undefined || value === undefined)
    throw usage('--header takes a name and a value, as in "Retry-After: 5"');
  return [name.toLowerCase(), value.trim()];
}

function failure(error: string): EventsApiAnswer {
  const code = /^[a-z_]+$/i.test(error) && error === error.toLowerCase() ? error.toUpperCase() : error;
  if (!/^\w[\w/]{0,79}$/.test(code)) throw usage('--error takes the name of an error, as in ECONNRESET or ETIMEDOUT');
  return { kind: 'failure', code, mayHaveBeenTaken: mayHaveBeenTaken(code), durationMs: 0 };
}

/** As the service reads it: no more than it would of an answer. */
async function readBody(file: string, host: Host): Promise<string> {
  const text = await readGiven(file === '-' ? null : file, host);
  return Buffer.from(text).subarray(0, MAX_BODY_BYTES).toString();
}

function wholeNumber(flag: string, given: unknown, min: number, max: number): number {
  const number = /^\d{1,16}$/.test(String(given)) ? Number(given) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw usage(`${flag} "${given}" is not a whole number from ${min} to ${max}`);
}

function usage(message: string): CodedError {
  return new CodedError('USAGE', message);
}
