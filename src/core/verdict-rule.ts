/**
 * What an answer of TikTok can mean for the events of its request, and the rule that says so.
 *
 * Guarantee: eight classes and no other; every rule names where it comes from and what an operator should do.
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
  /** Some events were taken; a list may say which were not. */
  | 'partial'
  /** May have been taken: the same ids again while TikTok remembers the first attempt (48 h). */
  | 'ambiguous';

/** Why a class: from TikTok's code, else from the HTTP status, else from the way a request failed. */
export interface VerdictRule {
  /** TikTok's or the system's name of it; null for what nobody has named. */
  readonly name: string | null;
  readonly class: VerdictClass;
  /** True where it says nothing about this connection: TikTok, or the way to it, fails for everybody. */
  readonly vendorWide: boolean;
  /** True where nobody knows what it means: three attempts for each event, then a dead letter. */
  readonly limitedAttempts: boolean;
  /** What an operator should do, in a sentence or two. */
  readonly advice: string;
  /** Where the rule comes from; the keys are explained in docs/tiktok-answers.md. */
  readonly source: string;
}
