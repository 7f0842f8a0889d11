/** Containers of our image, started as narrowly as Kubernetes' restricted profile would, and looked at from outside. */

import type { DockerEngine } from './docker-engine.ts';

/** No root, no capability, nothing to write but /tmp. */
const NARROW = [
  ...[
    '--read-only',
    '--cap-drop',
    'ALL',
    '--security-opt',
    'no-new-privileges',
    '--tmpfs',
    '/tmp',
    '--pids-limit',
    '64',
  ],
  // The network of this machine: the sandbox's servers listen on loopback.
  ...['--network', 'host'],
];

export interface ContainerRequest {
  readonly image: string;
  readonly name: string;
  /** File of `NAME=value` lines. */
  readonly envFile?: string;
  /** `/folder:/place:ro`. */
  readonly volumes?: readonly string[];
  /** Further flags of `docker run`. */
  readonly flags?: readonly string[];
  /** What follows the entry point. */
  readonly args?: readonly string[];
}

export class Container {
  readonly name: string;
  readonly #engine: DockerEngine;

  private constructor(engine: DockerEngine, name: string) {
    this.#engine = engine;
    this.name = name;
  }

  static async start(engine: DockerEngine, request: ContainerRequest): Promise<Container> {
    engine.made('container', request.name);
    await engine.run(['run', '--detach', ...runFlags(request)]);
    return new Container(engine, request.name);
  }

  /** Starts one that ends by itself, and answers what it printed. Fails unless it ends with exit code 0. */
  static async once(engine: DockerEngine, request: ContainerRequest): Promise<string> {
    engine.made('container', request.name);
    return engine.run(['run', ...runFlags(request)]);
  }

  /** `starting`, `healthy` or `unhealthy`, by the image's own check; `none` where it has none. */
  health(): Promise<string> {
    return this.#inspect('{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}');
  }

  async running(): Promise<boolean> {
    return (await this.#inspect('{{.State.Running}}')) === 'true';
  }

  /** Paths in the image that differ from it. */
  async changes(): Promise<readonly string[]> {
    const told = await this.#engine.run(['diff', this.name]);
    return told.split('\n').filter(line => line !== '');
  }

  async log(): Promise<string> {
    const { out, err } = await this.#engine.attempt(['logs', this.name]);
    return `${out}${err}`;
  }

  /** SIGTERM, and SIGKILL after the grace period; answers the exit code: 137 means that it was killed. */
  async stop(graceSeconds: number): Promise<number> {
    await this.#engine.run(['stop', '--time', String(graceSeconds), this.name]);
    return Number(await this.#inspect('{{.State.ExitCode}}'));
  }

  #inspect(format: string): Promise<string> {
    return this.#engine.run(['inspect', '--format', format, this.name]);
  }
}

function runFlags({ image, name, envFile, volumes = [], flags = [], args = [] }: ContainerRequest): string[] {
  return [
    ...['--name', name, ...NARROW],
    ...(envFile === undefined ? [] : ['--env-file', envFile]),
    ...volumes.flatMap(volume => ['--volume', volume]),
    ...[...flags, image, ...args],
  ];
}
