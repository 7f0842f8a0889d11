/**
 * The stable codes of errors that stop a command, with what each means and what to do. Match on the code, never on
 * the message. Reasons for which single events end are another list: `outcome.ts`.
 *
 * Guarantee: a code is never renamed or given another meaning; the README's table is compared with this list.
 */

export const ERROR_CODES = {
  CONFIG_FILE_UNREADABLE: 'The configuration file cannot be read. Check the path and its permissions.',
  CONFIG_NOT_YAML: 'The configuration file is not one valid YAML document. The message names line and column.',
  CONFIG_UNKNOWN_OPTION: 'No option has this name. Correct the spelling; config/reference.yaml lists them all.',
  CONFIG_REQUIRED: 'An option without a default is not set. Set it in the file, the environment or by a flag.',
  CONFIG_WRONG_TYPE: 'The value is of another kind than the option. The message says which kind is wanted.',
  CONFIG_OUT_OF_RANGE: 'The number is outside the bounds of the option. The message gives the bounds and their reason.',
  CONFIG_INVALID_VALUE: 'The value is of the right kind but not one the option takes.',
  CONFIG_CONFLICT: 'Two options contradict each other. Change one of those the message names.',
  CONFIG_SET_TWICE: 'One source sets the option in two ways. Keep one of them.',
  CONFIG_SECRET_FILE_UNREADABLE: 'The file that a …_FILE variable names cannot be read or is empty.',
  CONFIG_SECRET_ON_COMMAND_LINE: 'A secret stands on the command line, where every process can read it. Use …_FILE.',
  INPUT_UNREADABLE: 'A file named on the command line cannot be read or is not JSON.',
  INPUT_INVALID: 'A file does not have the fields of its Avro schema, or breaks a rule. The message names the field.',
  JOB_UNKNOWN: 'No redrive job of this name is on record; the message names those that are. `--name` starts a new one.',
  ENTRY_UNKNOWN: 'The config topic has no connection or mapping of this id. `tiktok-sync get` lists what it has.',
  NOT_READ_BACK:
    'What was written to the config topic was not read back in time, or somebody else wrote it meanwhile. Run it again.',
  TOPICS_WRONG: 'A topic is missing or not as the contract wants it. `tiktok-sync topics check` says which and how.',
  DEPENDENCY_UNREACHABLE: 'Kafka, the schema registry or Redis could not be reached at start.',
  REDRIVE_RUNNING: 'Another redrive job runs, by hand or by itself. The message says which and where.',
  CONSUMER_STUCK:
    'Heartbeats or commits stopped while the process ran. It ends so that another takes its partitions over.',
  TOKEN_KEYS_UNUSABLE: 'The key file of token envelopes cannot be read, is malformed, or lacks the key that is named.',
  TOKEN_UNUSABLE: 'What is given is no access token, or is an envelope that does not open.',
  USAGE: 'The command line is not understood. Ask the command for --help.',
  UNEXPECTED: 'A defect of this program. Please report it with the message.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** An error that a user can act on: its code is stable, its message says what happened, to what, and what to do. */
export class CodedError extends Error {
  override readonly name = 'CodedError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The code that an error of Node.js or of a client bears (`ECONNREFUSED`, `ENOENT` …); null where it bears none. */
export function systemCodeOf(thrown: unknown): string | null {
  if (!(thrown instanceof Error && 'code' in thrown)) return null;
  // Some have the property and nothing in it, as undici's error for an answer that is not HTTP.
  const code = thrown.code ?? null;
  return code === null ? null : String(code);
}

/** What went wrong, in the words of whoever threw it. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
