/** The only file that touches the process: arguments, environment, files and signals in, text and exit code out. */

import { readFileSync } from 'node:fs';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { type HeavyCommands, reportError, runCli } from './cli.ts';
import { EXIT } from './control/exit-codes.ts';
import type { Host, Terminal } from './control/host.ts';
import { wantsColor } from './control/terminal.ts';

/** Commands that do more than look. */
const CHANGES = ['apply', 'delete', 'ensure', 'redrive', 'register'];

const EXIT_BY_SIGNAL = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated } as const;

function terminal(stream: NodeJS.WriteStream): Terminal {
  const isTerminal = stream.isTTY === true;
  return { write: text => stream.write(text), isTerminal, color: wantsColor(isTerminal, process.env) };
}

function stopSignal(): AbortSignal {
  const stop = new AbortController();
  const received = (signal: keyof typeof EXIT_BY_SIGNAL): void => {
    if (stop.signal.aborted) process.exit(EXIT_BY_SIGNAL[signal]);
    stop.abort(signal);
  };
  process.on('SIGINT', received).on('SIGTERM', received);
  return stop.signal;
}

const host: Host = {
  env: process.env,
  out: terminal(process.stdout),
  err: terminal(process.stderr),
  readFile: path => readFileSync(path, 'utf8'),
  // A stream: a plain read of a pipe whose writer is slow fails with EAGAIN.
  readInput: () => text(process.stdin),
  now: () => Date.now(),
  nodeVersion: process.version,
  stopSignal,
};

const heavy: HeavyCommands = {
  run: async (config, runHost) => (await import('./service.ts')).runService(config, runHost),
  topics: async (...request) => (await import('./topics-command.ts')).runTopics(...request),
  schemas: async (...request) => (await import('./schemas-command.ts')).runSchemas(...request),
  deadLetters: {
    look: async (...request) => (await import('./dead-letters-command.ts')).lookAtLetters(...request),
    redrive: async (...request) => (await import('./redrive-command.ts')).runRedrive(...request),
  },
  apply: async (...request) => (await import('./config-topic-command.ts')).applyFile(...request),
  get: async (...request) => (await import('./config-topic-command.ts')).getEntries(...request),
  delete: async (...request) => (await import('./config-topic-command.ts')).deleteEntry(...request),
  connections: {
    verify: async (...request) => (await import('./connections-command.ts')).verifyConnection(...request),
    list: async (...request) => (await import('./connections-command.ts')).listConnections(...request),
  },
  doctor: async (...request) => (await import('./doctor-command.ts')).runDoctorCommand(...request),
  preview: async (request, options, previewHost) => {
    const { readSchemas } = await import('./adapters/schema-files.ts');
    return (await import('./control/preview.ts')).runPreview(request, options, readSchemas(), previewHost);
  },
};

/** State after an error that nobody caught is unknown: nothing more is committed, the platform starts anew. */
function die(error: unknown): void {
  process.exit(reportError(error, host.err));
}

process.on('uncaughtException', die).on('unhandledRejection', die);
// A reader that went away (`dead-letters list | head`) has all it wanted. What changes something goes on to its own end
// and exit code, for nobody must take a change that was not made for one that was.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  // A service does not work on unheard; whoever keeps it running starts it anew.
  if (process.argv[2] === 'run') process.exit(EXIT.unexpected);
  if (!CHANGES.some(command => process.argv.includes(command))) process.exit(EXIT.ok);
});

const exitCode = await runCli(process.argv.slice(2), host, heavy);
// A connection that somebody forgot to close must not keep a finished command alive.
process.stdout.write('', () => process.exit(exitCode));
