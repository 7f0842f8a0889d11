/**
 * The service as its users run it: a process of its own, told by the environment alone, killed like any other.
 */

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ServerProcess } from './child-process.ts';
import { freePort } from './free-port.ts';

export interface ServiceOptions {
  readonly name: string;
  /** `TIKTOK_SYNC_…` and `TIKTOK_TOKEN_…` variables; nothing else of this process's environment is passed on. */
  readonly env: Readonly<Record<string, string>>;
  /** Where it runs and logs. */
  readonly folder: string;
}

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const READY_DEADLINE_MS = 60_000;

export class ServiceProcess {
  /** `http://127.0.0.1:port` of its health, metrics and status endpoints. */
  readonly url: string;
  readonly process: ServerProcess;

  private constructor(options: ServiceOptions, port: number) {
    this.url = `http://127.0.0.1:${port}`;
    mkdirSync(options.folder, { recursive: true });
    this.process = new ServerProcess({
      name: options.name,
      address: `127.0.0.1:${port}`,
      command: process.execPath,
      args: [MAIN, 'run'],
      env: {
        PATH: process.env['PATH'] ?? '',
        ...options.env,
        TIKTOK_SYNC_HTTP_PORT: String(port),
        TIKTOK_SYNC_HTTP_HOST: '127.0.0.1',
      },
      folder: options.folder,
      logFile: `${options.folder}/${options.name}.log`,
      ready: () => this.isReady(),
      deadlineMs: READY_DEADLINE_MS,
      stopSignal: 'SIGTERM',
    });
  }

  /** Prepares a service; `process.start()` runs it and waits until it is ready. */
  static async create(options: ServiceOptions): Promise<ServiceProcess> {
    return new ServiceProcess(options, await freePort());
  }

  async isReady(): Promise<boolean> {
    return (await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok;
  }

  /** What it has logged so far, over all its lives. */
  log(): string {
    const { logFile } = this.process;
    return existsSync(logFile) ? readFileSync(logFile, 'utf8') : '';
  }

  /** The body of `/status`. */
  async status(): Promise<Readonly<Record<string, unknown>>> {
    const response = await fetch(`${this.url}/status`, { signal: AbortSignal.timeout(5_000) });
    return (await response.json()) as Readonly<Record<string, unknown>>;
  }

  /** Grows with every entry of the config topic that the service has read. */
  async configGeneration(): Promise<number> {
    return total(await this.metrics(), 'tiktok_sync_config_generation');
  }

  /** The body of `/metrics`. */
  async metricsText(): Promise<string> {
    const response = await fetch(`${this.url}/metrics`, { signal: AbortSignal.timeout(5_000) });
    return response.text();
  }

  /** Every sample of `/metrics`, by its name with labels as exposed. */
  async metrics(): Promise<ReadonlyMap<string, number>> {
    const samples = new Map<string, number>();
    for (const line of (await this.metricsText()).split('\n')) {
      if (line === '' || line.startsWith('#')) continue;
      const end = line.lastIndexOf(' ');
      samples.set(line.slice(0, end), Number(line.slice(end + 1)));
    }
    return samples;
  }
}

/** Adds up the samples of one metric, those whose labels hold each of the given `name="value"` pairs. */
export function total(samples: ReadonlyMap<string, number>, metric: string, labels: readonly string[] = []): number {
  let sum = 0;
  for (const [sample, value] of samples) {
    const name = sample.split('{', 1)[0];
    if (name === metric && labels.every(label => sample.includes(label))) sum += value;
  }
  return sum;
}
