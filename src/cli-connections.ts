/** `tiktok-sync connections` on the command line. */

import { type Command, Option } from 'commander';
import { type Action, addConfigFlags, type End, type Given, sectionsOrThrow } from './cli-configuration.ts';
import type { Config } from './config.ts';
import { TOPIC_SECTIONS, type TopicSections } from './config-topic-sections.ts';
import type { Host } from './control/host.ts';
import { LISTED_STATES, type ListRequest } from './control/list-connections.ts';
import type { VerifyRequest } from './control/verify-connection.ts';
import { CodedError } from './core/error-codes.ts';

const VERIFY_SECTIONS = [...TOPIC_SECTIONS, 'delivery', 'tiktok', 'tokens'] as const;

export type VerifyConnection = Action<VerifyRequest, Pick<Config, (typeof VERIFY_SECTIONS)[number]>>;
export type ListConnections = Action<ListRequest, TopicSections>;

export interface ConnectionCommands {
  readonly verify: VerifyConnection;
  readonly list: ListConnections;
}

const GROUP_HELP = `
Examples:
  $ tiktok-sync connections list
  $ tiktok-sync connections verify acme-main

Exit codes: 0 done, 5 there is no such connection, 8 TikTok refuses the credentials, 9 undecided; the rest as tiktok-sync --help says.`;

export function addConnections(program: Command, host: Host, { list, verify }: ConnectionCommands, end: End): void {
  const connections = program.command('connections').description('Ask about the credentials of connections.');
  const verifying = connections
    .command('verify')
    .description('Ask TikTok whether it takes the token of a connection for its pixel.')
    .argument('[id]', 'a connection of the config topic')
    .option('--all', 'every connection that is enabled')
    .option('--json', 'as JSON; with --all a list');
  addConfigFlags(verifying).action(async (id: string | undefined, given: Given) => {
    const request = { connectionId: oneOrAll(id, given), json: given.json === true };
    end(await verify(request, sectionsOrThrow(VERIFY_SECTIONS, given, host), host));
  });
  verifying.addHelpText('after', VERIFY_HELP);
  const listing = connections
    .command('list')
    .description('Print connections with the state that the service last told of.')
    .option('--workspace <id>', 'only those of this workspace')
    .addOption(new Option('--state <state>', 'only those in this state').choices(LISTED_STATES))
    .option('--json', 'as JSON');
  addConfigFlags(listing).action(async (given: Given) => {
    const request = {
      workspace: typeof given.workspace === 'string' ? given.workspace : null,
      state: LISTED_STATES.find(state => state === given.state) ?? null,
      json: given.json === true,
    };
    end(await list(request, sectionsOrThrow(TOPIC_SECTIONS, given, host), host));
  });
  listing.addHelpText('after', LIST_HELP);
  connections.addHelpText('after', GROUP_HELP);
}

/** The id that is asked about; null for all. */
function oneOrAll(id: string | undefined, { all }: Given): string | null {
  if ((id === undefined) !== (all === true)) throw new CodedError('USAGE', 'Name one connection, or give --all.');
  return id ?? null;
}

const VERIFY_HELP = `
A connection with a test event code is asked about with one custom event under that code, any other with a batch without
events: nothing counts in the advertiser's live data. The token is looked up here, so run it where the service runs.

Examples:
  $ tiktok-sync connections verify acme-main
  $ tiktok-sync connections verify --all --json

Exit codes: 0 active, 3 invalid configuration or entry, 4 Kafka or the registry could not be reached, 5 there is no such
connection, 6 there is no config topic, 8 TikTok refuses the credentials, 9 undecided: no token here, or no answer about it.
With --all: 8 if TikTok refuses any, else 9 if any is undecided, 5 if none is enabled.`;

const LIST_HELP = `
Examples:
  $ tiktok-sync connections list
  $ tiktok-sync connections list --workspace acme --state token_invalid --json

Exit codes: 0 done, 3 invalid configuration, 4 Kafka or the registry could not be reached, 5 there are none, or none matches,
6 there is no config topic.`;
