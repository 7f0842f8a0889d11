/**
 * What a request to the Events API came to: a response, or the way it failed.
 *
 * Guarantee: a failure says whether TikTok may have taken the request, since only then may it count twice.
 */

/** TikTok's answers have some hundred bytes, one that lists rows may have many more; an error page may have any size. */
export const MAX_BODY_BYTES = 1024 * 1024;

export type EventsApiAnswer =
  | {
      readonly kind: 'response';
      readonly status: number;
      /** Names in lower case. */
      readonly headers: Readonly<Record<string, string>>;
      /** At most `MAX_BODY_BYTES` of it. */
      readonly body: string;
      readonly durationMs: number;
      /** The part of it for which the request waited for a free connection; absent: none. */
      readonly waitedMs?: number;
    }
  | {
      readonly kind: 'failure';
      /** `ECONNREFUSED`, `REQUEST_TIMEOUT` …; `transport-errors` has those that are known. */
      readonly code: string;
      /** True when the request may have reached TikTok. */
      readonly mayHaveBeenTaken: boolean;
      readonly durationMs: number;
    };
