/** What a command may use of the process it runs in. `main.ts` fills it from `process`, tests with plain values. */

import { CodedError, messageOf } from '../core/error-codes.ts';

export interface Terminal {
  write(text: string): void;
  /** Whether colours are wanted: a terminal, no `NO_COLOR`, not `TERM=dumb`. */
  readonly color: boolean;
  /** Whether a line may renew itself; otherwise a file or another program reads. */
  readonly isTerminal: boolean;
}

export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For data. */
  readonly out: Terminal;
  /** For messages. */
  readonly err: Terminal;
  /** Text of a file; throws where it cannot be read. */
  readFile(path: string): string;
  /** All of standard input, once it has ended; rejects where it cannot be read. */
  readInput(): Promise<string>;
  /** Epoch milliseconds. */
  now(): number;
  readonly nodeVersion: string;
  /**
   * From now on the first SIGTERM or SIGINT aborts the answered signal instead of ending the process; a second one
   * ends it at once.
   */
  stopSignal(): AbortSignal;
}

/**
 * The text of a file that the command line names, or all of standard input where it names none.
 * @throws CodedError `INPUT_UNREADABLE`
 */
export async function readGiven(file: string | null, host: Pick<Host, 'readFile' | 'readInput'>): Promise<string> {
  try {
    return file === null ? await host.readInput() : host.readFile(file);
  } catch (error) {
    throw unreadable(file ?? 'standard input', error);
  }
}

/** Not every error of the system says which file: that of a folder does not. */
export function unreadable(file: string, error: unknown): CodedError {
  const message = messageOf(error);
  return new CodedError('INPUT_UNREADABLE', message.includes(file) ? message : `${file}: ${message}`);
}
