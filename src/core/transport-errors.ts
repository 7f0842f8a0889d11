/**
 * The ways in which a request can fail without an answer, and whether TikTok may have taken it, as data.
 *
 * Guarantee: an error that nobody listed may have happened after the request was written, so it may have been taken.
 * Who saw the request fail knows better: before the first byte was written it was surely not taken, whatever the error.
 */

import type { VerdictRule } from './verdict-rule.ts';

/** Our own: the partition was no longer ours, or the stop had begun, when the request could have been written. */
export const NOT_STARTED = 'NOT_STARTED';
/** Our own: no connection became free in time. */
export const CONNECT_TIMEOUT = 'CONNECT_TIMEOUT';
/** Our own: the proxy answered, and did not let the request through. */
export const PROXY_REFUSED = 'PROXY_REFUSED';
/** Our own: written, and not answered to the last byte in time. */
export const REQUEST_TIMEOUT = 'REQUEST_TIMEOUT';

/** Errors that mean the same. */
export interface TransportRow {
  readonly codes: readonly string[];
  /** Codes that begin with one of these mean the same too. */
  readonly prefixes: readonly string[];
  /** What happened, for a table. */
  readonly meaning: string;
  /** By the code alone. */
  readonly mayHaveBeenTaken: boolean;
  /** False where we ended the request ourselves, which says nothing about TikTok. */
  readonly vendorWide: boolean;
  readonly advice: string;
}

const IT_REPEATS = 'Nothing: the same ids go again, and TikTok drops what it has.';
const WE_ENDED = 'Nothing: this process ended the request, and whoever owns the partition sends its events.';

export const TRANSPORT_ROWS: readonly TransportRow[] = [
  {
    codes: ['ECONNREFUSED'],
    prefixes: [],
    meaning: 'nobody listens at the address',
    mayHaveBeenTaken: false,
    vendorWide: true,
    advice: 'Check tiktok.baseUrl, the proxy and the firewall; the events wait meanwhile.',
  },
  {
    codes: ['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'ENODATA'],
    prefixes: [],
    meaning: 'the name was not resolved',
    mayHaveBeenTaken: false,
    vendorWide: true,
    advice: 'Check tiktok.baseUrl and the DNS of this machine; the events wait meanwhile.',
  },
  {
    codes: [CONNECT_TIMEOUT, 'UND_ERR_CONNECT_TIMEOUT'],
    prefixes: [],
    meaning: 'no connection in time',
    mayHaveBeenTaken: false,
    vendorWide: true,
    advice: 'Check the way to TikTok (firewall, proxy); where it is only slow, raise delivery.connectTimeoutMs.',
  },
  {
    codes: [PROXY_REFUSED],
    prefixes: ['UND_ERR_PRX_'],
    meaning: 'the proxy did not let it through',
    mayHaveBeenTaken: false,
    vendorWide: true,
    advice: 'Check tiktok.proxyUrl, its user and password, and what the proxy allows; the events wait meanwhile.',
  },
  {
    codes: ['EPROTO', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'INVALID_CA', 'INVALID_PURPOSE'],
    prefixes: ['CERT_', 'UNABLE_TO_', 'ERR_TLS_', 'ERR_SSL_'],
    meaning: 'no TLS connection',
    mayHaveBeenTaken: false,
    vendorWide: true,
    advice:
      'Check the clock, and a proxy that terminates TLS: give Node.js its authority with NODE_EXTRA_CA_CERTS; the events wait meanwhile.',
  },
  {
    codes: ['EADDRNOTAVAIL', 'EMFILE', 'ENFILE'],
    prefixes: [],
    meaning: 'this machine has no port or file handle left',
    mayHaveBeenTaken: false,
    vendorWide: true,
    advice: 'Raise the limit of open files, or lower delivery.maxConnectionsCount.',
  },
  {
    codes: [NOT_STARTED, 'UND_ERR_CLOSED', 'UND_ERR_INVALID_ARG'],
    prefixes: [],
    meaning: 'not started by this process',
    mayHaveBeenTaken: false,
    vendorWide: false,
    advice: WE_ENDED,
  },
  {
    codes: ['UND_ERR_DESTROYED', 'UND_ERR_ABORTED'],
    prefixes: [],
    meaning: 'cut off by this process',
    mayHaveBeenTaken: true,
    vendorWide: false,
    advice: WE_ENDED,
  },
  {
    codes: ['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'UND_ERR_SOCKET'],
    prefixes: [],
    meaning: 'the connection broke before the answer',
    mayHaveBeenTaken: true,
    vendorWide: true,
    advice: `${IT_REPEATS} If it lasts, look at what stands between this machine and TikTok.`,
  },
  {
    codes: [REQUEST_TIMEOUT, 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT'],
    prefixes: [],
    meaning: 'no answer in time',
    mayHaveBeenTaken: true,
    vendorWide: true,
    advice: `${IT_REPEATS} Where TikTok is only slow, raise delivery.requestTimeoutMs.`,
  },
  {
    codes: ['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN'],
    prefixes: [],
    meaning: 'no way to the address, perhaps lost under way',
    mayHaveBeenTaken: true,
    vendorWide: true,
    advice: `${IT_REPEATS} Check the network of this machine.`,
  },
  {
    codes: ['HTTPParserError'],
    prefixes: ['HPE_', 'UND_ERR_RES'],
    meaning: 'the answer is not HTTP',
    mayHaveBeenTaken: true,
    vendorWide: true,
    advice: `${IT_REPEATS} Check tiktok.baseUrl and the proxy: something that does not speak HTTP answers.`,
  },
];

/** Whether TikTok may have taken a request that failed so, by the code alone. */
export function mayHaveBeenTaken(code: string): boolean {
  return rowOf(code)?.mayHaveBeenTaken ?? true;
}

/** What a failure means; `taken` is whether the request may have been taken, as the one who sent it saw. */
export function ruleOfFailure(code: string, taken: boolean): VerdictRule {
  const row = rowOf(code);
  return {
    name: row === undefined ? null : code,
    class: taken ? 'ambiguous' : 'retry',
    vendorWide: row?.vendorWide ?? true,
    limitedAttempts: false,
    advice: row?.advice ?? `${IT_REPEATS} If it lasts, look at the way to TikTok.`,
    source: row === undefined ? 'no error of this name is listed' : 'Node.js and undici',
  };
}

function rowOf(code: string): TransportRow | undefined {
  return TRANSPORT_ROWS.find(
    ({ codes, prefixes }) => codes.includes(code) || prefixes.some(prefix => code.startsWith(prefix)),
  );
}
