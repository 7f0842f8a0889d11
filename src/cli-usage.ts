/** How a command line that is not understood is answered: the error, and how it is put right. */

import type { Command } from 'commander';
import { didYouMean } from './core/did-you-mean.ts';

/** commander's words with a fix at their end: its own suggestion, the option that was mistyped, or whose help to read. */
export function withFix(text: string, program: Command, argv: readonly string[]): string {
  // What follows the = of a mistyped option may be a secret, and is never repeated.
  const problem = text
    .replace(/^error: /, '')
    .replace(/^(unknown option '-[^'=]*)=.*'/s, "$1'")
    .trimEnd();
  if (problem.includes('(Did you mean')) return problem;
  const missing = /^required option '(?:-\w, )?(--[\w-]+)/.exec(problem)?.[1];
  const names = argv.map(word => word.split('=', 1)[0] ?? word);
  const mistyped = names.find(word => missing !== undefined && word !== missing && isNear(word, missing));
  if (mistyped !== undefined) return `${problem}\n(Did you mean ${missing}? It says ${mistyped}.)`;
  const chosen = nearestChoice(problem);
  if (chosen !== null) return `${problem}\n(Did you mean ${chosen}?)`;
  const asked = commandIn(program, argv);
  const option = nearestOption(problem, asked);
  if (option !== null) return `${problem}\n(Did you mean ${option}?)`;
  return `${problem}\n(${nameOf(asked)} --help shows what it takes.)`;
}

/** commander lists the choices of an argument or an option, and guesses none. */
function nearestChoice(problem: string): string | null {
  const [, given, choices] = /'([^']*)' is invalid.*Allowed choices are (.*)\.$/.exec(problem) ?? [];
  return given === undefined || choices === undefined ? null : didYouMean(given, choices.split(', '));
}

/** commander guesses, too, but not where a `=` and a value follow. */
function nearestOption(problem: string, command: Command): string | null {
  const unknown = /^unknown option '(--[^']+)'$/.exec(problem)?.[1];
  const visible = command.createHelp().visibleOptions(command);
  return unknown === undefined
    ? null
    : didYouMean(
        unknown,
        visible.flatMap(({ long }) => long ?? []),
      );
}

function isNear(word: string, option: string): boolean {
  return word.startsWith('--') && didYouMean(word, [option]) !== null;
}

/** The command that is asked for, as far as the words name commands. */
function commandIn(program: Command, [word, ...rest]: readonly string[]): Command {
  const next = program.commands.find(command => command.name() === word);
  return next === undefined ? program : commandIn(next, rest);
}

/** `tiktok-sync topics ensure` */
function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}
