/**
 * The places a value can come from beside the YAML file (`config-yaml.ts`): environment and flags. Each answers what it
 * gives, with its origin, and what in it cannot be read; which one wins is decided in `config.ts`.
 */

import { ALL_OPTIONS, ENV_PREFIX } from './config-options.ts';
import { type ConfigProblem, problem } from './config-problem.ts';
import { didYouMean } from './core/did-you-mean.ts';
import { messageOf } from './core/error-codes.ts';

/** The variable that names the configuration file; `--config` beats it. */
export const CONFIG_FILE_VARIABLE = `${ENV_PREFIX}CONFIG`;
/** The variable in which an image says what commit it was built from. */
export const COMMIT_VARIABLE = `${ENV_PREFIX}COMMIT`;
/** Variables with our prefix that set no option. */
const OTHER_VARIABLES: ReadonlySet<string> = new Set([CONFIG_FILE_VARIABLE, COMMIT_VARIABLE]);

/** A value as written, and where. */
export interface Given {
  readonly raw: unknown;
  readonly origin: string;
}

/** What one source gives, by option path. */
export interface Source {
  readonly given: ReadonlyMap<string, Given>;
  readonly problems: readonly ConfigProblem[];
}

/** Flags as the command line understood them. */
export interface Flags {
  /** `--config FILE`. */
  readonly configFile: string | null;
  /** `--set PATH=VALUE`, in order. */
  readonly set: readonly string[];
  /** Flags that stand for one option, by the option's path. */
  readonly named: ReadonlyMap<string, string>;
}

export const NO_FLAGS: Flags = { configFile: null, set: [], named: new Map() };

export type Environment = Readonly<Record<string, string | undefined>>;
/** Throws where the file cannot be read. */
export type ReadFile = (path: string) => string;

/** A source being read. */
export class Reading implements Source {
  readonly given = new Map<string, Given>();
  readonly problems: ConfigProblem[] = [];
}

/** The end of a message about an unknown name. */
export function hint(name: string | null): string {
  return name === null ? '' : `; did you mean ${name}?`;
}

/**
 * Variables that Kubernetes adds to every pod for a Service whose name begins with `tiktok-sync`, for instance
 * `TIKTOK_SYNC_PORT=tcp://10.0.0.7:8080`. They are not ours, even where one has the name of an option.
 */
const SERVICE_LINK_NAME = /(^|_)(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;
const SERVICE_LINK_VALUE = /^(tcp|udp|sctp):\/\//;

/** Reads the variables with our prefix; an unknown one is a problem, all others are nobody's business here. */
export function readEnvironment(env: Environment, readFile: ReadFile): Source {
  const reading = new Reading();
  const names = new Map<string, { readonly path: string; readonly file: boolean }>();
  for (const { path, env: name, option } of ALL_OPTIONS.values()) {
    names.set(name, { path, file: false });
    if (option.secrecy !== 'public') names.set(`${name}_FILE`, { path, file: true });
  }
  for (const [name, text] of Object.entries(env)) {
    // An empty variable counts as not set: compose files and charts write one for every setting they leave out.
    if (!name.startsWith(ENV_PREFIX) || OTHER_VARIABLES.has(name) || text === undefined || text === '') continue;
    const target = names.get(name);
    const ours = target !== undefined && !(name.endsWith('_PORT') && SERVICE_LINK_VALUE.test(text));
    if (!ours && SERVICE_LINK_NAME.test(name.slice(ENV_PREFIX.length))) continue;
    if (target === undefined) {
      const guess = didYouMean(name, [...names.keys(), CONFIG_FILE_VARIABLE]);
      const message = `no option has this variable${hint(guess)}`;
      reading.problems.push(problem('CONFIG_UNKNOWN_OPTION', null, `env ${name}`, message));
    } else if (reading.given.has(target.path)) {
      reading.problems.push(
        problem('CONFIG_SET_TWICE', target.path, `env ${name}`, 'both the variable and its …_FILE twin are set'),
      );
    } else if (target.file) readSecretFile(reading, target.path, `env ${name}`, text, readFile);
    else reading.given.set(target.path, { raw: text, origin: `env ${name}` });
  }
  return reading;
}

function readSecretFile(reading: Reading, path: string, origin: string, file: string, readFile: ReadFile): void {
  try {
    const raw = readFile(file).replace(/\r?\n$/, '');
    if (raw === '') throw new Error(`${file} is empty`);
    reading.given.set(path, { raw, origin });
  } catch (error) {
    reading.problems.push(problem('CONFIG_SECRET_FILE_UNREADABLE', path, origin, messageOf(error)));
    // Known to be set, so that it is not reported as missing as well.
    reading.given.set(path, { raw: undefined, origin });
  }
}

/** Reads the flags. A secret is refused: a command line is readable by every process on the machine. */
export function readFlags(flags: Flags): Source {
  const reading = new Reading();
  const take = (path: string, raw: string, origin: string): void => {
    const option = ALL_OPTIONS.get(path)?.option;
    if (option === undefined) {
      const message = `there is no such option${hint(didYouMean(path, ALL_OPTIONS.keys()))}`;
      reading.problems.push(problem('CONFIG_UNKNOWN_OPTION', path, origin, message));
    } else if (option.secrecy === 'secret' || (option.secrecy === 'credentials' && /:\/\/[^/]*@/.test(raw))) {
      const message = `a secret must not be given on the command line; use ${ALL_OPTIONS.get(path)?.env}_FILE`;
      reading.problems.push(problem('CONFIG_SECRET_ON_COMMAND_LINE', path, origin, message));
      reading.given.set(path, { raw: undefined, origin });
    } else if (reading.given.has(path)) {
      reading.problems.push(problem('CONFIG_SET_TWICE', path, origin, 'the command line sets it twice'));
    } else reading.given.set(path, { raw, origin });
  };
  for (const [path, raw] of flags.named) take(path, raw, `flag ${ALL_OPTIONS.get(path)?.option.flag ?? path}`);
  for (const assignment of flags.set) {
    const at = assignment.indexOf('=');
    if (at > 0) take(assignment.slice(0, at).trim(), assignment.slice(at + 1), 'flag --set');
    else {
      const message = `"${assignment}" is not PATH=VALUE, for instance --set window.sizeMs=30s`;
      reading.problems.push(problem('CONFIG_INVALID_VALUE', null, 'flag --set', message));
    }
  }
  return reading;
}
