/** When a consumer holds its partitions without working on them, what says so, and the error that ends the process. */

import type { Commits } from './commits.ts';
import { CodedError } from './core/error-codes.ts';
import type { Clock, RecordSource } from './ports.ts';
import { watch } from './watchdog.ts';

export interface WatchedConsumer {
  readonly source: Pick<RecordSource, 'status'>;
  readonly commits: Pick<Commits, 'waitingSince'>;
  readonly clock: Clock;
}

/** Milliseconds. */
export interface Patience {
  readonly heartbeatMaxAgeMs: number;
  readonly batchMaxAgeMs: number;
  readonly commitMaxAgeMs: number;
}

const STUCK = {
  heartbeat: 'the group coordinator has taken no heartbeat for',
  batch: 'a fetched batch has been in hand for',
  commit: 'settled offsets could not be committed for',
} as const;

/** Calls back once, with `CONSUMER_STUCK`; the returned function ends the watch. */
export function watchConsumer(
  { clock, commits, source }: WatchedConsumer,
  { batchMaxAgeMs, commitMaxAgeMs, heartbeatMaxAgeMs }: Patience,
  stuck: (error: CodedError) => void,
): () => void {
  const since = (age: number | null): number | null => (age === null ? null : clock.monotonic() - age);
  const watched = [
    { name: 'heartbeat', since: () => since(source.status().sinceHeartbeatMs), maxAgeMs: heartbeatMaxAgeMs },
    { name: 'batch', since: () => since(source.status().acceptingForMs), maxAgeMs: batchMaxAgeMs },
    { name: 'commit', since: () => commits.waitingSince, maxAgeMs: commitMaxAgeMs },
  ] as const;
  return watch(watched, clock, (name, overdueMs) => {
    const seconds = Math.round(overdueMs / 1000);
    const message = `${STUCK[name]} ${seconds} s: this process holds its partitions without working on them`;
    stuck(new CodedError('CONSUMER_STUCK', `${message}. It ends, so that another takes them over.`));
  });
}
