/**
 * Debian's real Prometheus on a free loopback port, with a folder of its own: it scrapes what it is told to, evaluates
 * rule files, and answers questions. `await using prometheus = await Prometheus.start({ targets })` is all a test needs;
 * nothing outlives the process that called it (see watchdog.ts).
 */

import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerProcess } from './child-process.ts';
import { freePort } from './free-port.ts';
import { requireProgram } from './prerequisites.ts';
import { guard, spare } from './watchdog.ts';

/** What is scraped, and which labels its series get besides `instance` (by default host and port of the address). */
export interface ScrapeTarget {
  /** `http://host:port`; another path than `/metrics` may follow. */
  readonly url: string;
  /** For example `namespace`, `job`, `instance`; the job is `tiktok-sync` where none is named. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** What it watches; `reload` changes it while it runs. */
export interface PrometheusSettings {
  readonly targets: readonly ScrapeTarget[];
  /** How often targets are scraped and rules evaluated; default 1,000 ms. */
  readonly scrapeIntervalMs?: number;
  /** Paths of rule files; patterns of Prometheus' own kind are allowed. */
  readonly ruleFiles?: readonly string[];
}

export interface PrometheusOptions extends PrometheusSettings {
  /** Gets a line when Prometheus has to be installed. Default: silence. */
  readonly onProgress?: (line: string) => void;
}

/** One series of an instant query; a scalar has no labels. */
export interface InstantSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One series of a range query, its points as seconds since 1970 and value. */
export interface RangeSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly (readonly [at: number, value: number])[];
}

/** Times in seconds since 1970. */
export interface Range {
  readonly start: number;
  readonly end: number;
  readonly stepSeconds: number;
}

/** An alert that is not at rest. */
export interface ActiveAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
  /** ISO 8601. */
  readonly activeAt: string;
  readonly value: string;
}

/** How a target was scraped last. */
export interface TargetHealth {
  readonly scrapeUrl: string;
  readonly health: 'up' | 'down' | 'unknown';
  /** Empty while all is well. */
  readonly lastError: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What Prometheus sends for a series: labels, and one value or many. */
interface RawSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

type RawResult =
  | { readonly resultType: 'vector' | 'matrix'; readonly result: readonly RawSeries[] }
  | { readonly resultType: 'scalar'; readonly result: readonly [number, string] };

const DEFAULT_INTERVAL_MS = 1_000;
const READY_DEADLINE_MS = 30_000;

export class Prometheus implements AsyncDisposable {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  readonly process: ServerProcess;
  readonly #folder: string;

  private constructor(url: string, server: ServerProcess, folder: string) {
    this.url = url;
    this.process = server;
    this.#folder = folder;
  }

