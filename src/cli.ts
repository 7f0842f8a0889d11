/** The command line: from arguments to a command and its exit code. Touches the process only through its host. */

import { Command, CommanderError } from 'commander';
import { type ApplyFile, addApply } from './cli-apply.ts';
import { addCheck } from './cli-check.ts';
import { addCompletion } from './cli-completion.ts';
import { type End, type Given, ProblemsReported } from './cli-configuration.ts';
import { addConnections, type ConnectionCommands } from './cli-connections.ts';
import { addDeadLetters, type DeadLetterCommands } from './cli-dead-letters.ts';
import { addDelete, type DeleteEntry } from './cli-delete.ts';
import { addDoctor, type RunDoctor } from './cli-doctor.ts';
import { addExplain } from './cli-explain.ts';
import { addGet, type GetEntries } from './cli-get.ts';
import { addHealthcheck } from './cli-healthcheck.ts';
import { addPreview, type RunPreview } from './cli-preview.ts';
import { addRun, type RunService } from './cli-run.ts';
import { addSchemas, type RunSchemas } from './cli-schemas.ts';
import { addTokens } from './cli-tokens.ts';
import { addTopics, type RunTopics } from './cli-topics.ts';
import { withFix } from './cli-usage.ts';
import { EXIT, EXIT_CODE_HELP, exitCodeOf } from './control/exit-codes.ts';
import type { Host, Terminal } from './control/host.ts';
import { errorJson, highlight } from './control/terminal.ts';
import { printVersion, VERSION } from './control/version.ts';
import { CodedError } from './core/error-codes.ts';

/** Commands with large dependencies, handed in so that the small ones start without loading Kafka's client. */
export interface HeavyCommands {
  readonly run: RunService;
  readonly topics: RunTopics;
  readonly schemas: RunSchemas;
  readonly preview: RunPreview;
  readonly deadLetters: DeadLetterCommands;
  readonly apply: ApplyFile;
  readonly get: GetEntries;
  readonly delete: DeleteEntry;
  readonly connections: ConnectionCommands;
  readonly doctor: RunDoctor;
}

/** Runs one command line (without interpreter and script) and answers the exit code. Never rejects. */
export async function runCli(argv: readonly string[], host: Host, heavy: HeavyCommands): Promise<number> {
  let exitCode: number = EXIT.ok;
  // Asked of the words themselves: a command line that is not understood wants its failure as JSON, too.
  const json = argv.includes('--json');
  const end: End = code => {
    exitCode = code;
  };
  const program = createProgram(host, heavy, end, argv);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof ProblemsReported) return error.exitCode;
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return reportError(error, host.err, json);
  }
}

/** Says what went wrong and answers the exit code for it. */
export function reportError(error: unknown, err: Terminal, json = false): number {
  if (error instanceof CodedError) {
    err.write(failure(error.code, error.message, err, json));
    return exitCodeOf(error.code);
  }
  const story = error instanceof Error ? (error.stack ?? error.message) : String(error);
  err.write(failure('UNEXPECTED', story, err, json));
  return EXIT.unexpected;
}

function failure(code: string, message: string, err: Terminal, json: boolean): string {
  return json ? errorJson(code, message) : `${highlight(code, err)}  ${message}\n`;
}

/** Every command, none of them run yet. `argv` is for the words of a failure. */
export function createProgram(host: Host, heavy: HeavyCommands, end: End, argv: readonly string[]): Command {
  const json = argv.includes('--json');
  const program = new Command('tiktok-sync')
    .description('Keeps TikTok Ads in step with the conversions and the revenue that SourceLoop records.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .exitOverride()
    .configureOutput({
      writeOut: text => host.out.write(text),
      writeErr: text => host.err.write(text),
      outputError: (text, write) => write(failure('USAGE', withFix(text, program, argv), host.err, json)),
      getOutHasColors: () => host.out.color,
      getErrHasColors: () => host.err.color,
    })
    .showSuggestionAfterError(true)
    .addHelpText('after', `\nExamples:\n${PROGRAM_EXAMPLES}\n\n${EXIT_CODE_HELP}`);
  addRun(program, host, heavy.run);
  addCheck(program, host, end);
  addHealthcheck(program, host, end);
  addDoctor(program, host, heavy.doctor, end);
  addTopics(program, host, heavy.topics, end);
  addSchemas(program, host, heavy.schemas, end);
  addPreview(program, host, heavy.preview, end);
  addDeadLetters(program, host, heavy.deadLetters, end);
  addExplain(program, host, end);
  addTokens(program, host, end);
  addApply(program, host, heavy.apply, end);
  addGet(program, host, heavy.get, end);
  addDelete(program, host, heavy.delete, end);
  addConnections(program, host, heavy.connections, end);
  addCompletion(program, host);
  program
    .command('version')
    .description('Print the version.')
    .option('--json', 'as JSON')
    .action(({ json }: Given) => printVersion(host, json === true))
    .addHelpText('after', '\nExamples:\n  $ tiktok-sync version --json\n\nExit codes: 0 the version was printed.');
  return program;
}

const PROGRAM_EXAMPLES = `  $ tiktok-sync check --config tiktok-sync.yaml     what would be used, and where it comes from
  $ tiktok-sync doctor                              what is wrong with what it needs, and what to do
  $ tiktok-sync topics ensure                       create the topics that are missing
  $ tiktok-sync schemas register                    register the Avro schemas, each under FULL_TRANSITIVE
  $ tiktok-sync apply -f connections.yaml           write connections and mappings to the config topic
  $ tiktok-sync run                                 run the service; Ctrl-C stops it gracefully
  $ tiktok-sync preview --event e.json -f connections.yaml --mapping acme-lead
  $ tiktok-sync connections verify acme-main        whether TikTok takes its token
  $ tiktok-sync explain --code 40105                what an answer of TikTok means`;
