/** `tiktok-sync healthcheck` on the command line. */

import type { Command } from 'commander';
import { addConfigFlags, type End, type Given, sectionsOrThrow } from './cli-configuration.ts';
import { checkHealth } from './control/healthcheck.ts';
import type { Host } from './control/host.ts';

export function addHealthcheck(program: Command, host: Host, end: End): void {
  const healthcheck = program
    .command('healthcheck')
    .description('Ask the service on this machine whether it is alive, as the health check of its image does.')
    .option('--ready', 'whether it is ready: joined, configured and not draining')
    .option('--json', 'as JSON');
  addConfigFlags(healthcheck).action(async (given: Given) => {
    const { http } = sectionsOrThrow(['http'], given, host);
    end(await checkHealth(http, { ready: given.ready === true, json: given.json === true }, host));
  });
  healthcheck.addHelpText(
    'after',
    `
Needs the configuration of the service only for http.host and http.port.

Examples:
  $ tiktok-sync healthcheck
  $ docker exec tiktok-sync node src/main.ts healthcheck --ready

Exit codes: 0 it is well, 1 it is not or does not answer, 3 invalid configuration.`,
  );
}
