/** A dead-letter topic in memory; `failures` makes the next writes reject, one each. */

import type { DeadLetter } from '../../src/core/dead-letter.ts';
import type { DeadLetters } from '../../src/ports.ts';

export class MemoryDeadLetters implements DeadLetters {
  readonly letters: DeadLetter[] = [];
  readonly failures: Error[] = [];

  async write(letters: readonly DeadLetter[]): Promise<void> {
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    this.letters.push(...letters);
  }
}
