/**
 * What an event must be like before it may take a place in a batch: TikTok refuses a batch as a whole for one bad event.
 *
 * Guarantee: pure; a refusal names what is wrong and what to do, and quotes nothing personal. Limits are options,
 * because TikTok publishes few of them.
 */

import type { BuildNote } from './build-notes.ts';
import type { Connection, Mapping } from './config-entry.ts';
import { judgeEventName } from './event-names.ts';
import { present } from './normalise.ts';
import type { DeadLetterReason, Refusal } from './outcome.ts';
import { SHAPES, type Shape } from './tiktok-shape.ts';
import { durationWords, momentWords } from './time-words.ts';

export interface TimeLimits {
  /** Milliseconds; an older event is `too_old`. */
  readonly maxEventAgeMs: number;
  /** Milliseconds that a producer's clock may be ahead; beyond it an event is `in_future`. */
  readonly maxFutureMs: number;
}

/** Epoch milliseconds of 1973; as a time of the event, it is surely seconds in the wrong field. */
const SURELY_SECONDS = 100_000_000_000;

export function refuse(deadLetter: DeadLetterReason, detail: string): Refusal {
  return { deadLetter, detail };
}

/** The connection's shape, the event's id and its TikTok name. */
export function checkNames(
  eventId: string,
  mapping: Mapping,
  connection: Connection,
  shape: Shape | null,
): Refusal | null {
  const { mapping_id, tiktok_event_name: name } = mapping;
  if (shape === null) {
    return refuse(
      'config_invalid',
      `Connection ${connection.connection_id} asks for wire V1, which has no offline events.`,
    );
  }
  if (present(eventId) === null) return refuse('invalid_event', 'The id that is to be the event_id is empty.');
  if (present(name) === null) return refuse('invalid_event', `Mapping ${mapping_id} has an empty tiktok_event_name.`);
  if (shape !== 'offline') return null;
  const [problem] = judgeEventName(name, 'OFFLINE').problems;
  if (problem === undefined) return null;
  return refuse('config_invalid', `The tiktok_event_name of mapping ${mapping_id} ${problem}.`);
}

export function checkTime(time: number, now: number, limits: TimeLimits): Refusal | null {
  if (!Number.isFinite(time)) return refuse('invalid_event', 'The time of the event is not a number of milliseconds.');
  if (now - time > limits.maxEventAgeMs) {
    const hint = time < SURELY_SECONDS ? ' Is it in seconds? Milliseconds are expected.' : '';
    return refuse(
      'too_old',
      `The event is older than ${durationWords(limits.maxEventAgeMs)} (${momentWords(time)}).${hint}`,
    );
  }
  if (time - now > limits.maxFutureMs) {
    const ahead = durationWords(limits.maxFutureMs);
    return refuse('in_future', `The event is more than ${ahead} in the future (${momentWords(time)}).`);
  }
  return null;
}

/** `json` is that of the event; who must shorten it is told where most of it is. */
export function tooLarge(json: string, maxBytes: number): Refusal {
  const [part, bytes] = heaviest(JSON.parse(json) as Readonly<Record<string, unknown>>);
  const most = `${bytes} bytes of it are ${part}`;
  return refuse('invalid_event', `The TikTok event is larger than ${maxBytes} bytes (events.maxEventBytes): ${most}.`);
}

/** Of the members of the event's objects (`user`, `page`, …) the longest, with its bytes. */
function heaviest(event: Readonly<Record<string, unknown>>): readonly [path: string, bytes: number] {
  const parts = Object.entries(event).flatMap(([name, value]): [string, number][] =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).map(([inner, part]) => [`${name}.${inner}`, Buffer.byteLength(JSON.stringify(part))])
      : [[name, Buffer.byteLength(JSON.stringify(value))]],
  );
  return parts.reduce((longest, part) => (part[1] > longest[1] ? part : longest));
}

/** An event that TikTok can join to nobody counts for nobody. `notes` tell which keys had to be left out. */
export function withoutMatchKey(shape: Shape, notes: readonly BuildNote[]): Refusal {
  const left = notes.filter(note => ABOUT_KEYS.has(note)).join(', ');
  const keys = SHAPES[shape].matchKeys.map(key => (key === 'ip' ? 'public ip with user_agent' : key)).join(', ');
  return refuse('no_match_key', `The event has none of ${keys}${left === '' ? '' : `; left out: ${left}`}.`);
}

const ABOUT_KEYS: ReadonlySet<BuildNote> = new Set<BuildNote>([
  'email_invalid',
  'phone_unparsable',
  'phone_without_country',
  'phone_placeholder',
  'digest_of_nothing',
  'ttclid_too_long',
  'ttclid_unreadable',
  'ip_private',
  'ip_unreadable',
]);
