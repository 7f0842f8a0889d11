/**
 * A Docker engine for `npm run image:check`: the one that is reachable, or else one of its own, without a network and in
 * a folder of its own, in namespaces that end with it: no container, mount or process is left, not even by a SIGKILL.
 */

import { globSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServerProcess } from './child-process.ts';
import { type CommandOptions, type DockerEnd, docker, engineAnswers, runDocker } from './docker-command.ts';
import { requireProgram } from './prerequisites.ts';
import { SandboxError } from './stack-contract.ts';

export class DockerEngine implements AsyncDisposable {
  /** For people: which engine it is. */
  readonly description: string;
  readonly #command: string;
  readonly #host: string | undefined;
  readonly #server: ServerProcess | undefined;
  /** What was made on it, in the order in which it can be removed. */
  readonly #made: (readonly string[])[] = [];

  private constructor(command: string, description: string, server?: ServerProcess) {
    this.#command = command;
    this.description = description;
    this.#server = server;
    this.#host = server?.address;
  }

  /** @throws SandboxError where there is no engine and none can be started. */
  static async open(folder: string, onProgress: (line: string) => void): Promise<DockerEngine> {
    const command = requireProgram('docker', onProgress);
    if (engineAnswers(command)) return new DockerEngine(command, 'the Docker engine of this machine');
    if (process.getuid?.() !== 0) {
      throw new SandboxError('PREREQUISITE_MISSING', 'No Docker engine answers, and only root can start one here.');
    }
    const server = dockerd(folder, command);
    await server.start();
    return new DockerEngine(command, 'a Docker engine of its own', server);
  }

  run(args: readonly string[], options: Omit<CommandOptions, 'host'> = {}): Promise<string> {
    return docker(this.#command, args, { ...options, host: this.#host });
  }

  /** As `run`, for a command that may fail. */
  attempt(args: readonly string[]): Promise<DockerEnd> {
    return runDocker(this.#command, args, { host: this.#host });
  }

  /** Remembers a container or an image, to be removed at the end. */
  made(kind: 'container' | 'image', name: string): void {
    this.#made.unshift([kind, 'rm', '--force', name]);
  }

  /** Removes what was made, and ends the engine where it is ours. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const kind of ['container', 'image']) {
      for (const args of this.#made) if (args[0] === kind) await this.attempt(args);
    }
    if (this.#server === undefined) return;
    await this.#server.stop();
    removeEmptyGroups();
  }
}

/** Control groups stay when an engine ends. Only empty ones can be removed, so those of another engine are safe. */
function removeEmptyGroups(): void {
  for (const pattern of ['{docker,*/docker}/*', '{docker,*/docker}']) {
    for (const group of globSync(pattern, { cwd: '/sys/fs/cgroup' })) {
      try {
        rmdirSync(join('/sys/fs/cgroup', group));
      } catch {
        // A file in a group, or a group in use.
      }
    }
  }
}

function dockerd(folder: string, command: string): ServerProcess {
  const address = `unix://${join(folder, 'docker.sock')}`;
  // Namespaces of processes and mounts: when the first process in them ends, the kernel ends and unmounts all the rest.
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  // No bridge and no rules for packets: builds and containers use the network of this machine.
  const network = ['--bridge', 'none', '--iptables=false', '--ip6tables=false'];
  const places = ['data-root', 'exec-root', 'pidfile'].flatMap(name => [`--${name}`, join(folder, name)]);
  // In place of the machine's own settings, which are for another engine.
  const settings = join(folder, 'daemon.json');
  writeFileSync(settings, '{}');
  return new ServerProcess({
    name: 'dockerd',
    address,
    command: 'unshare',
    args: [...namespaces, 'dockerd', '--host', address, ...places, ...network, '--config-file', settings],
    folder,
    logFile: join(folder, 'dockerd.log'),
    ready: async () => (await runDocker(command, ['version'], { host: address })).exitCode === 0,
    deadlineMs: 60_000,
    stopSignal: 'SIGTERM',
  });
}
