import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { boards, dashboardFiles } from '../../scripts/dashboards/dashboards.ts';
import { COMPLETENESS_OBJECTIVE, FRESHNESS_OBJECTIVE, IN_TIME, OURS } from '../../scripts/dashboards/service-level.ts';
import { ROOT } from '../../scripts/documents.ts';
import { ALL_OPTIONS } from '../../src/config-options.ts';
import {
  asksForWhatIsChosen,
  asksForWhatIsExported,
  type BoardRule,
  fillsTheGrid,
  firstRowJudges,
  idsAreUnique,
  isPromql,
  isProvisioned,
  legendsAreFilledIn,
  offersJobAndInstance,
  ratesCountersAlone,
  ratesOverFittingRanges,
  reloadsOnTimeChange,
  saysWhatItShows,
  usesTheChosenDatasource,
} from './dashboard-rules.ts';
import {
  type Board,
  CONNECTION,
  OVERVIEW,
  type Panel,
  panelsOf,
  readBoard,
  type Target,
  type Variable,
} from './grafana.ts';
import { allAlerts } from './rule-files.ts';

const PATHS = [OVERVIEW, CONNECTION];
const SCOPE = 'cluster=~"$cluster",namespace=~"$namespace",job=~"$job",instance=~"$instance"';

/** The overview with something else in place of a part of it. */
function withBoard(change: Partial<Board> & Readonly<Record<string, unknown>>): Board {
  return { ...readBoard(OVERVIEW), ...change };
}

/** With its first panel changed, which asks for one number. */
function withPanel(change: Partial<Panel>): Board {
  const board = readBoard(OVERVIEW);
  const [row, first, ...rest] = board.panels;
  return { ...board, panels: [row as Panel, { ...(first as Panel), ...change }, ...rest] };
}

/** With another query in its first panel. */
function asking(expr: string, change: Partial<Target> = {}): Board {
  const [target] = readBoard(OVERVIEW).panels[1]?.targets ?? [];
  return withPanel({ targets: [{ ...(target as Target), expr, ...change }] });
}

function withVariable(name: string, change: Partial<Variable>): Board {
  const board = readBoard(OVERVIEW);
  const list = board.templating.list.map(variable => (variable.name === name ? { ...variable, ...change } : variable));
  return { ...board, templating: { list } };
}

/** A rule holds for both boards, and finds what it is there for in each of the examples. */
function holds(name: string, rule: BoardRule, broken: Readonly<Record<string, Board>>): void {
  describe(name, () => {
    test.each(PATHS)('in %s', path => expect(rule(readBoard(path))).toEqual([]));
    test.each(Object.entries(broken))('and not with %s', (_, board) => expect(rule(board)).toHaveLength(1));
  });
}

const OTHER_SOURCE = { type: 'prometheus', uid: 'the-one-of-my-laptop' };

holds('the chosen data source is asked', usesTheChosenDatasource, {
  'a panel that asks another': withPanel({ datasource: OTHER_SOURCE }),
  'a target that asks another': asking('up', { datasource: OTHER_SOURCE }),
  'a variable that asks another': withVariable('job', { datasource: OTHER_SOURCE }),
  'no data source to choose': withVariable('datasource', { name: 'source' }),
});

holds('job and instance can be chosen', offersJobAndInstance, {
  'a job that cannot be several': withVariable('job', { multi: false }),
  'all instances that may be none': withVariable('instance', { allValue: '.*' }),
  'no instance': withVariable('instance', { name: 'pod' }),
});

holds('every series is narrowed by what is chosen', asksForWhatIsChosen, {
  'a series of all jobs': asking(`max(tiktok_sync_redis_up{${SCOPE.replace('job=~"$job",', '')}})`),
  'one of many series that is of all instances': asking(
    `tiktok_sync_redis_up{${SCOPE}} / tiktok_sync_vendor_outage{${SCOPE.replace(',instance=~"$instance"', '')}}`,
  ),
  'a topic that is not asked for': asking(`sum(tiktok_sync_consumer_lag_records{${SCOPE}})`),
  'a connection that is asked for by itself': asking(
    `sum(tiktok_sync_connection_state{${SCOPE},connection="$connection"})`,
  ),
});

holds('variables reload when the time changes', reloadsOnTimeChange, {
  'one that only loads once': withVariable('topic', { refresh: 1 }),
});

holds('everything that is asked is PromQL', isPromql, {
  'a bracket too few': asking(`sum(tiktok_sync_redis_up{${SCOPE}}`),
  'a variable that asks nonsense': withVariable('job', { query: 'label_values(tiktok_sync_build_info{, job)' }),
  'a number alone': asking('vector(1)'),
});

holds('everything that is asked for is exported', asksForWhatIsExported, {
  'a metric that nobody exports': asking(`tiktok_sync_redis_down{${SCOPE}}`),
  'an outcome that does not exist': asking(`rate(tiktok_sync_events_total{${SCOPE},outcome="lost"}[$__rate_interval])`),
  'a variable of a metric that nobody exports': withVariable('job', { query: 'label_values(tiktok_sync_info, job)' }),
});

holds('rates look at a range that fits', ratesOverFittingRanges, {
  'five minutes': asking(`sum(rate(tiktok_sync_events_total{${SCOPE}}[5m]))`),
  'a rate of the whole time': asking(`sum(rate(tiktok_sync_events_total{${SCOPE}}[$__range]))`),
});

