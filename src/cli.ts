/** The command line: from arguments to a command and its exit code. Touches the process only through its host. */

import { Command, CommanderError, Option as Flag } from 'commander';
import { type Config, type ConfigInputs, loadConfig, loadSection } from './config.ts';
import { ALL_OPTIONS } from './config-options.ts';
import type { Flags } from './config-sources.ts';
import { printCheck, printProblems } from './control/check.ts';
import { EXIT, EXIT_CODE_HELP, exitCodeOf } from './control/exit-codes.ts';
import type { Host, Terminal } from './control/host.ts';
import type { PreviewRequest } from './control/preview.ts';
import { highlight } from './control/terminal.ts';
import { printVersion, VERSION } from './control/version.ts';
import { CodedError } from './core/error-codes.ts';
import type { TopicsRequest } from './topics-command.ts';

/** Commands with large dependencies, handed in so that the small ones start without loading Kafka's client. */
export interface HeavyCommands {
  /** Resolves when the service was stopped gracefully. */
  run(config: Config, host: Host): Promise<void>;
  /** Answers the exit code. */
  topics(request: TopicsRequest, config: Config, host: Host): Promise<number>;
  /** Answers the exit code. */
  preview(request: PreviewRequest, events: Config['events'], host: Host): Promise<number>;
}

type Given = Readonly<Record<string, unknown>>;

/** Runs one command line (without interpreter and script) and answers the exit code. Never rejects. */
export async function runCli(argv: readonly string[], host: Host, heavy: HeavyCommands): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = createProgram(host, heavy, code => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof ProblemsReported) return error.exitCode;
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return reportError(error, host.err);
  }
}

/** Says what went wrong and answers the exit code for it. */
export function reportError(error: unknown, err: Terminal): number {
  if (error instanceof CodedError) {
    err.write(`${highlight(error.code, err)}  ${error.message}\n`);
    return exitCodeOf(error.code);
  }
  const story = error instanceof Error ? (error.stack ?? error.message) : String(error);
  err.write(`${highlight('UNEXPECTED', err)}  ${story}\n`);
  return EXIT.unexpected;
}

