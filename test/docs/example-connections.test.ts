import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CONNECTIONS } from '../../sandbox/demo-scenario.ts';
import { pixelOf, tokenVariable } from '../../sandbox/world.ts';
import { readSchemas } from '../../src/adapters/schema-files.ts';
import { readConfigFile } from '../../src/control/apply-file.ts';
import { planApply } from '../../src/control/apply-plan.ts';
import { fieldNames } from '../../src/core/entry-fields.ts';

const PATH = 'config/example-connections.yaml';
const schemas = readSchemas();
const example = readFileSync(new URL(`../../${PATH}`, import.meta.url), 'utf8');
const { entries, problems } = readConfigFile(example, schemas);

/** The comments of a line, or of the lines right above it. */
function commentsAt(line: number): string {
  const lines = example.split('\n');
  let first = line - 1;
  while (lines[first - 1]?.trimStart().startsWith('#')) first -= 1;
  return lines
    .slice(first, line)
    .map(text => text.slice(text.indexOf('#') + 1 || text.length))
    .join(' ')
    .trim();
}

describe(PATH, () => {
  test('is a file that apply takes', () => {
    expect(problems).toEqual([]);
    expect(planApply(entries, { entries: new Map(), unreadable: new Map() }).problems).toEqual([]);
    expect(entries.length).toBeGreaterThan(0);
  });

  test('has the connections of the demo, with the pixels and tokens that its simulator knows', () => {
    const connections = entries.filter(({ kind }) => kind === 'connection');
    expect(connections.map(({ id }) => id)).toEqual([...CONNECTIONS]);
    for (const { id, fields } of connections) {
      expect(fields).toMatchObject({ pixel_id: pixelOf(id), access_token: `env:${tokenVariable(id)}` });
    }
  });

  test.each(['connection', 'mapping'] as const)('sets every field of a %s and says what it is for', kind => {
    const ofKind = entries.filter(entry => entry.kind === kind);
    for (const field of fieldNames(schemas[kind])) {
      const using = ofKind.filter(({ fields }) => fields[field] !== null);
      expect(using, `${field} is used`).not.toEqual([]);
      const commented = using.some(entry => commentsAt(entry.placeOf(field).line) !== '');
      expect(commented, `${field} is commented`).toBe(true);
    }
  });

  test.each(['connection', 'mapping'] as const)('names every symbol a field of a %s takes', kind => {
    const text = JSON.stringify(schemas[kind]);
    const symbols = [...text.matchAll(/"symbols":\[([^\]]*)\]/g)].flatMap(([, list = '']) => list.match(/\w+/g) ?? []);
    expect(symbols.length).toBeGreaterThan(0);
    for (const symbol of symbols) if (symbol !== 'UNSPECIFIED') expect(example).toContain(symbol);
  });
});

test('the file that the README shows is one that apply takes', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const shown = /<<'END'\n([\s\S]*?)\nEND\n/.exec(readme)?.[1] ?? '';
  const read = readConfigFile(shown, schemas);
  expect(read.problems).toEqual([]);
  expect(read.entries.map(({ id }) => id)).toEqual(['acme-main', 'acme-lead']);
});
