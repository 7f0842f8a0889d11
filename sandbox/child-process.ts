import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { signalGroup } from './process-group.ts';
import { SandboxError, type StackService } from './stack-contract.ts';
import { guard, spare } from './watchdog.ts';

/** Everything needed to run one server, again and again. */
export interface ServerSpec {
  readonly name: string;
  readonly address: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Its whole environment; default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  readonly folder: string;
  readonly logFile: string;
  /** True once the server answers a real request of its protocol; a throw counts as not yet. */
  readonly ready: () => Promise<boolean>;
  /** How long it may take to become ready. */
  readonly deadlineMs: number;
  /** The signal after which a restart finds its data. */
  readonly stopSignal: NodeJS.Signals;
}

const PROBE_PAUSE_MS = 40;
const GRACE_MS = 15_000;

/** A server as a child process in a process group of its own, guarded against outliving this process. */
export class ServerProcess implements StackService {
  readonly name: string;
  readonly address: string;
  readonly logFile: string;
  /** True once it ended without being asked to. */
  diedByItself = false;
  readonly #spec: ServerSpec;
  #child: ChildProcess | undefined;
  #exited: Promise<string> = Promise.resolve('not started');
  #endExpected = false;

  constructor(spec: ServerSpec) {
    this.#spec = spec;
    this.name = spec.name;
    this.address = spec.address;
    this.logFile = spec.logFile;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when the process has ended: `exit code 0`, `SIGKILL` …; at once when it is not running. */
  get exited(): Promise<string> {
    return this.#exited;
  }

  /** @throws SandboxError with the tail of the log when the server ends or stays silent. */
  async start(): Promise<void> {
    if (this.#child !== undefined) return;
    this.#spawn();
    const child = this.#child;
    const died = this.#exited.then(how => {
      throw new SandboxError('SERVER_EXITED', `${this.name} ended while starting (${how}).\n${this.#logTail()}`);
    });
    died.catch(() => {});
    const deadline = performance.now() + this.#spec.deadlineMs;
    while (performance.now() < deadline) {
      const answers = await Promise.race([died, this.#spec.ready().catch(() => false)]);
      // A stranger on the same port may have answered while ours failed to bind it.
      if (answers && this.#child === child) return;
      await Promise.race([died, pause(PROBE_PAUSE_MS)]);
    }
    const seconds = this.#spec.deadlineMs / 1000;
    throw new SandboxError('SERVER_NOT_READY', `${this.name} did not answer within ${seconds} s.\n${this.#logTail()}`);
  }

  kill(signal: NodeJS.Signals): void {
    if (this.pid === undefined) return;
    if (!HARMLESS.has(signal)) this.#endExpected = true;
    signalGroup(this.pid, signal);
  }

  async stop(signal = this.#spec.stopSignal): Promise<void> {
    this.kill(signal);
    const insist = setTimeout(() => this.kill('SIGKILL'), GRACE_MS);
    await this.#exited;
    clearTimeout(insist);
  }

  #spawn(): void {
    const { command, args, env = process.env, folder, logFile } = this.#spec;
    mkdirSync(folder, { recursive: true });
    mkdirSync(dirname(logFile), { recursive: true });
    const log = openSync(logFile, 'a');
    const child = spawn(command, args, { cwd: folder, env, stdio: ['ignore', log, log], detached: true });
    closeSync(log);
    const { pid } = child;
    if (pid !== undefined) guard(pid);
    this.#child = child;
    this.#endExpected = false;
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#exited = promise;
    const gone = (how: string) => {
      if (pid !== undefined) spare(pid);
      this.#child = undefined;
      if (!this.#endExpected) this.diedByItself = true;
      resolve(how);
    };
    child.once('exit', (code, signal) => gone(signal ?? `exit code ${code}`));
    child.once('error', error => gone(error.message));
  }

  #logTail(): string {
    const text = existsSync(this.logFile) ? readFileSync(this.logFile, 'utf8') : '';
    const tail = text.trimEnd().split('\n').slice(-15).join('\n');
    return `${tail}\nLog: ${this.logFile}`;
  }
}

const HARMLESS: ReadonlySet<NodeJS.Signals> = new Set(['SIGSTOP', 'SIGCONT', 'SIGUSR1', 'SIGUSR2', 'SIGQUIT']);
