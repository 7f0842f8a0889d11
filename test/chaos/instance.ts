/** An instance of the service under a supervisor, as a platform runs it: when it ends, it is started again. */

import { setTimeout as pause } from 'node:timers/promises';
import type { ServiceProcess } from '../../sandbox/service-process.ts';

const RESTART_MS = 200;

export class Instance {
  readonly service: ServiceProcess;
  /** How it ended without being asked to: `exit code 1` … */
  readonly ownEnds: string[] = [];
  #asked = false;
  #stopping = false;
  readonly #living: Promise<void>;

  constructor(service: ServiceProcess) {
    this.service = service;
    this.#living = this.#live();
  }

  /** SIGKILL; false when it is not running just now. The supervisor starts it again. */
  kill(): boolean {
    const { process } = this.service;
    if (process.pid === undefined) return false;
    this.#asked = true;
    process.kill('SIGKILL');
    return true;
  }

  /** SIGTERM, and no further start; resolves with how it ended. */
  async stop(): Promise<string> {
    this.#stopping = true;
    this.#asked = true;
    const ended = this.service.process.exited;
    await this.service.process.stop('SIGTERM');
    await this.#living;
    return ended;
  }

  async #live(): Promise<void> {
    while (!this.#stopping) {
      this.#asked = false;
      // Not being ready in time is no end: it may well wait for a server that is away.
      await this.service.process.start().catch(() => {});
      const how = await this.service.process.exited;
      if (!this.#asked) this.ownEnds.push(how);
      if (!this.#stopping) await pause(RESTART_MS);
    }
  }
}
