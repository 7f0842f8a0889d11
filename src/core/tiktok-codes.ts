/**
 * TikTok's answer codes and what each means for a request, as data.
 *
 * Guarantee: nothing but `code: 0` is delivered, and an unknown code never is. Names are those of TikTok's own list
 * (tiktok-business-api-sdk `tiktok_code.py`); classes follow `judge-response`.
 */

/** What to do with the events of a request. */
export type VerdictClass =
  /** Taken: settle. */
  | 'delivered'
  /** Surely not taken, will pass: the same ids again. */
  | 'retry'
  /** Surely not taken, too many requests. */
  | 'throttled'
  /** Credentials, ownership or configuration of the connection: its events cannot pass now. */
  | 'connection-refused'
  /** At least one event is refused and, a request being all or nothing, its batch with it. */
  | 'poison'
  /** Too large as a whole. */
  | 'split'
  /** Some events were taken, we are not told which. */
  | 'partial'
  /** May have been taken: the same ids again while TikTok remembers the first attempt (48 h). */
  | 'ambiguous';

type CodeTable = Readonly<Record<number, VerdictClass>>;

/** One code a line where its class needs saying; ranges are below. */
export const CODES: CodeTable = {
  0: 'delivered', // OK
  20001: 'partial', // PARTIAL_OK
  40000: 'poison', // INVALID_PARAMS
  40001: 'connection-refused', // PERMISSION_ERROR: pixel and token do not belong together
  40002: 'poison', // PARAM_ERROR; its text may say otherwise
  40003: 'connection-refused', // FORBIDDEN
  40006: 'connection-refused', // API version
  40007: 'connection-refused', // NOT_EXIST: the pixel is gone
  40008: 'connection-refused', // not implemented
  40009: 'connection-refused', // not supported in the sandbox
  40016: 'ambiguous', // BIZ_FC_ERROR: meaning undocumented
  40050: 'ambiguous', // DUPLICATED_REQUEST: undocumented here
  40051: 'connection-refused', // API version
  40061: 'split', // INVALID_BATCH_SIZE
  40062: 'poison', // PII_NOT_HASHED
  40063: 'connection-refused', // INVALID_PARTNER_NAME
  40100: 'throttled', // REQUEST_TOO_FREQUENT; a rate limit, also in an HTTP 401
  40101: 'connection-refused', // INVALID_PARTNER
  40102: 'connection-refused', // ACCESS_TOKEN_EXPIRE
  40103: 'connection-refused', // OAuth refresh
  40104: 'connection-refused', // EMPTY_ACCESS_TOKEN
  40105: 'connection-refused', // INVALID_ACCESS_TOKEN, also in an HTTP 200
  40106: 'connection-refused',
  40107: 'connection-refused',
  40108: 'connection-refused',
  40110: 'connection-refused',
  40113: 'connection-refused',
  40115: 'connection-refused',
  40116: 'connection-refused',
  40117: 'connection-refused',
  40118: 'connection-refused', // feature not allow-listed
  40124: 'connection-refused',
  40125: 'connection-refused',
  40130: 'connection-refused',
  40132: 'throttled', // REQUEST_FREQUENCY_LIMITED
  40133: 'throttled', // used as a rate limit
  40200: 'retry', // task not ready
  40201: 'retry',
  40202: 'retry', // write conflict
  40300: 'connection-refused', // advertiser missing
  40301: 'connection-refused', // role
  40400: 'retry', // ROUTE_NOT_FOUND: says nothing about an event
  40700: 'poison', // RPC_VALIDATION_ERROR
  41000: 'connection-refused', // BLOCKED
  41001: 'retry', // INTERFACE_OFFLINE
  61000: 'throttled', // too many requests
};

/** The class of a code: the table, then TikTok's ranges (5xxxx and above: their fault), else unknown. */
export function classOfCode(code: number): VerdictClass {
  return CODES[code] ?? (code >= 50_000 ? 'retry' : 'ambiguous');
}

/** Codes that speak of TikTok as a whole and not of a connection: its own errors, no such route, offline, maintenance. */
export function isVendorWideCode(code: number): boolean {
  return (code >= 50_000 && code < 60_000) || code === 40400 || code === 41001 || code === 60001;
}

/** Whether nobody knows what the code means, so that trying on for 47 hours may be in vain. */
export function isAmbiguousCode(code: number): boolean {
  return classOfCode(code) === 'ambiguous';
}
