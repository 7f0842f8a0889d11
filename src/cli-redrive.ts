/** `tiktok-sync dead-letters redrive` on the command line. */

import type { Command } from 'commander';
import type { Given } from './cli-configuration.ts';
import { addFilterFlags, countFlag, letterFilter } from './cli-letter-filters.ts';
import type { Host } from './control/host.ts';
import type { RedriveRequest } from './control/redrive-report.ts';
import { CodedError } from './core/error-codes.ts';

/** The name of a job is a part of a consumer group's. */
const JOB_NAME = /^[A-Za-z0-9._-]{1,100}$/;
const FASTEST = 10_000;

type Act = (command: Command, request: (given: Given) => RedriveRequest) => void;

export function addRedrive(group: Command, host: Host, act: Act): void {
  const redrive = addFilterFlags(group.command('redrive'))
    .description('Send dead letters again. What fails again stays where it is; no new letter is written.')
    .option('--dry-run', 'say what would be sent, and send nothing')
    .option('--rate <count>', 'letters sent a second (default: redrive.ratePerSecond)')
    .option('--max <count>', 'send at most so many letters in this run')
    .option('--all', 'every letter of the topic; without a filter it has to be said')
    .option('--job <name>', 'go on with this job, with the filters it was started with')
    .option('--name <name>', 'give the new job this name')
    .option('--accept-double-count', 'send also what TikTok may have taken longer ago than it remembers');
  act(redrive, given => redriveRequest(given, host.now()));
  redrive.addHelpText('after', HELP);
}

const HELP = `
Letters take the way of any event: the configuration of today, de-duplication under their original place, windows,
rate limits. What was delivered meanwhile is not sent again; letters of a connection that TikTok refuses are left. One
job runs at a time. A job that was stopped or killed goes on with --job where it was, and --name names a new one; it ends at the end that the topic
had when it was started. Nothing loops: a job meets each letter once, and writes none.

Examples:
  $ tiktok-sync dead-letters redrive --reason config_invalid --connection acme --dry-run
  $ tiktok-sync dead-letters redrive --reason config_invalid --connection acme --rate 20
  $ tiktok-sync dead-letters redrive --all --name evening --max 1000
  $ tiktok-sync dead-letters redrive --job 20261122T120000-1f3c

Exit codes: 0 all delivered, 2 a flag is not understood, 3 invalid configuration, 4 a server could not be reached,
5 no letter matches or no such job, 6 the dead-letter topic is missing, 10 some failed again and stay, 11 another job is running,
130 interrupted (the job can be resumed).`;

function redriveRequest(given: Given, now: number): RedriveRequest {
  const filter = letterFilter(given, now);
  const filters = [given.reason, given.connection, given.mapping, given.since, given.until, given.eventId];
  const isFiltered = filters.some(value => value !== undefined);
  const [job, name] = [jobName('--job', given.job), jobName('--name', given.name)];
  const dryRun = given.dryRun === true;
  checkChoice(given, { isFiltered, job, name, dryRun });
  return {
    action: 'redrive',
    ...{ filter, isFiltered, job, name, dryRun },
    perSecond: rate(given.rate),
    max: countFlag('--max', given.max, Number.POSITIVE_INFINITY),
    acceptDoubleCount: given.acceptDoubleCount === true,
    json: given.json === true,
  };
}

/** Nothing but a word of its own sends the whole topic: a flag that was forgotten or mistyped does not. */
function checkChoice(
  { all }: Given,
  { dryRun, isFiltered, job, name }: Pick<RedriveRequest, 'isFiltered' | 'job' | 'name' | 'dryRun'>,
): void {
  if (job !== null && name !== null)
    throw new CodedError('USAGE', '--job goes on with a job, --name starts one: give one');
  if (all === true && (isFiltered || job !== null)) {
    throw new CodedError('USAGE', '--all is for every letter: give it without filters, and not with --job');
  }
  if (all === true || isFiltered || job !== null || dryRun) return;
  throw new CodedError('USAGE', 'say which letters: give a filter, such as --connection or --reason, or --all');
}

function rate(given: unknown): number | null {
  const perSecond = countFlag('--rate', given, null);
  if (perSecond === null || perSecond <= FASTEST) return perSecond;
  throw new CodedError('USAGE', `--rate ${perSecond} is more than ${FASTEST} letters a second`);
}

function jobName(flag: string, given: unknown): string | null {
  if (given === undefined) return null;
  const name = String(given);
  if (JOB_NAME.test(name)) return name;
  throw new CodedError(
    'USAGE',
    `${flag} "${name}" is no name: up to 100 letters, digits, dots, dashes and underscores`,
  );
}
