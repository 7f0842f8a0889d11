/**
 * From file, environment and flags to a frozen `Config`, or to every problem there is, at once.
 *
 * Later sources win: defaults < YAML file < environment < flags. Nothing here touches the process: the environment
 * and a way to read files are handed in.
 */

import type { z } from 'zod';
import type { Option } from './config-option.ts';
import { ALL_OPTIONS, type Config, type NamedOption } from './config-options.ts';
import { type ConfigProblem, problem } from './config-problem.ts';
import { RULES } from './config-rules.ts';
import {
  CONFIG_FILE_VARIABLE,
  type Environment,
  type Flags,
  type Given,
  hint,
  type ReadFile,
  readEnvironment,
  readFlags,
  type Source,
} from './config-sources.ts';
import { readYaml } from './config-yaml.ts';
import { didYouMean } from './core/did-you-mean.ts';

export type { Config } from './config-options.ts';

export interface ConfigInputs {
  readonly flags: Flags;
  readonly env: Environment;
  readonly readFile: ReadFile;
}

/** Path of an option → `default`, `FILE:LINE`, `env NAME` or `flag --NAME`. */
export type Provenance = ReadonlyMap<string, string>;

export type Loaded<T> =
  | { readonly ok: true; readonly config: T; readonly provenance: Provenance }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** The whole configuration. */
export function loadConfig(inputs: ConfigInputs): Loaded<Config> {
  return judged(compile(inputs, () => true));
}

/**
 * Some sections, for a command that needs no more: options of other sections may be missing. What no source can give
 * rightly, such as an unknown key, is a problem all the same.
 */
export function loadSections<S extends keyof Config>(
  sections: readonly S[],
  inputs: ConfigInputs,
): Loaded<Pick<Config, S>> {
  return judged(compile(inputs, path => sections.some(section => path.startsWith(`${section}.`))));
}

/** Rules hold between the options that are there. */
function judged(draft: Draft): Loaded<Config> {
  const problems = [...draft.problems, ...brokenRules(draft)];
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, config: freeze(draft.config as unknown as Config), provenance: draft.provenance };
}

interface Draft {
  readonly config: Record<string, unknown>;
  readonly valid: ReadonlySet<string>;
  readonly provenance: Map<string, string>;
  readonly problems: ConfigProblem[];
}

function compile({ flags, env, readFile }: ConfigInputs, wanted: (path: string) => boolean): Draft {
  const file = flags.configFile ?? (env[CONFIG_FILE_VARIABLE] || null);
  const sources: Source[] = file === null ? [] : [readYaml(file, readFile)];
  sources.push(readEnvironment(env, readFile), readFlags(flags));

  const given = new Map(sources.flatMap(source => [...source.given]));
  const values = new Map<string, unknown>();
  const provenance = new Map<string, string>();
  const problems = sources.flatMap(source => source.problems);
  for (const named of ALL_OPTIONS.values()) {
    if (!wanted(named.path)) continue;
    const written = given.get(named.path);
    provenance.set(named.path, written?.origin ?? 'default');
    const outcome = written === undefined ? fallback(named, values) : read(named, written);
    if ('problem' in outcome) problems.push(outcome.problem);
    else if ('value' in outcome) values.set(named.path, outcome.value);
  }
  return { config: asTree(values), valid: new Set(values.keys()), provenance, problems };
}

/** Nothing, where the reason has been reported already. */
type Outcome = { readonly value: unknown } | { readonly problem: ConfigProblem } | Record<never, never>;

function fallback({ path, env, option }: NamedOption, earlier: ReadonlyMap<string, unknown>): Outcome {
  const rule = option.fallback;
  if (rule.kind === 'value') return { value: rule.value };
  if (rule.kind === 'derived') {
    if (!rule.from.every(source => earlier.has(source))) return {};
    return { value: rule.make(...rule.from.map(source => earlier.get(source))) };
  }
  const flag = option.flag === null ? `--set ${path}=…` : `${option.flag} …`;
  const message = `set it as ${path} in the file, as ${env} in the environment, or by ${flag}`;
  return { problem: { ...problem('CONFIG_REQUIRED', path, 'not set', message), ...bounds(option) } };
}

function read({ path, option }: NamedOption, { raw, origin }: Given): Outcome {
  if (raw === undefined) return {};
  const candidate = typeof raw === 'string' ? option.read(raw) : raw;
  const result = option.value.safeParse(candidate);
  if (result.success) return { value: result.data };
  const code = codeOf(result.error.issues[0], candidate);
  // A value that is a secret, or might hold one (an address with a password in it), is never repeated.
  const mayBeShown = option.secrecy === 'public' && !/:\/\/[^/]*@/.test(String(raw));
  const shown = mayBeShown ? `${JSON.stringify(raw)} ` : 'the value ';
  const guess = mayBeShown && option.choices.length > 0 ? didYouMean(String(raw), option.choices) : null;
  const message = `${shown}${REFUSALS[code]}${hint(guess)}`;
  return { problem: { ...problem(code, path, origin, message), ...bounds(option) } };
}

const REFUSALS = {
  CONFIG_OUT_OF_RANGE: 'is out of bounds',
  CONFIG_WRONG_TYPE: 'is of the wrong kind',
  CONFIG_INVALID_VALUE: 'is not one this option takes',
};

function codeOf(issue: z.core.$ZodIssue | undefined, candidate: unknown): keyof typeof REFUSALS {
  if (typeof candidate === 'number' && (issue?.code === 'too_small' || issue?.code === 'too_big')) {
    return 'CONFIG_OUT_OF_RANGE';
  }
  return issue?.code === 'invalid_type' ? 'CONFIG_WRONG_TYPE' : 'CONFIG_INVALID_VALUE';
}

function bounds({ allowed, because }: Option<unknown>): Pick<ConfigProblem, 'allowed' | 'because'> {
  return { allowed, because };
}

function brokenRules({ config, valid, provenance }: Draft): ConfigProblem[] {
  return RULES.filter(({ about }) => about.every(path => valid.has(path))).flatMap(({ about, because, broken }) => {
    const message = broken(config as unknown as Config);
    if (message === null) return [];
    // Blamed is the first option that somebody set; a default alone breaks no rule.
    const blamed = about.find(path => provenance.get(path) !== 'default') ?? about[0] ?? null;
    const origin = blamed === null ? 'default' : (provenance.get(blamed) ?? 'default');
    const subject = blamed === about[0] ? message : `${about[0]}: ${message}`;
    return [{ ...problem('CONFIG_CONFLICT', blamed, origin, subject), because }];
  });
}

function asTree(values: ReadonlyMap<string, unknown>): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const [path, value] of values) {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    const section = keys.reduce((node, key) => {
      node[key] ??= {};
      return node[key] as Record<string, unknown>;
    }, root);
    section[last] = value;
  }
  return root;
}

function freeze<T>(node: T): T {
  if (typeof node === 'object' && node !== null) for (const child of Object.values(node)) freeze(child);
  return Object.freeze(node);
}
