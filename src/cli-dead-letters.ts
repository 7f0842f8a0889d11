/** `tiktok-sync dead-letters` on the command line. */

import type { Command } from 'commander';
import {
  type Action,
  addConfigFlags,
  configOrThrow,
  type End,
  type Given,
  sectionsOrThrow,
} from './cli-configuration.ts';
import { addFilterFlags, countFlag, letterFilter } from './cli-letter-filters.ts';
import { addRedrive } from './cli-redrive.ts';
import { TOPIC_SECTIONS, type TopicSections } from './config-topic-sections.ts';
import type { Host } from './control/host.ts';
import type { RedriveRequest } from './control/redrive-report.ts';
import { CodedError } from './core/error-codes.ts';
import type { LookRequest } from './dead-letters-command.ts';

/** Only sending again takes all that the service needs; who looks need not know of Redis. */
export interface DeadLetterCommands {
  readonly look: Action<LookRequest, TopicSections>;
  readonly redrive: Action<RedriveRequest>;
}

/** Several letters of one event are rare; without a bound one could ask for the whole topic in memory. */
const MOST_SHOWN = 20;

const FILTERS = 'Filters hold together: a letter matches when all of them do. Times are those of the failure.';
const EXIT_CODES = `Exit codes: 0 done, 2 a flag is not understood, 3 invalid configuration, 4 a server could not be reached,
5 no letter matches, 6 the dead-letter topic is missing, 130 interrupted.`;

const GROUP_HELP = `
Examples:
  $ tiktok-sync dead-letters stats --since 24h
  $ tiktok-sync dead-letters list --reason refused_by_tiktok
  $ tiktok-sync dead-letters show 3:1207
  $ tiktok-sync dead-letters redrive --connection acme --reason config_invalid --dry-run

Exit codes: 0 done, 5 no letter matches, 10 (redrive) some failed again and stay, 11 (redrive) another job is running;
the rest as tiktok-sync --help says.`;

export function addDeadLetters(program: Command, host: Host, commands: DeadLetterCommands, end: End): void {
  const group = program
    .command('dead-letters')
    .description('Look at the events that could not be delivered, and send them again.');
  const act: Act = (command, request) => {
    command.option('--json', 'as JSON');
    addConfigFlags(command).action(async (...args: unknown[]) => {
      const given = (args.length > 2 ? args[1] : args[0]) as Given;
      const where = args.length > 2 ? (args[0] as string | undefined) : undefined;
      end(await commands.look(request(given, where), sectionsOrThrow(TOPIC_SECTIONS, given, host), host));
    });
  };
  addList(group, host, act);
  addShow(group, host, act);
  addStats(group, host, act);
  addRedrive(group, host, (command, request) => {
    command.option('--json', 'as JSON');
    addConfigFlags(command).action(async (given: Given) => {
      end(await commands.redrive(request(given), configOrThrow(given, host), host));
    });
  });
  group.addHelpText('after', GROUP_HELP);
}

type Act = (command: Command, request: (given: Given, where: string | undefined) => LookRequest) => void;

function addList(group: Command, host: Host, act: Act): void {
  const list = addFilterFlags(group.command('list'))
    .description('List dead letters, one line each, as they stand on the topic.')
    .option('--max <count>', 'stop after so many');
  act(list, given => ({
    action: 'list',
    filter: letterFilter(given, host.now()),
    max: countFlag('--max', given.max, Number.POSITIVE_INFINITY),
    json: given.json === true,
  }));
  list.addHelpText(
    'after',
    `
${FILTERS} Letters of one partition come in the order they were
written. With --json each line is an object.

Examples:
  $ tiktok-sync dead-letters list --since 24h
  $ tiktok-sync dead-letters list --reason refused_by_tiktok --connection acme --json | jq .detail

${EXIT_CODES}`,
  );
}

function addShow(group: Command, host: Host, act: Act): void {
  const show = addFilterFlags(group.command('show'))
    .description('Show everything of a letter: headers, the event with personal data masked, what to do about it.')
    .argument('[partition:offset]', 'the letter that stands there, as list prints it; or use --event-id')
    .option('--max <count>', `show at most so many (at most ${MOST_SHOWN})`);
  act(show, (given, where) => {
    if ((where === undefined) === (given.eventId === undefined)) {
      throw new CodedError('USAGE', 'name the letter: dead-letters show PARTITION:OFFSET, or show --event-id ID');
    }
    return {
      action: 'show',
      filter: letterFilter(given, host.now()),
      at: where === undefined ? null : place(where),
      max: Math.min(countFlag('--max', given.max, MOST_SHOWN), MOST_SHOWN),
      json: given.json === true,
    };
  });
  show.addHelpText(
    'after',
    `
Of e-mail addresses, phone numbers, names, contact ids and the like only the length is shown. With --json each letter is a
document of its own.

Examples:
  $ tiktok-sync dead-letters show 3:1207
  $ tiktok-sync dead-letters show --event-id conv-00042 --json

${EXIT_CODES}`,
  );
}

function addStats(group: Command, host: Host, act: Act): void {
  const stats = addFilterFlags(group.command('stats')).description(
    "Count dead letters by reason, connection, TikTok's code and age.",
  );
  act(stats, given => ({
    action: 'stats',
    filter: letterFilter(given, host.now()),
    json: given.json === true,
  }));
  stats.addHelpText(
    'after',
    `
${FILTERS}

Examples:
  $ tiktok-sync dead-letters stats
  $ tiktok-sync dead-letters stats --connection acme --since 2026-11-20T00:00:00Z --json

${EXIT_CODES}`,
  );
}

function place(words: string): { partition: number; offset: number } {
  const [, partition, offset] = /^(\d+):(\d+)$/.exec(words) ?? [];
  if (partition === undefined || offset === undefined) {
    throw new CodedError('USAGE', `"${words}" is not PARTITION:OFFSET, e.g. 3:1207`);
  }
  return { partition: Number(partition), offset: Number(offset) };
}
