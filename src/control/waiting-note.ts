/** A word on the message stream while a command waits for a server: silence looks like a program that hangs. */

import type { Clock } from '../ports.ts';
import type { Terminal } from './host.ts';

const AFTER_MS = 3_000;

/** Says once what is still tried when `asked` takes longer than a few seconds; its answer is `asked`'s. */
export async function noteWhileWaiting<T>(asked: Promise<T>, tried: string, clock: Clock, err: Terminal): Promise<T> {
  const cancel = clock.after(AFTER_MS, () => err.write(`Still trying to reach ${tried} …\n`));
  try {
    return await asked;
  } finally {
    cancel();
  }
}
