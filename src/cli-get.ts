/** `tiktok-sync get` on the command line. */

import { Argument, type Command, Option } from 'commander';
import { type Action, addConfigFlags, type End, type Given, sectionsOrThrow } from './cli-configuration.ts';
import { TOPIC_SECTIONS, type TopicSections } from './config-topic-sections.ts';
import type { GetRequest } from './control/get.ts';
import type { Host } from './control/host.ts';
import { CodedError } from './core/error-codes.ts';

export type GetEntries = Action<GetRequest, TopicSections>;

const KINDS = { connections: 'connection', mappings: 'mapping', connection: 'connection', mapping: 'mapping' } as const;

export function addGet(program: Command, host: Host, getEntries: GetEntries, end: End): void {
  const get = program
    .command('get')
    .description('Print connections and mappings of the config topic, in the form that apply takes.')
    .addArgument(new Argument('[kind]', 'what to print; both kinds when left out').choices(Object.keys(KINDS)))
    .argument('[id]', 'one of the kind')
    .option('--workspace <id>', 'connections of this workspace, and their mappings')
    .addOption(new Option('-o, --output <form>', 'form').choices(['yaml', 'json']).default('yaml'))
    .option('--json', 'the same as -o json');
  addConfigFlags(get).action(async (kind: keyof typeof KINDS | undefined, id: string | undefined, given: Given) => {
    if (id === undefined && (kind === 'connection' || kind === 'mapping')) {
      throw new CodedError('USAGE', `get ${kind} wants an id; get ${kind}s prints all of them`);
    }
    const request = {
      kind: kind === undefined ? null : KINDS[kind],
      id: id ?? null,
      workspace: typeof given.workspace === 'string' ? given.workspace : null,
      output: given.output === 'json' || given.json === true ? 'json' : 'yaml',
    } as const;
    end(await getEntries(request, sectionsOrThrow(TOPIC_SECTIONS, given, host), host));
  });
  get.addHelpText(
    'after',
    `
Fields that are not set are left out. Entries that cannot be read, or cannot be used as they are, are named on the
message stream. A token that somebody wrote in clear is masked.

Examples:
  $ tiktok-sync get
  $ tiktok-sync get mappings --workspace acme --json
  $ tiktok-sync get connection acme-main
  $ tiktok-sync get > backup.yaml

Exit codes: 0 done, 3 invalid configuration, 4 Kafka or the registry could not be reached, 5 there is no such entry,
6 something on the topic cannot be read, or there is no config topic.`,
  );
}