  /**
   * Resolves once it answers. Its first scrape is five seconds later (it gathers new targets for so long), so start it
   * before what takes time.
   * @throws SandboxError when it is missing and cannot be installed, or does not take its configuration (the log's tail says why)
   */
  static async start(options: PrometheusOptions): Promise<Prometheus> {
    const command = requireProgram('prometheus', options.onProgress ?? (() => {}));
    const folder = mkdtempSync(join(tmpdir(), 'tiktok-sync-prometheus-'));
    guard(folder);
    writeFileSync(configFile(folder), configuration(options));
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const server = new ServerProcess({
      name: 'prometheus',
      address: `127.0.0.1:${port}`,
      command,
      args: [
        `--config.file=${configFile(folder)}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--web.enable-lifecycle',
      ],
      folder,
      logFile: join(folder, 'prometheus.log'),
      ready: async () => (await fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(2_000) })).ok,
      deadlineMs: READY_DEADLINE_MS,
      stopSignal: 'SIGTERM',
    });
    const prometheus = new Prometheus(url, server, folder);
    try {
      await server.start();
    } catch (error) {
      await prometheus.stop();
      throw error;
    }
    return prometheus;
  }

  /**
   * Evaluates an expression, now or at a time in seconds since 1970.
   * @throws Error with Prometheus' own words when it is no valid PromQL
   */
  async query(expr: string, at?: number): Promise<readonly InstantSample[]> {
    const data = await this.#ask<RawResult>('query', {
      query: expr,
      ...(at === undefined ? {} : { time: String(at) }),
    });
    if (data.resultType === 'scalar') return [{ labels: {}, value: Number(data.result[1]) }];
    return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value?.[1]) }));
  }

  /**
   * Evaluates an expression at every step of a range.
   * @throws Error with Prometheus' own words when it is no valid PromQL
   */
  async queryRange(expr: string, { start, end, stepSeconds }: Range): Promise<readonly RangeSeries[]> {
    const range = { start: String(start), end: String(end), step: String(stepSeconds) };
    const data = await this.#ask<RawResult>('query_range', { query: expr, ...range });
    if (data.resultType === 'scalar') return [];
    return data.result.map(({ metric, values = [] }) => ({
      labels: metric,
      points: values.map(([at, value]) => [at, Number(value)] as const),
    }));
  }

  /** The alerts that are pending or firing. */
  async alerts(): Promise<readonly ActiveAlert[]> {
    return (await this.#ask<{ readonly alerts: readonly ActiveAlert[] }>('alerts')).alerts;
  }

  /** Values that a label has, of the series that the selector picks. */
  async labelValues(label: string, selector: string): Promise<readonly string[]> {
    return this.#ask<readonly string[]>(`label/${label}/values`, { 'match[]': selector });
  }

  /** Every target, and how it was scraped last. */
  async targets(): Promise<readonly TargetHealth[]> {
    type Targets = { readonly activeTargets: readonly TargetHealth[] };
    return (await this.#ask<Targets>('targets')).activeTargets;
  }

  /**
   * Watches something else from now on, rules at once and new targets after five seconds; what was scraped stays.
   * @throws Error with Prometheus' own words when it does not take the new configuration
   */
  async reload(settings: PrometheusSettings): Promise<void> {
    writeFileSync(configFile(this.#folder), configuration(settings));
    const answer = await fetch(`${this.url}/-/reload`, { method: 'POST', signal: AbortSignal.timeout(10_000) });
    if (!answer.ok) throw new Error(`Prometheus did not take its configuration: ${await answer.text()}`);
  }

  /** Ends it and removes its folder. */
  async stop(): Promise<void> {
    // The data is thrown away, so there is nothing a gentle end would save.
    await this.process.stop('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
    spare(this.#folder);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** As a form, for an expression may be longer than an address; Prometheus takes it on what it also answers to GET. */
  async #ask<T>(endpoint: string, parameters: Readonly<Record<string, string>> = {}): Promise<T> {
    const form = new URLSearchParams(parameters);
    const post = endpoint.startsWith('query');
    const answer = await fetch(`${this.url}/api/v1/${endpoint}${post ? '' : `?${form}`}`, {
      signal: AbortSignal.timeout(10_000),
      ...(post ? { method: 'POST', body: form } : {}),
    });
    const body = (await answer.json()) as { readonly data?: T; readonly error?: string };
    if (body.data === undefined) {
      throw new Error(`Prometheus refused ${parameters['query'] ?? endpoint}: ${body.error ?? answer.status}`);
    }
    return body.data;
  }
}

function configFile(folder: string): string {
  return join(folder, 'prometheus.yml');
}

/** JSON is YAML, too. */
function configuration({
  targets,
  scrapeIntervalMs = DEFAULT_INTERVAL_MS,
  ruleFiles = [],
}: PrometheusSettings): string {
  const interval = `${scrapeIntervalMs}ms`;
  const jobs = targets.map(({ url, labels = {} }, index) => {
    const { host, pathname } = new URL(url);
    return {
      // A job of its own for each, since the path belongs to the job; the label says what it is called.
      job_name: `target-${index}`,
      metrics_path: pathname === '/' ? '/metrics' : pathname,
      // Labels of the target win over the `job` of the configuration.
      static_configs: [{ targets: [host], labels: { job: 'tiktok-sync', ...labels } }],
    };
  });
  return JSON.stringify({
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: ruleFiles,
    scrape_configs: jobs,
  });
}
