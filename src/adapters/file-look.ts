/** Whether a file that was read has changed since, by one `stat`. */

import type { Stats } from 'node:fs';

/** A file as it was when it was read. */
export interface FileLook {
  readonly stat: Stats;
  /** Epoch milliseconds. */
  readonly at: number;
}

/**
 * File systems tell times in steps of some milliseconds, some in steps of two seconds: what was written shortly before it
 * was read may be written again within the same step.
 */
const UNSETTLED_MS = 2_000;

/** Made before the file is read, so that a change during reading shows. */
export function lookAt(stat: Stats): FileLook {
  return { stat, at: Date.now() };
}

/** Whether the content is surely the same. A link that leads elsewhere shows as another inode. */
export function isUnchanged({ stat: before, at }: FileLook, now: Stats): boolean {
  const same = before.ino === now.ino && before.mtimeMs === now.mtimeMs && before.size === now.size;
  return same && now.mtimeMs < at - UNSETTLED_MS;
}
