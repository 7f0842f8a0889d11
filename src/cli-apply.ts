/** `tiktok-sync apply` on the command line. */

import type { Command } from 'commander';
import { type Action, addConfigFlags, type End, type Given, sectionsOrThrow } from './cli-configuration.ts';
import { TOPIC_SECTIONS, type TopicSections } from './config-topic-sections.ts';
import { parseDuration } from './config-units.ts';
import type { ApplyRequest } from './control/apply.ts';
import type { Host } from './control/host.ts';
import { CodedError } from './core/error-codes.ts';

export type ApplyFile = Action<ApplyRequest, TopicSections>;

export function addApply(program: Command, host: Host, applyFile: ApplyFile, end: End): void {
  const apply = program
    .command('apply')
    .description(
      'Write the connections and mappings of a file to the config topic: all of them, or none if one is wrong.',
    )
    .requiredOption('-f, --file <file>', 'YAML or JSON; - reads standard input')
    .option('--dry-run', 'show what would change and write nothing')
    .option('--strict', 'take warnings for problems')
    .option('--timeout <time>', 'how long it may take in all, until everything can be read back', '30s')
    .option('--json', 'as JSON');
  addConfigFlags(apply).action(async (given: Given) => {
    const request = {
      file: String(given.file),
      dryRun: given.dryRun === true,
      strict: given.strict === true,
      timeoutMs: timeoutOf(given),
      json: given.json === true,
    };
    end(await applyFile(request, sectionsOrThrow(TOPIC_SECTIONS, given, host), host));
  });
  apply.addHelpText(
    'after',
    `
The file has the lists "connections" and "mappings" with the field names of the Avro schemas in schemas/; see
config/example-connections.yaml, which has every field. An entry is written as it stands in the file: a field that the
file leaves out is unset. Entries that the file does not name stay as they are; take them off with "delete".
All problems are told at once, each with its line, and then nothing is written.

Examples:
  $ tiktok-sync apply -f connections.yaml --dry-run
  $ tiktok-sync apply -f connections.yaml
  $ tiktok-sync get --workspace acme > acme.yaml; $EDITOR acme.yaml; tiktok-sync apply -f acme.yaml
  $ generate-connections | tiktok-sync apply -f - --strict --json

Exit codes: 0 done (or nothing to do), 2 the file cannot be read, 3 something in the file is wrong (with --strict: or
warned about), 4 Kafka or the registry could not be reached, 6 there is no config topic, 7 written but not read back in time.`,
  );
}

/** `--timeout` in milliseconds. */
export function timeoutOf({ timeout }: Given): number {
  const parsed = parseDuration(String(timeout));
  if (parsed !== null && parsed > 0) return parsed;
  throw new CodedError('USAGE', `--timeout "${timeout}" is not a time above 0, such as 30s or 2m`);
}
