import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { METRIC_PREFIX, METRICS } from '../../src/adapters/metric-catalogue.ts';
import { readSchemas } from '../../src/adapters/schema-files.ts';
import { createProgram } from '../../src/cli.ts';
import { commandNode } from '../../src/cli-completion.ts';
import { readConfigFile } from '../../src/control/apply-file.ts';
import { planApply } from '../../src/control/apply-plan.ts';
import { remarkLine } from '../../src/control/change-report.ts';
import { type CommandNode, namesOf } from '../../src/control/completion-tree.ts';
import { DEAD_LETTER_REASONS, DUPLICATE_REASONS, SKIP_REASONS } from '../../src/core/outcome.ts';
import { fakeHost, NO_COMMANDS } from '../cli/fake-host.ts';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
const PAGES = ['docs/connect.md', 'docs/troubleshooting.md'];
const program: CommandNode = commandNode(createProgram(fakeHost({}).host, NO_COMMANDS, () => {}, []));

/** Every command line of a page: in code spans and in shell blocks, up to a comment, a pipe or a redirection. */
function commandLines(page: string): string[] {
  const text = read(page);
  const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) => block.split('\n'));
  const spans = [...text.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
  return [...blocks, ...spans]
    .filter(line => line.startsWith('tiktok-sync '))
    .map(line => line.split(/\s[#|<>]/)[0]?.trim() ?? '');
}

/** What is wrong with a command line; null where it can be run as it stands. */
function problemOf(line: string): string | null {
  let node = program;
  const rest = line.split(/\s+/).slice(1);
  while (rest.length > 0) {
    const next = node.commands.find(({ name }) => name === rest[0]);
    if (next === undefined) break;
    node = next;
    rest.shift();
  }
  if (node.commands.length > 0) return `${node.name} wants a command`;
  const flags = rest.filter(word => word.startsWith('-') && word !== '-');
  const unknown = flags.find(flag => !node.options.some(option => namesOf(option).includes(flag)));
  return unknown === undefined ? null : `${node.name} has no ${unknown}`;
}

describe.each(PAGES)('%s', page => {
  const text = read(page);

  test('names only commands and flags that exist', () => {
    const lines = commandLines(page);
    expect(lines.length).toBeGreaterThan(9);
    expect(lines.flatMap(line => problemOf(line) ?? []).toSorted()).toEqual([]);
  });

  test('names only metrics that exist', () => {
    const known = new Set(Object.keys(METRICS).map(name => METRIC_PREFIX + name));
    const named = [...text.matchAll(/\btiktok_sync_\w+/g)].map(([name]) => name);
    expect(named.filter(name => !known.has(name))).toEqual([]);
  });

  test('links to pages and headings that exist', () => {
    const broken = [...text.matchAll(/\]\(([^)\s]*)\)/g)].flatMap(([, target = '']) => {
      const [path = '', anchor] = target.split('#');
      const url = path === '' ? new URL(page, ROOT) : new URL(path, new URL(page, ROOT));
      if (!existsSync(url)) return [target];
      return anchor === undefined || anchorsOf(readFileSync(url, 'utf8')).has(anchor) ? [] : [target];
    });
    expect(broken).toEqual([]);
  });
});

/** The anchors that headings get on the usual code hosts. */
function anchorsOf(markdown: string): Set<string> {
  const headings = [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map(heading =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

describe('troubleshooting', () => {
  const text = read('docs/troubleshooting.md');

  test('has a word on every reason that keeps an event from TikTok', () => {
    const reasons = [
      ...DEAD_LETTER_REASONS,
      ...SKIP_REASONS,
      ...DUPLICATE_REASONS.filter(reason => reason !== 'same_record'),
    ];
    expect(reasons.filter(reason => !text.includes(`\`${reason}\``))).toEqual([]);
  });

  test('names only codes that doctor gives', () => {
    const sources = ['src/control', 'src/adapters'].flatMap(folder =>
      readdirSync(new URL(`${folder}/`, ROOT)).map(file => read(`${folder}/${file}`)),
    );
    const system = new Set([
      'ECONNREFUSED',
      'CONVERSION',
      'UPDATE',
      'OMIT',
      'FIXED',
      'DEAD_LETTER',
      'DENIED',
      'QUOTE_VALUE',
      'SALES_VALUE',
    ]);
    const codes = [...text.matchAll(/`([A-Z][A-Z_]{3,})`/g)]
      .map(([, code = '']) => code)
      .filter(code => !system.has(code));
    expect(codes.length).toBeGreaterThan(4);
    expect(codes.filter(code => !sources.some(source => source.includes(`'${code}'`)))).toEqual([]);
  });
});

describe('connect', () => {
  test('shows a file that apply takes, with the warning that it gives', () => {
    const text = read('docs/connect.md');
    const [, yaml = ''] = /^```yaml\n([\s\S]*?)^```/m.exec(text) ?? [];
    const file = readConfigFile(yaml, readSchemas());
    const plan = planApply(file.entries, { entries: new Map(), unreadable: new Map() });
    expect([...file.problems, ...plan.problems]).toEqual([]);
    const warnings = plan.warnings.map(warning => `warning: ${remarkLine('acme.yaml', warning)}`);
    expect(warnings.map(line => line.replace(/:\d+:\d+:/, ':'))).toEqual([
      /^warning: .*$/m.exec(text)?.[0].replace(/:\d+:\d+:/, ':'),
    ]);
  });

  test('explains every state that connections list prints', () => {
    const text = read('docs/connect.md');
    for (const state of ['active', 'undecided', 'unknown', 'token_invalid', 'parked', 'disabled', 'unusable']) {
      expect(text).toMatch(new RegExp(`^\\|.*\`${state}\`.*\\|`, 'm'));
    }
  });
});