holds('counters are rated, and nothing else is', ratesCountersAlone, {
  'a bare counter': asking(`sum(tiktok_sync_events_total{${SCOPE}})`),
  'a bare bucket': asking(`sum by (le) (tiktok_sync_batch_events_bucket{${SCOPE}})`),
  'a counter’s maximum': asking(`max_over_time(tiktok_sync_events_total{${SCOPE}}[$__rate_interval])`),
  'the rate of a gauge': asking(`rate(tiktok_sync_windows_open{${SCOPE}}[$__rate_interval])`),
});

holds('every panel says what it shows', saysWhatItShows, {
  'no title': withPanel({ title: ' ' }),
  'hardly a description': withPanel({ description: 'Deliveries' }),
  'no target': withPanel({ targets: [] }),
  'no unit': withPanel({ fieldConfig: { defaults: { thresholds: { steps: [1, 2] } }, overrides: [] } }),
});

holds('legends are filled in', legendsAreFilledIn, {
  'a label that is summed away': asking('sum by (job) (up)', { legendFormat: '{{instance}}' }),
  'no legend': asking('up', { legendFormat: '' }),
});

holds('it is a file for every Grafana', isProvisioned, {
  'a board that can be edited': withBoard({ editable: true }),
  'an id': withBoard({ id: 7 }),
  'a version': withBoard({ version: 3 }),
  'inputs that nobody fills in': withBoard({ __inputs: [] }),
});

holds('the first row judges', firstRowJudges, {
  'a panel without thresholds': withPanel({ fieldConfig: { defaults: { unit: 's' }, overrides: [] } }),
});

holds('the grid is full, and nothing lies on anything', fillsTheGrid, {
  'a gap': withPanel({ gridPos: { x: 0, y: 1, w: 5, h: 4 } }),
  'an overlap': withPanel({ gridPos: { x: 0, y: 1, w: 7, h: 4 } }),
  'a panel that sticks out': withBoard({
    panels: [{ ...(readBoard(OVERVIEW).panels[0] as Panel), gridPos: { x: 0, y: 0, w: 25, h: 1 } }],
  }),
});

holds('ids are unique', idsAreUnique, {
  'an id that is given twice': withPanel({ id: 102 }),
  'two queries of one letter': withPanel({
    targets: [
      { refId: 'A', expr: 'up' },
      { refId: 'A', expr: 'up' },
    ],
  }),
});

describe('the dashboards', () => {
  const texts = PATHS.map(path => readFileSync(new URL(path, ROOT), 'utf8'));
  const known = new Map([...boards().values()].map(board => [board.uid, board]));

  it('are those that the generator writes, the same at every run, and no others', () => {
    expect(readdirSync(new URL('helm/files/dashboards', ROOT)).map(name => `helm/files/dashboards/${name}`)).toEqual(
      [...PATHS].sort(),
    );
    expect([...dashboardFiles()]).toEqual(PATHS.map((path, index) => [path, texts[index]]));
    expect([...dashboardFiles()]).toEqual([...dashboardFiles()]);
  });

  it('are where each alert leads, to a panel of its own that exists', () => {
    const leads = allAlerts().map(({ alert, annotations }) => {
      const [, uid = '', id] =
        /^\/d\/([\w-]+)\?.*&viewPanel=panel-(\d+)$/.exec(annotations['dashboard_url'] ?? '') ?? [];
      const panel = known.get(uid)?.panels?.find(candidate => candidate.id === Number(id) && candidate.type !== 'row');
      return [alert, panel === undefined ? 'leads to no panel' : 'leads to a panel'];
    });
    expect(leads.length).toBeGreaterThan(20);
    expect(leads.filter(([, where]) => where === 'leads to no panel')).toEqual([]);
  });

  it('are named as their links name them', () => {
    const linked = texts.flatMap(text => [...text.matchAll(/"url": "\/d\/([\w-]+)/g)].map(([, uid]) => uid));
    expect([...new Set(linked)].sort()).toEqual([...known.keys()].sort());
  });

  it('fit into a ConfigMap, also where its last state is kept in an annotation', () => {
    for (const text of texts) expect(JSON.stringify(text).length).toBeLessThan(262_144);
  });

  it('have a row for each of the ten questions, in the order in which they are asked', () => {
    const rows = readBoard(OVERVIEW).panels.filter(({ type }) => type === 'row');
    expect(rows.map(({ title }) => title)).toEqual([
      'Are we meeting the promise?',
      'Flow',
      'Kafka',
      'Windows and memory',
      'TikTok API',
      'Connections',
      'Redis and de-duplication',
      'Config topic and schemas',
      'Dead letters',
      'Process',
    ]);
  });

  it('speak of options that exist', () => {
    const sections = new Set([...ALL_OPTIONS.keys()].map(path => path.split('.', 1)[0]));
    const described = PATHS.flatMap(path => panelsOf(readBoard(path))).map(({ description = '' }) => description);
    const named = described.flatMap(text => [...text.matchAll(/\b([a-z]+)\.[a-z]+[A-Z]\w+/g)]);
    const options = named.filter(([, section = '']) => sections.has(section)).map(([option]) => option);
    expect(options.length).toBeGreaterThan(2);
    expect(options.filter(option => !ALL_OPTIONS.has(option))).toEqual([]);
  });

  it('burn the same budgets as the alerts', () => {
    const rules = readFileSync(new URL('helm/files/rules/budget.yaml', ROOT), 'utf8');
    expect(rules).toContain(`{${IN_TIME}}`);
    expect(rules).toContain(`) / ${(1 - FRESHNESS_OBJECTIVE).toFixed(2)}\n`);
    expect(rules).toContain(`) / ${(1 - COMPLETENESS_OBJECTIVE).toFixed(3)}\n`);
    expect(rules).toContain(`reason=~"${OURS.join('|')}"`);
  });
});
