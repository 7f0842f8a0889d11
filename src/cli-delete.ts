/** `tiktok-sync delete` on the command line. */

import { Argument, type Command } from 'commander';
import { timeoutOf } from './cli-apply.ts';
import { type Action, addConfigFlags, type End, type Given, sectionsOrThrow } from './cli-configuration.ts';
import { TOPIC_SECTIONS, type TopicSections } from './config-topic-sections.ts';
import type { DeleteRequest } from './control/delete-entry.ts';
import type { Host } from './control/host.ts';

export type DeleteEntry = Action<DeleteRequest, TopicSections>;

export function addDelete(program: Command, host: Host, deleteEntry: DeleteEntry, end: End): void {
  const command = program
    .command('delete')
    .description('Take a connection or a mapping off the config topic.')
    .addArgument(new Argument('<kind>', 'what to delete').choices(['connection', 'mapping', 'key']))
    .argument('<id>', 'which one; of a key all of it, as it stands on the topic')
    .option('--dry-run', 'say what would be deleted and write nothing')
    .option('--timeout <time>', 'how long to wait until it is seen to be gone', '30s')
    .option('--json', 'as JSON');
  addConfigFlags(command).action(async (kind: DeleteRequest['kind'], id: string, given: Given) => {
    const { dryRun, json } = given;
    const request = { kind, id, dryRun: dryRun === true, timeoutMs: timeoutOf(given), json: json === true };
    end(await deleteEntry(request, sectionsOrThrow(TOPIC_SECTIONS, given, host), host));
  });
  command.addHelpText(
    'after',
    `
Events that wait for a deleted connection are skipped. Its mappings stay and send nothing; they are named, so that they
can be deleted as well. What cannot be read can be deleted, too. To stop a connection for a while, apply it with "enabled: false" instead.

Examples:
  $ tiktok-sync delete mapping acme-lead --dry-run
  $ tiktok-sync delete connection acme-main
  $ tiktok-sync delete key conection:acme       a record under a key that is no entry's

Exit codes: 0 done, 3 invalid configuration, 4 Kafka or the registry could not be reached, 5 there is no such entry,
6 there is no config topic, 7 written but not seen to be gone in time.`,
  );
}
