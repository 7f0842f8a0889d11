import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  clientsStayHome,
  coreIsPure,
  coreIsTested,
  coreStatesItsGuarantee,
  filesAreShort,
  importsPointDown,
  namesSayWhat,
  noCycles,
  nothingIsWaived,
  onlyMainTouchesTheProcess,
  type Rule,
  storeyOf,
} from './rules.ts';
import { codeOf, importsOf, type Sources } from './source-text.ts';

const root = join(import.meta.dirname, '../..');

function read(pattern: string): Sources {
  const paths = globSync(pattern, { cwd: root }).map(path => path.replaceAll('\\', '/'));
  return new Map(paths.sort().map(path => [path, readFileSync(join(root, path), 'utf8')]));
}

const src = read('src/**/*.ts');
const tests = new Set(read('test/**/*.test.ts').keys());

/** What a rule says of made-up files. */
function judge(rule: Rule, files: Record<string, string>): string[] {
  return rule(new Map(Object.entries(files)));
}

/** Each rule holds for the whole of `src`, and finds what it is there for in each of the examples. */
function holds(name: string, rule: Rule, bad: Record<string, Record<string, string>>): void {
  describe(name, () => {
    it('holds', () => expect(rule(src)).toEqual([]));
    it.each(Object.entries(bad))('is broken by %s', (_, files) => {
      const found = judge(rule, files);
      expect(found).toHaveLength(1);
      // Where it is, and what to do.
      expect(found[0]).toMatch(/^src\/\S+ .*[;:] ?\S.+/);
    });
  });
}

it('looks at real files', () => {
  expect(src.size).toBeGreaterThan(40);
  expect([...src.keys()]).toContain('src/core/deduplicate.ts');
  expect(tests).toContain('test/core/deduplicate.test.ts');
});

holds('imports point one way', importsPointDown, {
  'a core file that knows a port': { 'src/core/window.ts': "import type { Clock } from '../ports.ts';" },
  'a core file that knows an adapter': { 'src/core/a.ts': "import { x } from '../adapters/clock.ts';" },
  'a stage that knows an adapter': { 'src/pipeline.ts': "import { x } from './adapters/redis-claims.ts';" },
  'a stage that knows the configuration': { 'src/delivery.ts': "import type { Config } from './config.ts';" },
  'an adapter that knows a stage': { 'src/adapters/a.ts': "import type { Pipeline } from '../pipeline.ts';" },
  'an adapter that knows control': { 'src/adapters/a.ts': "export { x } from '../control/check.ts';" },
  'control that knows an adapter': { 'src/control/a.ts': "import '../adapters/clock.ts';" },
  'ports that know the service': { 'src/ports.ts': "import {\n  type Service,\n} from './service.ts';" },
  'a dynamic import': { 'src/core/a.ts': "const x = await import('../service.ts');" },
});

holds('there are no cycles', noCycles, {
  'two files': {
    'src/core/a.ts': "import { b } from './b.ts';",
    'src/core/b.ts': "import { a } from './a.ts';",
  },
  'types alone, over three files': {
    'src/a.ts': "import type { B } from './b.ts';",
    'src/b.ts': "import type { C } from './c.ts';",
    'src/c.ts': "export type { A } from './a.ts';",
  },
  'a file that imports itself': { 'src/a.ts': "import { a } from './a.ts';" },
});

holds('core is pure', coreIsPure, {
  'a promise': { 'src/core/a.ts': 'export function a(): Promise<void> {}' },
  'an async function': { 'src/core/a.ts': 'export async function a() {}' },
  'the time of day': { 'src/core/a.ts': 'const now = Date.now();' },
  'a date of now': { 'src/core/a.ts': 'const now = new Date();' },
  'the time of day within a text': { 'src/core/a.ts': `const now = \`at \${Date.now()}\`;` },
  'a timer': { 'src/core/a.ts': 'setTimeout(() => {}, 1);' },
  'a microtask': { 'src/core/a.ts': 'queueMicrotask(a);' },
  'a dice': { 'src/core/a.ts': 'const x = Math.random();' },
  'a random id': { 'src/core/a.ts': 'const x = randomUUID();' },
  'the environment': { 'src/core/a.ts': 'const x = process.env.X;' },
  'a file': { 'src/core/a.ts': "import { readFileSync } from 'node:fs';" },
  'a socket': { 'src/core/a.ts': "import http from 'node:http';" },
  'a client': { 'src/core/a.ts': "import type { Redis } from 'ioredis';" },
});

holds('clients stay in their adapters', clientsStayHome, {
  'kafkajs in a stage': { 'src/pipeline.ts': "import { Kafka } from 'kafkajs';" },
  'the insides of kafkajs elsewhere': { 'src/adapters/clock.ts': "import x from 'kafkajs/src/consumer';" },
  'types of ioredis': { 'src/adapters/claim-scripts.ts': "import type { Redis } from 'ioredis';" },
  'pino anywhere': { 'src/service.ts': "import { pino } from 'pino';" },
  'undici in control': { 'src/control/check.ts': "import { request } from 'undici';" },
  'a package without a home': { 'src/adapters/a.ts': "import x from '@scope/surprise/part';" },
});

