import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { documents, fillBlocks, ROOT } from '../../scripts/documents.ts';
import { firstSentence } from '../../scripts/file-map.ts';
import { ERROR_CODES } from '../../src/core/error-codes.ts';
import {
  DEAD_LETTER_REASONS,
  DELIVERED_REASONS,
  DUPLICATE_REASONS,
  OUTCOMES,
  SKIP_REASONS,
} from '../../src/core/outcome.ts';

const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');

test.each([...documents()])('%s is what npm run generate would write now', (path, text) => {
  expect(read(path)).toBe(text);
});

// Independent of the generator: what a reader looks for is there.
describe('the README', () => {
  const readme = read('README.md');
  const rows = new Set([...readme.matchAll(/^\|(.*)\|$/gm)].flatMap(([, row]) => (row ?? '').match(/`[^`]+`/g) ?? []));

  test('has every error code, outcome and reason in a table', () => {
    const names = [
      ...Object.keys(ERROR_CODES),
      ...OUTCOMES,
      ...DELIVERED_REASONS,
      ...DUPLICATE_REASONS,
      ...SKIP_REASONS,
      ...DEAD_LETTER_REASONS,
    ];
    expect(names.filter(name => !rows.has(`\`${name}\``))).toEqual([]);
  });
});

test('the file map has every file of src', () => {
  const map = read('docs/file-map.md');
  const sources = readdirSync(new URL('src', ROOT), { recursive: true, encoding: 'utf8' });
  const files = sources.filter(name => name.endsWith('.ts')).map(name => `(../src/${name.replaceAll('\\', '/')})`);
  expect(files.filter(link => !map.includes(link))).toEqual([]);
  expect(files.length).toBeGreaterThan(100);
});

describe('every page', () => {
  const pages = [
    'README.md',
    'CHANGELOG.md',
    'CONTRIBUTING.md',
    'helm/README.md',
    'helm/CHANGELOG.md',
    ...readdirSync(new URL('docs', ROOT)).flatMap(inDocs),
  ];

  test.each(pages)('%s links only to files that exist', path => {
    const base = new URL(path, ROOT);
    const links = [...read(path).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)/g)];
    const broken = links.map(([, target = '']) => target).filter(target => !existsSync(new URL(target, base)));
    expect(broken).toEqual([]);
  });
});

test('a block that nobody writes, or that has no end, is an error', () => {
  const blocks = { known: () => 'new' };
  const block = (name: string) => `<!-- generated:${name} -->\nold\n<!-- /generated:${name} -->`;
  expect(fillBlocks(`a\n${block('known')}\nb`, blocks)).toBe(`a\n${block('known').replace('old', 'new')}\nb`);
  expect(() => fillBlocks(block('unknown'), blocks)).toThrow('nothing writes the block unknown');
  expect(() => fillBlocks('<!-- generated:known -->\nold', blocks)).toThrow('the block known has no end');
});

test('the file map takes the first sentence of the opening comment', () => {
  expect(firstSentence('/** Reads kafkajs 2.2.4: all\n * of it. And more. */')).toBe('Reads kafkajs 2.2.4: all of it.');
  expect(firstSentence('/**\n * Fails in two ways:\n *\n * - one\n */')).toBe('Fails in two ways.');
  expect(firstSentence("import x from 'y';\n/** Not the opening. */")).toBe(null);
});

function inDocs(name: string): string[] {
  return name.endsWith('.md') ? [`docs/${name}`] : [];
}
