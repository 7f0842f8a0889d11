import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ROOT } from '../../scripts/documents.ts';

const inFolder = (folder: string) =>
  readdirSync(new URL(folder, ROOT)).flatMap(name => (name.endsWith('.md') ? [`${folder}${name}`] : []));
const PAGES = [...inFolder('./'), ...inFolder('docs/'), ...inFolder('helm/'), 'examples/producers/README.md'];

const RULE = /^\|(?: *:?-+:? *\|)+$/;

/** Rows that no code host shows as a table: the first of a block of rows, where no rule follows it. */
function strayRows(markdown: string): string[] {
  const lines = markdown.replaceAll(/^```[\s\S]*?^```/gm, '').split('\n');
  return lines.filter((line, at) => {
    const isFirst = line.startsWith('|') && !(lines[at - 1] ?? '').startsWith('|');
    return isFirst && !RULE.test(lines[at + 1] ?? '');
  });
}

test.each(PAGES)('every row of %s stands in a table', page => {
  expect(strayRows(readFileSync(new URL(page, ROOT), 'utf8'))).toEqual([]);
});

test('a row behind a blank line is found', () => {
  expect(strayRows('| a | b |\n|---|---|\n| c | d |\n\n| e | f |\n')).toEqual(['| e | f |']);
});
