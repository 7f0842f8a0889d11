/**
 * What an option is, and the kinds there are. An option is declared once, for `config-options.ts`; type, default,
 * bounds, reasons, reading of text, JSON Schema and reference documentation all come from that declaration.
 */

import { z } from 'zod';
import {
  DURATION_PATTERN,
  formatDuration,
  formatSize,
  parseDuration,
  parseSize,
  SIZE_PATTERN,
} from './config-units.ts';

/** `secret`: never shown. `credentials`: a URL whose user and password are not shown. */
export type Secrecy = 'public' | 'secret' | 'credentials';

/** Where the value comes from when nobody gives one. */
export type Fallback<T> = { readonly kind: 'required' } | { readonly kind: 'value'; readonly value: T } | Derived<T>;

/** Made of other options, which must be declared earlier; `text` says how. */
export interface Derived<T> {
  readonly kind: 'derived';
  readonly from: readonly string[];
  readonly text: string;
  make(...sources: unknown[]): T;
}

/** What every declaration says, whatever its kind. */
interface Common {
  /** One or two sentences for the reference. */
  readonly describe: string;
  /** Why it is bounded as it is, or why its default is what it is. */
  readonly because: string;
  /** Environment name without the prefix, where it is not the path in upper case. */
  readonly env?: string;
  /** A flag of its own, e.g. `--brokers`; every option can be set with `--set` as well. */
  readonly flag?: string;
}

interface Anatomy<T> extends Common {
  readonly fallback: Fallback<T>;
  /** The compiled value: its type and its bounds. */
  readonly value: z.ZodType<T>;
  /** What may stand in the file, for the JSON Schema. */
  readonly written: z.ZodType;
  /** Text → candidate; the text itself where it cannot be read, for the message. */
  read(text: string): unknown;
  /** The bounds in words. */
  readonly allowed: string;
  /** A value as a reader likes it, "2m" rather than 120000. */
  show(value: T): string;
  readonly secrecy?: Secrecy;
  /** The only words it takes; left out where there are more than can be listed. */
  readonly choices?: readonly string[];
}

export class Option<T> {
  readonly describe: string;
  readonly because: string;
  readonly env: string | null;
  readonly flag: string | null;
  readonly fallback: Fallback<T>;
  readonly value: z.ZodType<T>;
  readonly written: z.ZodType;
  readonly allowed: string;
  readonly secrecy: Secrecy;
  /** Empty where values cannot be listed. */
  readonly choices: readonly string[];
  readonly read: (text: string) => unknown;
  /** Takes any value, so that a list may hold options of every type; only ever given one of the option itself. */
  readonly show: (value: unknown) => string;

  constructor(anatomy: Anatomy<T>) {
    this.describe = anatomy.describe;
    this.because = anatomy.because;
    this.env = anatomy.env ?? null;
    this.flag = anatomy.flag ?? null;
    this.fallback = anatomy.fallback;
    this.value = anatomy.value;
    this.written = anatomy.written;
    this.allowed = anatomy.allowed;
    this.secrecy = anatomy.secrecy ?? 'public';
    this.choices = anatomy.choices ?? [];
    this.read = anatomy.read;
    this.show = value => anatomy.show(value as T);
  }
}

interface Bounded extends Common {
  readonly default: number | Derived<number>;
  readonly min: number;
  readonly max: number;
}

/** Milliseconds; read as "2m", "500ms", "1h" too. */
export function duration(spec: Bounded): Option<number> {
  return number(spec, parseDuration, formatDuration, DURATION_PATTERN);
}

/** Bytes; read as "256KiB", "1MB" too. */
export function size(spec: Bounded): Option<number> {
  return number(spec, parseSize, formatSize, SIZE_PATTERN);
}

/** A whole number of things. */
export function count(spec: Bounded): Option<number> {
  return number(spec, parseNumber, String, /^\d+$/);
}

/** A part of a whole, 0 to 1. */
export function ratio(spec: Bounded): Option<number> {
  return number(spec, parseNumber, String, /^\d(\.\d+)?$/, z.number());
}

/** Things a second; not only whole ones. */
export function rate(spec: Bounded): Option<number> {
  return number(spec, parseNumber, String, /^\d+(\.\d+)?$/, z.number());
}

function number(
  { default: value, ...spec }: Bounded,
  parse: (text: string) => number | null,
  show: (value: number) => string,
  pattern: RegExp,
  whole: z.ZodNumber = z.int(),
): Option<number> {
  const bounded = whole.min(spec.min).max(spec.max);
  return new Option({
    ...spec,
    fallback: typeof value === 'number' ? { kind: 'value', value } : value,
    value: bounded,
    written: z.union([bounded, z.string().regex(pattern)]),
    allowed: `${show(spec.min)} to ${show(spec.max)}`,
    read: text => parse(text) ?? text,
    show,
  });
}

function parseNumber(text: string): number | null {
  return /^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : null;
}

/** A default or none; `pattern` and `allowed` bound the text. */
interface Textual extends Common {
  readonly default?: string | Derived<string>;
  readonly pattern?: RegExp;
  readonly allowed: string;
}

