/** The rules that hold the house up. Each takes sources and returns what is wrong, where, and what to do about it. */

import { stripTypeScriptTypes } from 'node:module';
import { posix } from 'node:path';
import { codeOf, findIn, importsOf, packageOf, type Sources } from './source-text.ts';

export type Rule = (sources: Sources) => string[];

/** Storeys from the ground up, and which others each may know. */
const MAY_KNOW = {
  core: [],
  ports: ['core'],
  config: ['core'],
  story: ['ports', 'core'],
  adapters: ['ports', 'core'],
  control: ['config', 'ports', 'core'],
  service: ['story', 'adapters', 'control', 'config', 'ports', 'core'],
  cli: ['service', 'control', 'config', 'core'],
  main: ['cli', 'service', 'adapters', 'control', 'config', 'core'],
} as const satisfies Record<string, readonly string[]>;

type Storey = keyof typeof MAY_KNOW;

/** Composition roots, with every `…-command`: they put parts of all storeys together and decide nothing themselves. */
const COMPOSITION: ReadonlySet<string> = new Set([
  'service',
  'assembly',
  'redrive-assembly',
  'surroundings',
  'clients',
  'redrive-surroundings',
  'automatic-redrive',
  'observation',
]);

/** Which storey a file of `src` belongs to; null for what is no file of `src`. */
export function storeyOf(path: string): Storey | null {
  const [root, first = '', ...rest] = path.split('/');
  if (root !== 'src') return null;
  if (rest.length > 0) return first === 'core' || first === 'adapters' || first === 'control' ? first : null;
  const name = first.replace(/\.ts$/, '');
  if (name === 'main') return name;
  // Waiting needs nothing but the clock's port, and every storey above waits.
  if (/^ports(-|$)/.test(name) || name === 'pause') return 'ports';
  if (/^cli(-|$)/.test(name)) return 'cli';
  if (COMPOSITION.has(name) || name.endsWith('-command')) return 'service';
  // The configuration is a storey of its own; following the config topic is part of the story.
  return /^config(-|$)/.test(name) && name !== 'config-following' ? 'config' : 'story';
}

export const importsPointDown: Rule = sources =>
  each(sources, (path, text) => {
    const own = storeyOf(path);
    if (own === null) return [];
    return importsOf(path, text).flatMap(imported => {
      const other = storeyOf(imported);
      const allowed: readonly string[] = MAY_KNOW[own];
      if (other === null || other === own || allowed.includes(other)) return [];
      const hint = `${own} may know only ${allowed.join(', ') || 'itself'}: take it as a parameter or move what both need down`;
      return [`${path} imports ${imported}; ${hint}`];
    });
  });

export const noCycles: Rule = sources => {
  const state = new Map<string, 'open' | 'done'>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      const cycle = [...trail.slice(trail.indexOf(path)), path].join(' → ');
      cycles.push(`${cycle}: move what they share (a type counts too) into a file of its own`);
      return;
    }
    state.set(path, 'open');
    for (const imported of importsOf(path, sources.get(path) ?? '')) {
      if (sources.has(imported)) visit(imported, [...trail, path]);
    }
    state.set(path, 'done');
  };
  for (const path of sources.keys()) visit(path, []);
  return cycles;
};

