import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { groupsOf, promtool, RULE_FILES } from './rule-files.ts';
import { shortened } from './shortened-rules.ts';

/** An expression and what becomes of it at a sixtieth. */
const EXPRESSIONS = [
  ['rate(a[5m])', 'rate(a[5000ms])'],
  [
    'max_over_time(x:a:increase1h[7d:1h] offset 1h) > 3',
    'max_over_time(x:a:increase1h[10080000ms:60000ms] offset 60000ms) > 3',
  ],
  [
    'x:a:ratio_rate5m > 14.4 and b{le=~"300(\\\\.0)?"} > 900',
    'x:a:ratio_rate5m > 14.4 and b{le=~"300(\\\\.0)?"} > 900',
  ],
  ['changes(a{state=~"2m|3h"}[1h30m])', 'changes(a{state=~"2m|3h"}[90000ms])'],
] as const;

describe('rules in a hurry', () => {
  test.each(EXPRESSIONS)('%s', (expr, expected) => {
    const [group] = shortened([{ name: 'g', interval: '2m', rules: [{ alert: 'A', expr, for: '10m' }] }], 60);
    expect(group).toEqual({ name: 'g', interval: '2000ms', rules: [{ alert: 'A', expr: expected, for: '10000ms' }] });
  });

  test.each(RULE_FILES)('are rules still, and no others: %s', name => {
    const groups = groupsOf(name);
    const short = shortened(groups, 20);
    const folder = mkdtempSync(join(tmpdir(), 'tiktok-sync-rules-'));
    writeFileSync(join(folder, name), JSON.stringify({ groups: short }));
    const { ok, printed } = promtool('check', 'rules', join(folder, name));
    rmSync(folder, { recursive: true });
    expect(ok, printed).toBe(true);

    expect(JSON.stringify(short)).not.toMatch(/"(for|interval)":"\d+[smhd]"|[[:]\d+[smhd][\]:]|offset \d+[smhd]\b/);
    expect(shortened(groups, 1).map(({ rules }) => rules.length)).toEqual(groups.map(({ rules }) => rules.length));
  });
});
