/** Waits until what was written to the config topic can be read from it: only then will the service have it, too. */

import type { Fields } from '../core/entry-fields.ts';
import { CodedError } from '../core/error-codes.ts';
import type { StoredConfig } from '../core/stored-config.ts';
import { pause } from '../pause.ts';
import type { Clock, ConfigTopic, EntryToWrite } from '../ports.ts';
import { printable } from './apply-file.ts';
import type { Host } from './host.ts';
import type { TimeLimit } from './time-limit.ts';

export interface ReadBackRequest {
  readonly written: readonly EntryToWrite[];
  /** What was on the topic before. */
  readonly before: StoredConfig;
  readonly timeoutMs: number;
  /** Called now and then when it takes long. */
  readonly onWaiting: (keys: readonly string[], waitedMs: number) => void;
}

/** Keys that were not read back; both are empty when all is well. */
export interface ReadBack {
  /** Not seen within the time. */
  readonly missing: readonly string[];
  /** Something else was written under the key since. */
  readonly overtaken: readonly string[];
}

const LOOK_EVERY_MS = 200;
const FIRST_WORD_AFTER_MS = 2_000;
const WORD_EVERY_MS = 5_000;

const MAYBE_WRITTEN =
  'Some entries may have been written: run the command again, which writes only what is still missing.';

type Sight = 'seen' | 'missing' | 'overtaken';

/**
 * Writes entries, waits until each can be read, and tells on the message stream when that takes long.
 * @throws CodedError `NOT_READ_BACK`; `DEPENDENCY_UNREACHABLE` where writing takes too long; whatever writing throws.
 */
export async function writeAndReadBack(
  topic: ConfigTopic,
  clock: Clock,
  request: Pick<ReadBackRequest, 'written' | 'before'> & { readonly limit: TimeLimit },
  host: Pick<Host, 'err'>,
): Promise<void> {
  const { limit } = request;
  await limit.hold(topic.write(request.written), MAYBE_WRITTEN);
  const onWaiting = (keys: readonly string[], waitedMs: number): void => {
    host.err.write(`waiting for ${someOf(keys)} to be read back (${Math.round(waitedMs / 1000)} s)\n`);
  };
  const { missing, overtaken } = await awaitReadBack(topic, clock, {
    ...request,
    timeoutMs: limit.leftMs(),
    onWaiting,
  });
  if (missing.length > 0) {
    const message = `Written, and not read back within ${limit.ms / 1000} s: ${someOf(missing)}. Run the command again.`;
    throw new CodedError('NOT_READ_BACK', message);
  }
  if (overtaken.length === 0) return;
  const message = `Written, and overwritten by somebody else since: ${someOf(overtaken)}. Look at what is there now.`;
  throw new CodedError('NOT_READ_BACK', message);
}

function someOf(keys: readonly string[]): string {
  return keys.slice(0, 5).map(printable).join(', ') + (keys.length > 5 ? ` and ${keys.length - 5} more` : '');
}

export async function awaitReadBack(topic: ConfigTopic, clock: Clock, request: ReadBackRequest): Promise<ReadBack> {
  const { written, before, timeoutMs, onWaiting } = request;
  const startedAt = clock.monotonic();
  let sights = new Map<string, Sight>(written.map(({ key }) => [key, 'missing']));
  for (let nextWordAt = FIRST_WORD_AFTER_MS; ; ) {
    const leftMs = timeoutMs - (clock.monotonic() - startedAt);
    // Kafka being away for a moment is what the time is for.
    const now = await within(topic.read(), leftMs, clock).catch(() => null);
    if (now !== null) sights = new Map(written.map(entry => [entry.key, sightOf(entry, before, now)]));
    const missing = keysOf(sights, 'missing');
    const waitedMs = clock.monotonic() - startedAt;
    if (missing.length === 0 || waitedMs >= timeoutMs) return { missing, overtaken: keysOf(sights, 'overtaken') };
    if (waitedMs >= nextWordAt) {
      nextWordAt = waitedMs + WORD_EVERY_MS;
      onWaiting(missing, waitedMs);
    }
    await pause(clock, Math.min(LOOK_EVERY_MS, timeoutMs - waitedMs));
  }
}

/** The answer, or null when it takes longer. */
function within<T>(asked: Promise<T>, ms: number, clock: Clock): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(Math.max(0, ms), () => resolve(null));
    asked.then(resolve, reject).finally(cancel);
  });
}

function sightOf({ key, record }: EntryToWrite, before: StoredConfig, now: StoredConfig): Sight {
  const stored = now.entries.get(key);
  const offset = offsetOf(now, key);
  if (record === null) {
    if (offset === null) return 'seen';
  } else if (stored !== undefined && haveSame(stored.fields, record.fields)) return 'seen';
  return offset === offsetOf(before, key) ? 'missing' : 'overtaken';
}

function offsetOf({ entries, unreadable }: StoredConfig, key: string): number | null {
  return (entries.get(key) ?? unreadable.get(key))?.offset ?? null;
}

function haveSame(one: Fields, other: Fields): boolean {
  return Object.keys(other).every(field => one[field] === other[field]);
}

function keysOf(sights: ReadonlyMap<string, Sight>, wanted: Sight): string[] {
  return [...sights].flatMap(([key, sight]) => (sight === wanted ? [key] : []));
}
