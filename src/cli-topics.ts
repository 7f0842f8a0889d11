/** `tiktok-sync topics` on the command line. */

import type { Command } from 'commander';
import { type Action, addConfigFlags, type End, type Given, sectionsOrThrow } from './cli-configuration.ts';
import type { Host } from './control/host.ts';
import { CodedError } from './core/error-codes.ts';
import type { TopicsNeeds, TopicsRequest } from './topics-command.ts';

export type RunTopics = Action<TopicsRequest, TopicsNeeds>;

const GROUP_HELP = `
Examples:
  $ tiktok-sync topics ensure
  $ tiktok-sync topics check --json

Exit codes: 0 all is well, 3 invalid configuration, 4 Kafka could not be reached, 6 something is wrong with a topic.`;

export function addTopics(program: Command, host: Host, runTopics: RunTopics, end: End): void {
  const topics = program.command('topics').description('Create or check the topics of the service.');
  const actions = {
    ensure: 'Create the topics that are missing; say what is wrong with those that exist.',
    check: 'Say what is missing or wrong; change nothing.',
  } as const;
  for (const action of ['ensure', 'check'] as const) {
    const command = topics.command(action).description(actions[action]).option('--json', 'as JSON');
    if (action === 'ensure')
      command.option(
        '--partitions <count>',
        'partitions of the topics that are created (compacted ones have one)',
        '12',
      );
    addConfigFlags(command).action(async (given: Given) => {
      const partitions = parsePartitions(given.partitions);
      const request = { action, partitions, json: given.json === true };
      end(await runTopics(request, sectionsOrThrow(['kafka', 'topics'], given, host), host));
    });
    command.addHelpText(
      'after',
      `
Examples:
  $ tiktok-sync topics ${action} --config tiktok-sync.yaml
  $ tiktok-sync topics ${action} --json

Exit codes: 0 all is well, 3 invalid configuration, 4 Kafka could not be reached, 6 something is wrong with a topic.`,
    );
  }
  topics.addHelpText('after', GROUP_HELP);
}

/** Only `ensure` has the flag; `check` creates nothing. */
function parsePartitions(given: unknown): number {
  const partitions = Number(given ?? 1);
  if (Number.isInteger(partitions) && partitions >= 1 && partitions <= 1_000) return partitions;
  throw new CodedError('USAGE', `--partitions "${given}" is not a whole number from 1 to 1000`);
}
