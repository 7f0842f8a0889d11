/** From a command's flags, the environment and the file to the configuration. */

import { type Command, Option as Flag } from 'commander';
import { type Config, type ConfigInputs, loadConfig, loadSections } from './config.ts';
import { ALL_OPTIONS } from './config-options.ts';
import type { Flags } from './config-sources.ts';
import { printProblems } from './control/check.ts';
import type { Host } from './control/host.ts';

/** What commander read of one command's flags. */
export type Given = Readonly<Record<string, unknown>>;

/** What a command does with its request and what it needs of the configuration; answers the exit code. */
export type Action<Request, Needed = Config> = (request: Request, config: Needed, host: Host) => Promise<number>;

/** Takes a command's exit code. */
export type End = (exitCode: number) => void;

/** The flags that every command with a configuration takes. */
export function addConfigFlags(command: Command): Command {
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

export function configInputs(given: Given, host: Host): ConfigInputs {
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
export class ProblemsReported extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super('problems were reported');
    this.exitCode = exitCode;
  }
}

/** @throws ProblemsReported when the configuration has problems, which have then been printed. */
export function configOrThrow(given: Given, host: Host): Config {
  const loaded = loadConfig(configInputs(given, host));
  if (!loaded.ok) throw new ProblemsReported(printProblems(loaded.problems, host, given.json === true));
  return loaded.config;
}

/** As `configOrThrow`, for a command that needs no more than these sections. */
export function sectionsOrThrow<S extends keyof Config>(
  sections: readonly S[],
  given: Given,
  host: Host,
): Pick<Config, S> {
  const loaded = loadSections(sections, configInputs(given, host));
  if (!loaded.ok) throw new ProblemsReported(printProblems(loaded.problems, host, given.json === true));
  return loaded.config;
}
