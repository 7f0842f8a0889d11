/** `tiktok-sync check` on the command line. */

import type { Command } from 'commander';
import { addConfigFlags, configInputs, type End, type Given } from './cli-configuration.ts';
import { loadConfig } from './config.ts';
import { printCheck } from './control/check.ts';
import type { Host } from './control/host.ts';

export function addCheck(program: Command, host: Host, end: End): void {
  const check = program
    .command('check')
    .description('Check the configuration and print the effective one as YAML, with where each value came from.')
    .option('--json', 'as JSON');
  addConfigFlags(check).action((given: Given) => {
    end(printCheck(loadConfig(configInputs(given, host)), host, given.json === true));
  });
  check.addHelpText(
    'after',
    `
Nothing is contacted. Secrets are masked.

Examples:
  $ tiktok-sync check --config tiktok-sync.yaml
  $ tiktok-sync check --json | jq '.options["window.sizeMs"]'

Exit codes: 0 valid, 3 invalid.`,
  );
}
