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

/**
 * Whether the content is surely the same. A link that leads elsewhere shows as another inode. Whoever writes may choose
 * the time of modification (`cp -p`, reproducible archives), and tokens are of one length: only the change time is the
 * system's own.
 */
export function isUnchanged({ stat: before, at }: FileLook, now: Stats): boolean {
  const isSameFile = before.ino === now.ino && before.size === now.size;
  const isSameTime = before.mtimeMs === now.mtimeMs && before.ctimeMs === now.ctimeMs;
  return isSameFile && isSameTime && now.mtimeMs < at - UNSETTLED_MS;
}
