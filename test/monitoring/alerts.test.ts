import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from '../../scripts/documents.ts';
import { DEAD_LETTER_TEXTS } from '../../scripts/reason-texts.ts';
import { problemsOf } from './catalogue-check.ts';
import { healthyDay } from './healthy-day.ts';
import { allAlerts, groupsOf, promtool, RULE_FILES, ruleFile } from './rule-files.ts';

const TESTS = new URL('rules/', import.meta.url);
const TEST_FILES = readdirSync(TESTS).filter(name => name.endsWith('.test.yaml'));
const ALERTS = allAlerts();
const NAMES = [...new Set(ALERTS.map(({ alert }) => alert))];
const PREFIX = 'TikTokSync';

interface Unit {
  readonly alert_rule_test?: readonly { readonly alertname: string; readonly exp_alerts?: readonly unknown[] }[];
  readonly promql_expr_test?: readonly { readonly exp_samples?: readonly { readonly labels: string }[] }[];
}

const UNITS = TEST_FILES.flatMap(name => {
  return (parse(readFileSync(new URL(name, TESTS), 'utf8')) as { readonly tests: readonly Unit[] }).tests;
});

/** Names of alerts that a case expects to fire, and of those it expects to be silent. */
function covered(): { readonly firing: ReadonlySet<string>; readonly silent: ReadonlySet<string> } {
  const rules = UNITS.flatMap(({ alert_rule_test = [] }) => alert_rule_test);
  const [silent, firing] = [true, false].map(isSilent =>
    rules.filter(({ exp_alerts = [] }) => (exp_alerts.length === 0) === isSilent).map(({ alertname }) => alertname),
  );
  const samples = UNITS.flatMap(({ promql_expr_test = [] }) =>
    promql_expr_test.flatMap(test => test.exp_samples ?? []),
  );
  const asSeries = samples.flatMap(({ labels }) => /^ALERTS\{alertname="(\w+)"/.exec(labels)?.[1] ?? []);
  return { firing: new Set([...(firing ?? []), ...asSeries]), silent: new Set(silent) };
}

describe('the rules', () => {
  test('are what promtool calls clean', () => {
    expect(promtool('check', 'rules', '--lint=all', '--lint-fatal', ...RULE_FILES.map(ruleFile))).toMatchObject({
      ok: true,
    });
  });

  test.each(TEST_FILES)('do what %s expects', name => {
    const { ok, printed } = promtool('test', 'rules', fileURLToPath(new URL(name, TESTS)));
    expect(ok, printed).toBe(true);
  });

  test('have a firing and a silent case for each alert, and none for any other', () => {
    const { firing, silent } = covered();
    expect([...firing].sort()).toEqual([...NAMES].sort());
    expect([...silent].sort()).toEqual([...NAMES].sort());
  });

  test('let a healthy day pass in silence: sawtooth of lag, rolling restart, quiet night, redrive', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tiktok-sync-rules-'));
    const file = join(folder, 'healthy-day.test.json');
    writeFileSync(file, healthyDay());
    const { ok, printed } = promtool('test', 'rules', file);
    rmSync(folder, { recursive: true });
    expect(ok, printed).toBe(true);
  });

  test('count against completeness what docs/operations.md gives to the operator, and nothing else', () => {
    const ours = Object.entries(DEAD_LETTER_TEXTS).flatMap(([reason, { who }]) => (who === 'operator' ? [reason] : []));
    const budget = readFileSync(ruleFile('budget.yaml'), 'utf8');
    const counted = new Set([...budget.matchAll(/reason=~"([^"]+)"/g)].map(([, reasons]) => reasons));
    expect([...counted].map(reasons => reasons?.split('|').sort())).toEqual([ours.sort()]);
  });
});

describe('the runbooks', () => {
  const page = readFileSync(new URL('docs/runbooks.md', ROOT), 'utf8');

  test('have a heading for each alert, and for nothing else that looks like one', () => {
    const headings = [...page.matchAll(/^#+ (TikTokSync\w*)$/gm)].map(([, name]) => name);
    expect(headings.sort()).toEqual([...NAMES].sort());
  });

  const queries = [...page.matchAll(/^```promql\n(.*?)^```/gms)].flatMap(([, block = '']) => block.trim().split('\n'));
  const recorded = new Set(
    RULE_FILES.flatMap(groupsOf).flatMap(({ rules }) => rules.flatMap(rule => rule.record ?? [])),
  );

  test.each([...new Set(queries)])('ask Prometheus for what there is: %s', query => {
    expect(problemsOf(query, recorded)).toEqual([]);
  });

  test.each(NAMES)('say of %s what it means, what it costs, where to look, why, what to do and whom to call', name => {
    const section = page.split(`\n## ${name}\n`)[1]?.split('\n## ')[0] ?? '';
    const parts = [...section.matchAll(/^\*\*([A-Z][\w ]+)\.\*\*/gm)].map(([, part]) => part);
    expect(parts).toEqual(['Meaning', 'Impact', 'First look', 'Likely causes', 'Fix', 'Escalate']);
  });
});

describe.each(ALERTS.map(alert => [alert.alert, alert] as const))('%s', (name, { labels, annotations }) => {
  test('has the prefix, and a severity that says whether it pages', () => {
    expect(name.startsWith(PREFIX)).toBe(true);
    expect(['critical', 'warning']).toContain(labels['severity']);
  });

  test('says in a sentence and in detail what is wrong, and leads to dashboard and runbook', () => {
    expect(Object.keys(annotations).sort()).toEqual(['dashboard_url', 'description', 'runbook_url', 'summary']);
    expect(annotations['summary']).toMatch(/^.{20,160}\.$/s);
    expect(annotations['description']).toMatch(/^.{60,}\.$/s);
    expect(annotations['runbook_url']).toBe(`docs/runbooks.md#${name.toLowerCase()}`);
  });

  test('leads to a dashboard that exists', () => {
    const uid = /^\/d\/([\w-]+)\?/.exec(annotations['dashboard_url'] ?? '')?.[1];
    const dashboard = new URL(`helm/files/dashboards/${uid}.json`, ROOT);
    expect(existsSync(dashboard), dashboard.pathname).toBe(true);
    expect(JSON.parse(readFileSync(dashboard, 'utf8'))).toMatchObject({ uid });
  });
});