holds('names say what is inside', namesSayWhat, {
  'a drawer': { 'src/core/utils.ts': '' },
  'a barrel': { 'src/core/index.ts': '' },
  'types far from what they describe': { 'src/types.ts': '' },
  'a folder of helpers': { 'src/helpers/retry.ts': '' },
});

holds('core files state their guarantee', coreStatesItsGuarantee, {
  'no opening comment': { 'src/core/a.ts': 'export const a = 1;' },
  'a comment that promises nothing': { 'src/core/a.ts': '/** Adds up. */\nexport const a = 1;' },
  'a comment further down': { 'src/core/a.ts': "import x from './b.ts';\n/** Guarantee: none. */" },
  'an essay': { 'src/core/a.ts': `/**\n${' * Guarantee: a line.\n'.repeat(9)} */` },
});

holds('core files are tested', coreIsTested(tests), {
  'a function without a test': { 'src/core/untested.ts': 'export function a(): number { return 1; }' },
  'a class without a test': { 'src/core/untested.ts': 'export class A {}' },
});

holds('only main touches the process', onlyMainTouchesTheProcess, {
  'a variable read elsewhere': { 'src/config.ts': 'const home = process.env.HOME;' },
  'an exit elsewhere': { 'src/service.ts': 'process.exit(1);' },
  'the module imported': { 'src/cli.ts': "import process from 'node:process';" },
});

holds('nothing is waived', nothingIsWaived, {
  'an any': { 'src/a.ts': 'function a(x: any): void {}' },
  'an any within a type': { 'src/a.ts': 'const a = new Map<string, any>();' },
  'a cast to any': { 'src/a.ts': 'const a = b as any;' },
  'a silenced compiler': { 'src/a.ts': '// @ts-expect-error it is fine' },
  'a silenced linter': { 'src/a.ts': '// biome-ignore lint: it is fine' },
  'work put off': { 'src/a.ts': '// TODO: later' },
});

holds('files are short', filesAreShort, { 'a long one': { 'src/a.ts': 'const a = 1;\n'.repeat(400) } });

describe('the rules leave alone', () => {
  it('what merely speaks of it', () => {
    const text = [
      '/** Guarantee: never calls Date.now() or process.exit; any word may stand here. */',
      "const message = 'await the process'; // Promise.all, setTimeout",
      'const pattern = /[\'"]Date.now/g;',
      `const template = \`any \${message} as any\`;`,
      'const date = new Date(0);',
    ].join('\n');
    for (const rule of [coreIsPure, nothingIsWaived, onlyMainTouchesTheProcess, coreStatesItsGuarantee]) {
      expect(judge(rule, { 'src/core/a.ts': text })).toEqual([]);
    }
  });

  it('core files with nothing to run', () => {
    const types = "export interface A { run(): void }\nexport const LIST = ['a'] as const;";
    expect(judge(coreIsTested(new Set()), { 'src/core/a.ts': types })).toEqual([]);
  });

  it('a diamond, which is no cycle', () => {
    const found = judge(noCycles, {
      'src/a.ts': "import './b.ts';\nimport './c.ts';",
      'src/b.ts': "import './d.ts';",
      'src/c.ts': "import './d.ts';",
      'src/d.ts': '',
    });
    expect(found).toEqual([]);
  });
});

describe('reading sources', () => {
  it('finds every kind of import', () => {
    const text = `import a from 'kafkajs';
import type { B } from './b.ts';
import {
  c,
  type D,
} from '../c.ts';
export * from "./e.ts";
import './f.ts';
// import g from './g.ts';
const h = await import('./h.ts');
`;
    const own = ['src/core/b.ts', 'src/c.ts', 'src/core/e.ts', 'src/core/f.ts', 'src/core/h.ts'];
    expect(importsOf('src/core/a.ts', text)).toEqual(['kafkajs', ...own]);
  });

  it('keeps lines and code, and blanks the rest', () => {
    const code = codeOf(`a('x'); // b\n/* c\n */ d(\`e \${f(1)} g\`);`);
    expect(code.replace(/ +/g, ' ')).toBe('a( ); \n \n d( f(1) );');
  });

  it('knows the storeys', () => {
    expect(
      [
        'src/main.ts',
        'src/config-yaml.ts',
        'src/config-following.ts',
        'src/core/window.ts',
        'src/pause.ts',
        'src/ports-telemetry.ts',
      ].map(storeyOf),
    ).toEqual(['main', 'config', 'story', 'core', 'ports', 'ports']);
  });
});
