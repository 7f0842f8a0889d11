/** Log ends of the owned partitions, asked for now and then: a paused or idle partition has no batches to tell. */

import type { Clock } from '../ports.ts';
import type { GroupOffsets } from './kafka-group-offsets.ts';
import type { Ownership } from './kafka-ownership.ts';

const POLL_EVERY_MS = 20_000;

/** Starts polling; the returned function stops it. A poll that fails is left out: the next one comes soon. */
export function pollLogEnds(offsets: GroupOffsets, owned: () => Ownership | null, clock: Clock): () => void {
  let cancel = (): void => {};
  const poll = async (): Promise<void> => {
    const ownership = owned();
    for (const { topic } of ownership?.topics() ?? []) {
      const ranges = await offsets.ranges(topic).catch(() => []);
      for (const { partition, end } of ranges) {
        const known = ownership?.find(topic, partition);
        if (known !== undefined) known.highWatermark = Math.max(end, known.highWatermark ?? 0);
      }
    }
  };
  const again = (): void => {
    cancel = clock.after(POLL_EVERY_MS, () => {
      again();
      void poll();
    });
  };
  again();
  return () => cancel();
}