/** What waits, looks at the clock, rolls dice or touches the world. */
const IMPURE: readonly (readonly [RegExp, string])[] = [
  [/\b(async|await)\b|\bPromise\b|\.then\(/, 'waits; let the story wait and hand the result in'],
  [/\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\b|\bhrtime\b/, 'looks at a clock; take the time as a parameter'],
  [/\b(setTimeout|setInterval|setImmediate|queueMicrotask)\b/, 'starts a timer; use the Clock in the story'],
  [/\bMath\.random\b|\brandomUUID\b|\brandomBytes\b|\bgetRandomValues\b/, 'rolls dice; take the number as a parameter'],
  [/\bprocess\b|\bglobalThis\b|\bconsole\b|\bfetch\(/, 'touches the world; take what is needed as a parameter'],
];
/** Pure computation only. */
const CORE_PACKAGES: ReadonlySet<string> = new Set([
  'avsc',
  'libphonenumber-js',
  'node:crypto',
  'node:buffer',
  'node:net',
]);

export const coreIsPure: Rule = sources =>
  each(inFolder(sources, 'src/core'), (path, text) => {
    const code = codeOf(text);
    const deeds = IMPURE.flatMap(([pattern, hint]) => findIn(path, code, pattern).map(where => `${where} ${hint}`));
    const packages = importsOf(path, text).filter(
      name => storeyOf(name) === null && !CORE_PACKAGES.has(packageOf(name)),
    );
    return [...deeds, ...packages.map(name => `${path} imports ${name}; core takes plain data, an adapter fetches it`)];
  });

/** The one place of each client; a package that is not here needs a place first. */
const HOMES: Readonly<Record<string, RegExp>> = {
  '@kafkajs/confluent-schema-registry': /^src\/adapters\/(schema-|registry-)[\w-]+\.ts$/,
  avsc: /^src\/core\//,
  commander: /^src\/cli(-[\w-]+)?\.ts$/,
  fastify: /^src\/control\//,
  ioredis: /^src\/adapters\/redis-[\w-]+\.ts$/,
  kafkajs: /^src\/adapters\/kafka-[\w-]+\.ts$/,
  'libphonenumber-js': /^src\/core\//,
  'lz4-napi': /^src\/adapters\/kafka-codecs\.ts$/,
  pino: /^src\/adapters\/operator-log\.ts$/,
  'prom-client': /^src\/adapters\/metric-registry\.ts$/,
  snappy: /^src\/adapters\/kafka-codecs\.ts$/,
  undici: /^src\/adapters\/tiktok-events-api\.ts$/,
  yaml: /^src\/(config-yaml|control\/[\w-]+)\.ts$/,
  zod: /^src\/(config[\w-]*|control\/[\w-]+)\.ts$/,
};

export const clientsStayHome: Rule = sources =>
  each(sources, (path, text) =>
    importsOf(path, text).flatMap(imported => {
      const name = packageOf(imported);
      if (imported.startsWith('src/') || !/^[a-z@]/.test(name) || name.startsWith('node:')) return [];
      if (imported.endsWith('.json')) return [];
      const home = HOMES[name];
      if (home === undefined) return [`${path} imports ${name}; give the package a home in HOMES of ${RULES_FILE}`];
      return home.test(path) ? [] : [`${path} imports ${name}, whose home is ${home.source}; go through a port`];
    }),
  );

const RULES_FILE = 'test/architecture/rules.ts';
const DRAWERS = /^(utils?|types?|helpers?|index|interfaces?|common|misc|shared|constants?|lib)$/;

export const namesSayWhat: Rule = sources =>
  [...sources.keys()].flatMap(path => {
    const name = posix.basename(path, '.ts');
    const folders = posix.dirname(path).split('/');
    const drawer = [name, ...folders].find(part => DRAWERS.test(part));
    return drawer === undefined
      ? []
      : [`${path}: "${drawer}" says nothing; name the file after what it decides or does`];
  });

const LONGEST_OPENING = 8;

export const coreStatesItsGuarantee: Rule = sources =>
  each(inFolder(sources, 'src/core'), (path, text) => {
    const opening = /^\/\*\*[\s\S]*?\*\//.exec(text)?.[0] ?? '';
    if (!opening.includes('Guarantee:')) return [`${path} must open with a comment that says "Guarantee: …"`];
    const lines = opening.split('\n').filter(line => /\w/.test(line)).length;
    return lines > LONGEST_OPENING ? [`${path} opens with ${lines} lines; ${LONGEST_OPENING} are enough`] : [];
  });

/** Files that only declare types or data have nothing to run. */
function hasBehaviour(text: string): boolean {
  return /\bfunction\b|\bclass\b|=>/.test(codeOf(stripTypeScriptTypes(text)));
}

/** `tests` are the paths below `test`. */
export const coreIsTested =
  (tests: ReadonlySet<string>): Rule =>
  sources =>
    each(inFolder(sources, 'src/core'), (path, text) => {
      const test = path.replace('src/core/', 'test/core/').replace(/\.ts$/, '.test.ts');
      return tests.has(test) || !hasBehaviour(text) ? [] : [`${path} has no ${test}; write it, by that name`];
    });

export const onlyMainTouchesTheProcess: Rule = sources =>
  each(sources, (path, text) => {
    if (path === 'src/main.ts') return [];
    const uses = findIn(path, codeOf(text), /(?<![.\w'-])process\s*[.[]|\bimport\.meta\.env\b/);
    const imported = importsOf(path, text).filter(name => name === 'node:process' || name === 'process');
    const hint = 'only src/main.ts does; take it through Host or as a parameter';
    return [
      ...uses.map(where => `${where} uses process; ${hint}`),
      ...imported.map(() => `${path} imports process; ${hint}`),
    ];
  });

const ANY = /(?<=(?:[:<|&,([]|\bas|\bextends|=>|=)\s*)any\b(?!\s*[:(=.])/;
const WAIVERS =
  /@ts-(ignore|expect-error|nocheck)|biome-ignore|eslint-disable|prettier-ignore|(v8|c8|istanbul) ignore|\b(TODO|FIXME|XXX)\b/;

export const nothingIsWaived: Rule = sources =>
  each(sources, (path, text) => [
    ...findIn(path, codeOf(text), ANY).map(where => `${where} says any; use unknown and look, or name the type`),
    ...findIn(path, text, WAIVERS).map(
      where => `${where} waives a check or puts work off; do it, or change the check for all`,
    ),
  ]);

const LONGEST_FILE = 400;

export const filesAreShort: Rule = sources =>
  each(sources, (path, text) => {
    const lines = text.split('\n').length - 1;
    return lines < LONGEST_FILE ? [] : [`${path} has ${lines} lines; below ${LONGEST_FILE} please: part it by purpose`];
  });

function each(sources: Sources, check: (path: string, text: string) => string[]): string[] {
  return [...sources].flatMap(([path, text]) => check(path, text));
}

function inFolder(sources: Sources, folder: string): Sources {
  return new Map([...sources].filter(([path]) => path.startsWith(`${folder}/`)));
}
