/** One server of the stack, as a test or the demo sees it. */
export interface StackService {
  /** For example `kafka-1`, `redis`, `registry`. */
  readonly name: string;
  /** `host:port`, the same before and after a restart. */
  readonly address: string;
  /** Process id while it runs; undefined while stopped and under `SANDBOX=docker`. */
  readonly pid: number | undefined;
  /** Where its output goes (appended over restarts). */
  readonly logFile: string;
  /** Sends a signal and does not wait. SIGSTOP freezes, SIGCONT thaws; both keep the contents. */
  kill(signal: NodeJS.Signals): void;
  /**
   * Sends a signal (default: the one after which a restart finds its data again) and waits until the process is gone;
   * one that does not react within 15 s gets SIGKILL. Redis writes nothing to disk by itself: send it `SAVE` first to
   * find the contents again after `start()`.
   */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and data and waits until it answers; does nothing while it runs. */
  start(): Promise<void>;
}

/** What to start. */
export interface StackOptions {
  /** Number of Kafka nodes, each broker and controller; default 1. With 0 there is no Kafka. */
  brokers?: 0 | 1 | 3;
  /** Schema registry; default true. */
  registry?: boolean;
  /** Redis; default true. */
  redis?: boolean;
  /** Gets a line for every step a person might wait for. Default: silence. */
  onProgress?: (line: string) => void;
  /** Where the stack's own folder is made; default: the system's temporary folder. */
  parentFolder?: string;
}

/** How to end a stack. */
export interface StopOptions {
  /** Keep the logs (never the data) and name their folder through `onProgress`; for a failed test run. */
  keepLogs?: boolean;
}

/** A running stack. `await using stack = await startStack()` stops it at the end of the block. */
export interface Stack extends AsyncDisposable {
  /** Comma-separated `host:port` list; empty when started with `brokers: 0`. */
  readonly brokers: string;
  /** Base address of the Confluent-compatible API (`…/apis/ccompat/v7`); empty without a registry. */
  readonly registryUrl: string;
  /** `redis://host:port`; empty without Redis. */
  readonly redisUrl: string;
  /** Data and logs of all servers, logs in its subfolder `logs`. */
  readonly folder: string;
  /** The i-th Kafka node, counted from 0. Throws when the stack has no such node. */
  broker(i?: number): StackService;
  /** Throws when the stack was started without it. */
  readonly redis: StackService;
  /** Throws when the stack was started without it. */
  readonly registry: StackService;
  /** Stops everything at once and removes the folder; a second call does nothing. Logs stay when a server died by itself. */
  stop(options?: StopOptions): Promise<void>;
}

/** Thrown when the stack cannot be had; the message says what to do and where the logs are. */
export class SandboxError extends Error {
  readonly code: SandboxErrorCode;

  constructor(code: SandboxErrorCode, message: string) {
    super(message);
    this.name = 'SandboxError';
    this.code = code;
  }
}

export type SandboxErrorCode =
  | 'PREREQUISITE_MISSING'
  | 'DOWNLOAD_FAILED'
  | 'COMMAND_FAILED'
  | 'SERVER_EXITED'
  | 'SERVER_NOT_READY'
  | 'NOT_IN_THIS_STACK';
