/** How a command line that is not understood is answered: the error, and how it is put right. */

import type { Command } from 'commander';
import { didYouMean } from './core/did-you-mean.ts';

/** commander's words with a fix at their end: its own suggestion, the option that was mistyped, or whose help to read. */
export function withFix(text: string, program: Command, argv: readonly string[]): string {
  const problem = text.replace(/^error: /, '').trimEnd();
  if (problem.includes('(Did you mean')) return problem;
  const missing = /^required option '(?:-\w, )?(--[\w-]+)/.exec(problem)?.[1];
  const mistyped = argv.find(word => missing !== undefined && word !== missing && isNear(word, missing));
  if (mistyped !== undefined) return `${problem}\n(Did you mean ${missing}? It says ${mistyped}.)`;
  const chosen = nearestChoice(problem);
  if (chosen !== null) return `${problem}\n(Did you mean ${chosen}?)`;
  return `${problem}\n(${commandIn(program, argv)} --help shows what it takes.)`;
}

/** commander lists the choices of an argument or an option, and guesses none. */
function nearestChoice(problem: string): string | null {
  const [, given, choices] = /'([^']*)' is invalid.*Allowed choices are (.*)\.$/.exec(problem) ?? [];
  return given === undefined || choices === undefined ? null : didYouMean(given, choices.split(', '));
}

function isNear(word: string, option: string): boolean {
  return word.startsWith('--') && didYouMean(word, [option]) !== null;
}

/** `tiktok-sync topics ensure`, as far as the words name commands. */
function commandIn(program: Command, argv: readonly string[]): string {
  const [word, ...rest] = argv;
  const next = program.commands.find(command => command.name() === word);
  return next === undefined ? program.name() : `${program.name()} ${commandIn(next, rest)}`;
}
