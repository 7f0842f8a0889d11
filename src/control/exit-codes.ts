/** What the process answers to its caller. Documented in `--help` and in the README. */

import type { ErrorCode } from '../core/error-codes.ts';

export const EXIT = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  /** Invalid configuration, or (`preview`) nothing would be sent. */
  invalid: 3,
  /** Kafka, the registry or Redis could not be reached at start; TikTok, too, for `doctor`. */
  unreachable: 4,
  /** Nothing that the command was asked for is there: no failure. */
  nothingMatched: 5,
  /** A topic or schema, or anything that `doctor` looks at, is missing or not as it should be. */
  foundWrong: 6,
  /** What was written could not be read back in time. */
  timedOut: 7,
  /** TikTok refuses the credentials of a connection (`connections verify`). */
  refused: 8,
  /** Nothing was learned of them. */
  undecided: 9,
  /** Done as far as it could be: some events stay where they were. */
  someFailed: 10,
  /** Somebody else is at it; later it may work. */
  busy: 11,
  /** Ended at once by a second SIGINT or SIGTERM: 128 + the signal's number. The first one stops gracefully: 0. */
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_CODE_HELP = `Exit codes:
  0    done, or stopped gracefully
  1    unexpected error, or given up on one while running
  2    the command line is not understood, or a file it names cannot be read
  3    invalid configuration, key or token, or (preview) nothing would be sent
  4    Kafka, the schema registry or Redis (doctor: or TikTok) could not be reached
  5    nothing matched what was asked for
  6    a topic or schema (doctor: anything) is missing or not as it should be
  7    what was written could not be read back in time
  8    (connections verify) TikTok refuses the credentials
  9    (connections verify) undecided: nothing was learned of the credentials
  10   done, but some events could not be delivered and stay dead letters
  11   another redrive job is running
  130  interrupted at once (second Ctrl-C)
  143  terminated at once (second SIGTERM)`;

const EXIT_OF: Readonly<Record<ErrorCode, ExitCode>> = {
  CONFIG_FILE_UNREADABLE: EXIT.invalid,
  CONFIG_NOT_YAML: EXIT.invalid,
  CONFIG_UNKNOWN_OPTION: EXIT.invalid,
  CONFIG_REQUIRED: EXIT.invalid,
  CONFIG_WRONG_TYPE: EXIT.invalid,
  CONFIG_OUT_OF_RANGE: EXIT.invalid,
  CONFIG_INVALID_VALUE: EXIT.invalid,
  CONFIG_CONFLICT: EXIT.invalid,
  CONFIG_SET_TWICE: EXIT.invalid,
  CONFIG_SECRET_FILE_UNREADABLE: EXIT.invalid,
  CONFIG_SECRET_ON_COMMAND_LINE: EXIT.invalid,
  INPUT_UNREADABLE: EXIT.usage,
  INPUT_INVALID: EXIT.invalid,
  JOB_UNKNOWN: EXIT.nothingMatched,
  ENTRY_UNKNOWN: EXIT.nothingMatched,
  NOT_READ_BACK: EXIT.timedOut,
  TOPICS_WRONG: EXIT.foundWrong,
  DEPENDENCY_UNREACHABLE: EXIT.unreachable,
  TOKEN_KEYS_UNUSABLE: EXIT.invalid,
  TOKEN_UNUSABLE: EXIT.invalid,
  USAGE: EXIT.usage,
  REDRIVE_RUNNING: EXIT.busy,
  CONSUMER_STUCK: EXIT.unexpected,
  UNEXPECTED: EXIT.unexpected,
};

export function exitCodeOf(code: ErrorCode): ExitCode {
  return EXIT_OF[code];
}
