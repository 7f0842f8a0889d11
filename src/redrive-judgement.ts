/**
 * Judges letters before any is claimed or sent: which of them would be sent, and why the others would not.
 *
 * A letter takes the way it takes in the job (fate, decode, resolve, build, the claim's verdict), so what is said before
 * is what happens, as long as neither configuration nor claims change meanwhile.
 */

import { claimKey, type DedupOptions, judgeClaim } from './core/deduplicate.ts';
import type { Draft } from './core/draft.ts';
import type { Letter } from './core/letter.ts';
import type { SourceRecord } from './core/record.ts';
import type { LetterFate, PassReason } from './core/redrive.ts';
import type { TikTokEvent } from './core/tiktok-event.ts';
import type { RedriveRegister } from './ports.ts';

export interface JudgementParts {
  readonly fateOf: (record: SourceRecord) => LetterFate;
  /** Makes the schemas of these records known to the decoder; false when the registry is away. */
  readonly learnSchemas: (records: readonly SourceRecord[]) => Promise<boolean>;
  readonly draft: (record: SourceRecord, now: number) => Draft;
  readonly register: Pick<RedriveRegister, 'peek'>;
  readonly dedup: DedupOptions & { readonly keyPrefix: string };
  readonly ambiguousHorizonMs: number;
  /** Whether the connection's token can be found; without it no request is made. */
  readonly hasToken: (connectionId: string) => boolean;
}

/** What would become of one record of the topic. */
export interface Judged {
  readonly record: SourceRecord;
  readonly letter: Letter | null;
  /** Why it is passed over; null where it goes through the pipeline. */
  readonly passed: PassReason | null;
  /** The connections of the events that would be sent. */
  readonly sends: readonly string[];
  /** Events that an earlier redrive or a copy has delivered. */
  readonly delivered: number;
  readonly failures: readonly string[];
  readonly skips: readonly string[];
}

interface Drafted {
  readonly made: Draft;
  readonly events: readonly TikTokEvent[];
  /** What the claim store has of each event. */
  readonly held: readonly (string | null)[];
}

/** In the order of the records; null when the registry is away. `now`: epoch milliseconds. @throws ClaimsUnavailable */
export async function judgeLetters(
  records: readonly SourceRecord[],
  parts: JudgementParts,
  now: number,
): Promise<readonly Judged[] | null> {
  const fates = records.map(record => ({ record, fate: parts.fateOf(record) }));
  const chosen = fates.flatMap(({ fate, record }) => (isLookedAt(fate) ? [record] : []));
  if (!(await parts.learnSchemas(chosen))) return null;
  const drafted = await lookedUp(
    chosen.map(record => parts.draft(record, now)),
    parts,
  );
  let next = 0;
  return fates.map(({ fate, record }) =>
    isLookedAt(fate) ? judged(record, fate, drafted[next++] as Drafted, parts, now) : passedOver(record, fate),
  );
}

/** Of a connection that TikTok refuses, only what is not delivered is left; what was delivered long ago is done. */
function isLookedAt(fate: LetterFate): boolean {
  return fate.kind === 'send' || fate.reason === 'connection_parked';
}

function passedOver(record: SourceRecord, fate: LetterFate): Judged {
  const passed = fate.kind === 'pass' ? fate.reason : null;
  return { record, letter: fate.letter, passed, sends: [], delivered: 0, failures: [], skips: [] };
}

async function lookedUp(drafts: readonly Draft[], { dedup, register }: JudgementParts): Promise<Drafted[]> {
  const found = drafts.map(made => ({
    made,
    events: made.parts.flatMap(part => (part.kind === 'send' ? [part.event] : [])),
  }));
  const keys = found.flatMap(({ events, made }) => events.map(event => claimKey(dedup.keyPrefix, event, made.record)));
  const held = keys.length === 0 ? [] : await register.peek(keys);
  let next = 0;
  return found.map(({ events, made }) => ({ made, events, held: events.map(() => held[next++] ?? null) }));
}

function judged(
  record: SourceRecord,
  fate: LetterFate,
  { events, held, made }: Drafted,
  { ambiguousHorizonMs, dedup, hasToken }: JudgementParts,
  now: number,
): Judged {
  const sends: string[] = [];
  const failures = made.parts.flatMap(part => (part.kind === 'refuse' ? [part.refusal.deadLetter as string] : []));
  const skips = made.parts.flatMap(part => (part.kind === 'skip' ? [part.reason] : []));
  let delivered = 0;
  for (const [index, event] of events.entries()) {
    const { connectionId } = event.destination;
    const value = held[index] ?? null;
    const decision = judgeClaim(value, made.record, event.dedupWindowMs, now, dedup, made);
    if (decision.kind !== 'send' && decision.kind !== 'take-over') delivered++;
    else if (decision.claimedAt <= now - ambiguousHorizonMs) failures.push('ambiguous_past_dedup');
    else if (hasToken(connectionId)) sends.push(connectionId);
    else failures.push('token_missing');
  }
  if (fate.kind === 'pass' && sends.length > 0) return passedOver(record, fate);
  return { record, letter: fate.letter, passed: null, sends, delivered, failures, skips };
}