function createProgram(host: Host, heavy: HeavyCommands, end: (exitCode: number) => void): Command {
  const program = new Command('tiktok-sync')
    .description('Keeps TikTok Ads in step with the conversions and the revenue that SourceLoop records.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .exitOverride()
    .configureOutput({
      writeOut: text => host.out.write(text),
      writeErr: text => host.err.write(text),
      outputError: (text, write) => write(`${highlight('USAGE', host.err)}  ${text.replace(/^error: /, '')}`),
      getOutHasColors: () => host.out.color,
      getErrHasColors: () => host.err.color,
    })
    .showSuggestionAfterError(true)
    .addHelpText('after', `\nExamples:\n${PROGRAM_EXAMPLES}\n\n${EXIT_CODE_HELP}`);
  addRun(program, host, heavy);
  addCheck(program, host, end);
  addTopics(program, host, heavy, end);
  addPreview(program, host, heavy, end);
  program
    .command('version')
    .description('Print the version.')
    .option('--json', 'as JSON')
    .action(({ json }: Given) => printVersion(host, json === true))
    .addHelpText('after', '\nExamples:\n  $ tiktok-sync version --json');
  return program;
}

const PROGRAM_EXAMPLES = `  $ tiktok-sync check --config tiktok-sync.yaml     what would be used, and where it comes from
  $ tiktok-sync topics ensure                       create the topics that are missing
  $ tiktok-sync run                                 run the service; Ctrl-C stops it gracefully
  $ tiktok-sync preview --event e.json --connection c.json --mapping m.json`;

function addRun(program: Command, host: Host, heavy: HeavyCommands): void {
  const run = program
    .command('run')
    .description(
      'Run the service until SIGTERM or SIGINT. The first signal stops it gracefully, a second one at once.',
    );
  addConfigFlags(run).action(async (given: Given) => heavy.run(configOrThrow(given, host), host));
  run.addHelpText(
    'after',
    `
Examples:
  $ tiktok-sync run --config tiktok-sync.yaml
  $ TIKTOK_SYNC_KAFKA_BROKERS=k1:9092,k2:9092 TIKTOK_SYNC_REGISTRY_URL=http://registry:8081 \\
    TIKTOK_SYNC_REDIS_URL=redis://redis:6379 tiktok-sync run
  $ tiktok-sync run --set window.sizeMs=10s --log-format text

${EXIT_CODE_HELP}`,
  );
}

function addCheck(program: Command, host: Host, end: (exitCode: number) => void): void {
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

function addTopics(program: Command, host: Host, heavy: HeavyCommands, end: (exitCode: number) => void): void {
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
      end(await heavy.topics({ action, partitions, json: given.json === true }, configOrThrow(given, host), host));
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
}

/** Only `ensure` has the flag; `check` creates nothing. */
function parsePartitions(given: unknown): number {
  const partitions = Number(given ?? 1);
  if (Number.isInteger(partitions) && partitions >= 1 && partitions <= 1_000) return partitions;
  throw new CodedError('USAGE', `--partitions "${given}" is not a whole number from 1 to 1000`);
}

function addPreview(program: Command, host: Host, heavy: HeavyCommands, end: (exitCode: number) => void): void {
  const preview = program
    .command('preview')
    .description('Print the exact request that an event would make, or say why nothing would be sent. Needs no server.')
    .requiredOption('--event <file>', 'JSON of a ConversionCreated or RevenueUpdated')
    .requiredOption('--connection <file>', 'JSON of a Connection; its token is not looked up')
    .requiredOption('--mapping <file>', 'JSON of a Mapping; without a trigger it matches the event')
    .option('--now <time>', 'take this for the present (ISO 8601 or epoch milliseconds)')
    .option('--json', 'print {"request": …} or {"refused": {"code", "reason"}}');
  addConfigFlags(preview).action(async (given: Given) => {
    const events = loadSection('events', configInputs(given, host));
    if (!events.ok) throw new ProblemsReported(printProblems(events.problems, host));
    end(await heavy.preview(previewRequest(given, host), events.config, host));
  });
  preview.addHelpText(
    'after',
    `
The files have the field names of the Avro schemas in schemas/. Absent fields take the schema's default; times are
ISO 8601 or epoch milliseconds, decimals are numbers or strings.

Examples:
  $ tiktok-sync preview --event event.json --connection connection.json --mapping mapping.json
  $ tiktok-sync preview --event e.json --connection c.json --mapping m.json --now 2026-11-22T12:00:00Z --json

Exit codes: 0 a request was printed, 2 a file cannot be read, 3 nothing would be sent.`,
  );
}

function previewRequest(given: Given, host: Host): PreviewRequest {
  const { event, connection, mapping, now, json } = given;
  return {
    event: String(event),
    connection: String(connection),
    mapping: String(mapping),
    now: typeof now === 'string' ? parseTime(now) : host.now(),
    json: json === true,
  };
}

function parseTime(text: string): number {
  const at = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isNaN(at)) throw new CodedError('USAGE', `--now "${text}" is neither ISO 8601 nor epoch milliseconds`);
  return at;
}

/** The flags that every command with a configuration takes. */
function addConfigFlags(command: Command): Command {
  command.option('-c, --config <file>', 'YAML file (or TIKTOK_SYNC_CONFIG)');
  command.option('--set <path=value>', 'set any option, e.g. window.sizeMs=30s (repeatable)', collect);
  for (const { option } of ALL_OPTIONS.values()) {
    if (option.flag !== null) command.option(`${option.flag} <value>`, firstSentence(option.describe));
  }
  return command;
}

function collect(value: string, earlier: string[] = []): string[] {
  return [...earlier, value];
}

function firstSentence(text: string): string {
  return text.split(/[.;](?: |$)/)[0] ?? text;
}

function configInputs(given: Given, host: Host): ConfigInputs {
  const named = new Map<string, string>();
  for (const { path, option } of ALL_OPTIONS.values()) {
    const value = option.flag === null ? undefined : given[new Flag(option.flag).attributeName()];
    if (typeof value === 'string') named.set(path, value);
  }
  const flags: Flags = {
    configFile: typeof given.config === 'string' ? given.config : null,
    set: Array.isArray(given.set) ? given.set : [],
    named,
  };
  return { flags, env: host.env, readFile: path => host.readFile(path) };
}

/** Thrown when everything has been said and only the exit code is left to answer. */
class ProblemsReported extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super('problems were reported');
    this.exitCode = exitCode;
  }
}

function configOrThrow(given: Given, host: Host): Config {
  const loaded = loadConfig(configInputs(given, host));
  if (!loaded.ok) throw new ProblemsReported(printProblems(loaded.problems, host));
  return loaded.config;
}
