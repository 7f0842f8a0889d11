import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { requirePromtool } from '../../sandbox/prerequisites.ts';
import { METRICS } from '../../src/adapters/metric-catalogue.ts';
import { CHART, only, render } from './helm.ts';

interface Rule {
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Group {
  readonly name: string;
  readonly rules: readonly Rule[];
}

const RAW = `${CHART}/files/rules`;
const groupsOf = (file: string) => (parse(readFileSync(`${RAW}/${file}`, 'utf8')) as { groups: Group[] }).groups;
const files = readdirSync(RAW).filter(name => name.endsWith('.yaml'));
const always = files.filter(name => name !== 'optional.yaml').flatMap(groupsOf);
const optional = groupsOf('optional.yaml').flatMap(({ rules }) => rules);

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tiktok-sync-rules-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function rendered(prometheusRule: object = {}, more: object = {}): readonly Group[] {
  const values = { ...more, metrics: { prometheusRule: { enabled: true, ...prometheusRule } } };
  return (only(render({ inline: values }), 'PrometheusRule') as unknown as { spec: { groups: Group[] } }).spec.groups;
}

const rulesOf = (groups: readonly Group[]) => groups.flatMap(({ rules }) => rules);
const alertsOf = (groups: readonly Group[]) => rulesOf(groups).flatMap(({ alert }) => alert ?? []);

/** promtool takes groups, not the object around them. */
function promtool(check: readonly string[], document: unknown): string {
  const command = requirePromtool(() => {});
  const file = join(folder, 'document.yaml');
  writeFileSync(file, stringify(document));
  const { status, stdout, stderr } = spawnSync(command, [...check, file], { encoding: 'utf8', cwd: folder });
  return status === 0 ? '' : stdout + stderr;
}

describe('the PrometheusRule', () => {
  test('is what the raw files say, but for the links and the optional alerts', () => {
    const bare = (groups: readonly Group[]) =>
      groups.map(({ name, rules }) => ({ name, rules: rules.map(({ annotations: _, ...rule }) => rule) }));
    expect(bare(rendered())).toEqual(bare(always));
    const texts = (rules: readonly Rule[]) => rules.map(({ annotations }) => annotations?.['description']);
    expect(texts(rulesOf(rendered()))).toEqual(texts(rulesOf(always)));
  });

  test('passes promtool with all of its values in use', () => {
    const groups = rendered({
      ruleLabels: { team: 'ads' },
      grafanaBaseUrl: 'https://grafana.example',
      optIn: optional.map(({ alert }) => alert),
      overrides: { TikTokSyncAppDown: { for: '20m', labels: { severity: 'warning' } } },
    });
    expect(alertsOf(groups)).toEqual(expect.arrayContaining(optional.map(({ alert }) => alert)));
    expect(promtool(['check', 'rules', '--lint=all', '--lint-fatal'], { groups })).toBe('');
  });

  test('has whole links, and none to a Grafana nobody named', () => {
    const [page, grafana] = ['https://wiki.example/tiktok', 'https://grafana.example/'];
    for (const { alert = '', annotations } of rulesOf(rendered({ runbookBaseUrl: page, grafanaBaseUrl: grafana }))) {
      if (annotations === undefined) continue;
      expect(annotations['runbook_url']).toBe(`${page}/docs/runbooks.md#${alert.toLowerCase()}`);
      expect(annotations['dashboard_url']).toMatch(/^https:\/\/grafana\.example\/d\//);
    }
    expect(JSON.stringify(rendered())).not.toContain('dashboard_url');
  });

  test('leaves out what is switched off, and changes what is overridden', () => {
    const expr = 'vector(1)';
    const groups = rendered({
      disabled: ['TikTokSyncRestarting'],
      ruleLabels: { team: 'ads' },
      overrides: {
        TikTokSyncAppDown: { for: '20m', expr, labels: { team: 'core' }, annotations: { summary: 'gone' } },
      },
    });
    expect(alertsOf(groups)).toEqual(alertsOf(always).filter(name => name !== 'TikTokSyncRestarting'));
    const changed = rulesOf(groups).find(({ alert }) => alert === 'TikTokSyncAppDown');
    expect(changed).toMatchObject({ for: '20m', expr, labels: { team: 'core', severity: 'critical' } });
    expect(changed?.annotations).toMatchObject({ summary: 'gone', description: expect.stringContaining('{{') });
    const other = rulesOf(groups).find(({ alert }) => alert === 'TikTokSyncVendorOutage');
    expect(other?.labels).toEqual({ severity: 'critical', team: 'ads' });
  });
});

describe("KEDA's query of lateness", () => {
  const pod = 'namespace="ads",pod="sync-tiktok-conversion-sync-5d8f7c9b6-x2x4z"';
  const stranger = 'namespace="ads",pod="other-5d8f7c9b6-x2x4z"';
  const oldest = (labels: string) => `tiktok_sync_oldest_unsettled_record_timestamp_seconds{${labels},partition="0"}`;
  const backlog = `tiktok_sync_consumer_position_lag_records{${pod},partition="0"}`;
  const outage = `tiktok_sync_vendor_outage{${pod}}`;

  /** The time of the question is 600 s; a record of the time 180 s is 420 s old, 300 s beyond the window. */
  const CASES: readonly (readonly [when: string, series: Readonly<Record<string, string>>, answer: number])[] = [
    [
      'is the lateness beyond the window while a backlog waits',
      { [oldest(pod)]: '180x10', [backlog]: '5000x10', [outage]: '0x10' },
      300,
    ],
    [
      'is nothing while only a connection in trouble holds its events',
      { [oldest(pod)]: '180x10', [backlog]: '10x10', [outage]: '0x10' },
      0,
    ],
    [
      'is nothing while the window alone is what events wait for',
      { [oldest(pod)]: '500x10', [backlog]: '5000x10', [outage]: '0x10' },
      0,
    ],
    ['is nothing while nothing is pending', { [backlog]: '0x10', [outage]: '0x10' }, 0],
    [
      'is the threshold, which keeps the pods, while TikTok is away',
      { [oldest(pod)]: '180x10', [backlog]: '5000x10', [outage]: '1x10' },
      60,
    ],
    ['is nothing where nobody is scraped', {}, 0],
    [
      "knows other services' series from ours",
      { [oldest(stranger)]: '180x10', [backlog]: '5000x10', [outage]: '0x10' },
      0,
    ],
  ];

  test('answers as it should', () => {
    const scaled = only(render({ values: ['keda'] }), 'ScaledObject') as unknown as {
      spec: { triggers: readonly [{ metadata: { query: string } }] };
    };
    const expr = scaled.spec.triggers[0].metadata.query;
    const tests = CASES.map(([name, series, value]) => ({
      name,
      interval: '1m',
      input_series: Object.entries(series).map(([metric, values]) => ({ series: metric, values })),
      promql_expr_test: [{ expr, eval_time: '10m', exp_samples: [{ labels: '{}', value }] }],
    }));
    expect(promtool(['test', 'rules'], { rule_files: [], tests })).toBe('');
    const names = [...expr.matchAll(/tiktok_sync_(\w+)/g)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(2);
    for (const name of names) expect(METRICS).toHaveProperty(name);
  });
});
