/** `tiktok-sync run` on the command line. */

import type { Command } from 'commander';
import { addConfigFlags, configOrThrow, type Given } from './cli-configuration.ts';
import type { Config } from './config.ts';
import { EXIT_CODE_HELP } from './control/exit-codes.ts';
import type { Host } from './control/host.ts';

/** Resolves when the service was stopped gracefully. */
export type RunService = (config: Config, host: Host) => Promise<void>;

export function addRun(program: Command, host: Host, runService: RunService): void {
  const run = program
    .command('run')
    .description(
      'Run the service until SIGTERM or SIGINT. The first signal stops it gracefully, a second one at once.',
    );
  addConfigFlags(run).action(async (given: Given) => runService(configOrThrow(given, host), host));
  run.addHelpText(
    'after',
    `
Examples:
  $ tiktok-sync run --config tiktok-sync.yaml
  $ TIKTOK_SYNC_KAFKA_BROKERS=k1:9092,k2:9092 TIKTOK_SYNC_REGISTRY_URL=http://registry:8081 \\
    TIKTOK_SYNC_REDIS_URL=redis://redis:6379 tiktok-sync run
  $ tiktok-sync run --set window.sizeMs=10s --log-format text

${EXIT_CODE_HELP}`,
  );
}
