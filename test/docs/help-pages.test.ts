import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readSchemas } from '../../src/adapters/schema-files.ts';
import { readConfigFile } from '../../src/control/apply-file.ts';
import { planApply } from '../../src/control/apply-plan.ts';
import { remarkLine } from '../../src/control/change-report.ts';
import { DEAD_LETTER_REASONS, DUPLICATE_REASONS, SKIP_REASONS } from '../../src/core/outcome.ts';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');

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
    expect(warnings).toEqual([/^warning: .*$/m.exec(text)?.[0]]);
  });

  test('explains every state that connections list prints', () => {
    const text = read('docs/connect.md');
    for (const state of ['active', 'undecided', 'unknown', 'token_invalid', 'parked', 'disabled', 'unusable']) {
      expect(text).toMatch(new RegExp(`^\\|.*\`${state}\`.*\\|`, 'm'));
    }
  });
});
