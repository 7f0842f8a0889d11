/** `tiktok-sync check` on the command line. */

import type { Command } from 'commander';
import { addConfigFlags, configInputs, type End, type Given } from './cli-configuration.ts';
import { loadConfig } from './config.ts';
import { printCheck } from './control/check.ts';
import type { Host } from './control/host.ts';
import { jsonSchema } from './control/reference.ts';

export function addCheck(program: Command, host: Host, end: End): void {
  const check = program
    .command('check')
    .description('Check the configuration and print the effective one as YAML, with where each value came from.')
    .option('--schema', 'print the JSON Schema of the configuration file instead, for editors')
    .option('--json', 'as JSON');
  addConfigFlags(check).action((given: Given) => {
    if (given.schema === true) host.out.write(jsonSchema());
    else end(printCheck(loadConfig(configInputs(given, host)), host, given.json === true));
  });
  check.addHelpText(
    'after',
    `
Nothing is contacted. Secrets are masked. An editor that knows the schema completes options and marks mistakes: give the
file the first line "# yaml-language-server: $schema=tiktok-sync.schema.json".

Examples:
  $ tiktok-sync check --config tiktok-sync.yaml
  $ tiktok-sync check --json | jq '.options["window.sizeMs"]'
  $ tiktok-sync check --schema > tiktok-sync.schema.json

Exit codes: 0 valid, 3 invalid.`,
  );
}