function bounded(pattern: RegExp | undefined): z.ZodString {
  return pattern ? z.string().regex(pattern) : z.string().min(1);
}

/** Text that is always there: with a default, derived from another option, or required. */
export function text({ default: value, pattern, ...spec }: Textual): Option<string> {
  const schema = bounded(pattern);
  return new Option({
    ...spec,
    fallback: typeof value === 'object' ? value : orRequired(value),
    value: schema,
    written: schema,
    read: asIs,
    show: String,
  });
}

function orRequired<T>(value: T | undefined): Fallback<T> {
  return value === undefined ? { kind: 'required' } : { kind: 'value', value };
}

/** Text that may be absent; null is the default. */
export function optionalText(spec: Common & { pattern?: RegExp; allowed: string; secrecy?: Secrecy }) {
  const { pattern, ...rest } = spec;
  const schema = bounded(pattern).nullable();
  return new Option<string | null>({
    ...rest,
    fallback: { kind: 'value', value: null },
    value: schema,
    written: schema,
    read: asIs,
    show: value => value ?? 'none',
  });
}

/** A password or the like: never shown, and read from a file with the `…_FILE` variable. */
export function secret(spec: Common): Option<string | null> {
  return optionalText({ ...spec, allowed: 'any text; better from a file, by the …_FILE variable', secrecy: 'secret' });
}

/** A URL. `accept` answers the value as kept, or null where the URL is none the option takes. */
export function url(
  spec: Common & {
    default?: string;
    pattern: RegExp;
    allowed: string;
    secrecy?: Secrecy;
    accept(url: URL): string | null;
  },
): Option<string> {
  const { default: value, pattern, accept, ...rest } = spec;
  const schema = z.string().regex(pattern);
  return new Option({
    ...rest,
    fallback: orRequired(value),
    value: schema.transform((given, context) => {
      const kept = URL.canParse(given) ? accept(new URL(given)) : null;
      if (kept === null) context.issues.push({ code: 'custom', input: given, message: spec.allowed });
      return kept ?? given;
    }),
    written: schema,
    read: asIs,
    show: String,
  });
}

/** One of a few words, in any letter case: Kafka's own configuration says PLAIN and SCRAM-SHA-256. */
export function choice<const T extends string>(spec: Common & { values: readonly [T, ...T[]]; default: NoInfer<T> }) {
  const { values, default: value, ...rest } = spec;
  return new Option<T>({
    ...rest,
    fallback: { kind: 'value', value },
    value: z.literal(values),
    written: z.literal(values),
    allowed: `one of ${values.join(', ')}`,
    choices: values,
    read: given => values.find(word => word.toLowerCase() === given.toLowerCase()) ?? given,
    show: String,
  });
}

/** Yes or no. */
export function toggle({ default: value, ...spec }: Common & { default: boolean }): Option<boolean> {
  return new Option({
    ...spec,
    fallback: { kind: 'value', value },
    value: z.boolean(),
    written: z.boolean(),
    allowed: 'true or false',
    choices: ['true', 'false'],
    read: given => (given === 'true' ? true : given === 'false' ? false : given),
    show: String,
  });
}

/** Several texts; in the environment and in flags separated by commas. Without `default` at least one is required. */
export function list(
  spec: Common & { default?: readonly string[]; item: RegExp; allowed: string },
): Option<readonly string[]> {
  const { default: value, item, ...rest } = spec;
  const items = z.array(z.string().regex(item));
  const schema = value === undefined ? items.min(1) : items;
  return new Option<readonly string[]>({
    ...rest,
    fallback: orRequired(value),
    value: schema,
    written: z.union([schema, z.string()]),
    read: given =>
      given
        .split(',')
        .map(part => part.trim())
        .filter(part => part !== ''),
    show: values => values.join(','),
  });
}

/** The first position of a new group: a word, or a time as epoch milliseconds. */
export type StartFrom = 'earliest' | 'latest' | number;

export function startPosition({ default: value, ...spec }: Common & { default: StartFrom }): Option<StartFrom> {
  const schema = z.union([z.literal(['earliest', 'latest']), z.int().min(0)]);
  return new Option<StartFrom>({
    ...spec,
    fallback: { kind: 'value', value },
    value: schema,
    written: z.union([schema, z.iso.datetime({ offset: true }), z.iso.date()]),
    allowed: 'earliest, latest, or a time: ISO 8601 with its zone, or epoch milliseconds',
    read: readStart,
    show: at => (typeof at === 'number' ? new Date(at).toISOString() : at),
  });
}

/** A time without a zone would mean another moment on every machine, so it is not taken. */
function readStart(given: string): unknown {
  if (/^\d+$/.test(given)) return Number(given);
  const zoned = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:?\d\d))?$/.test(given);
  const at = zoned ? Date.parse(given) : Number.NaN;
  return Number.isNaN(at) ? given : at;
}

function asIs(given: string): string {
  return given;
}
