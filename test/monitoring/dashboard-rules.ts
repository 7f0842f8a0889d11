/**
 * What every dashboard has to hold to: the rules of Grafana's own dashboard linter without exclusions, and ours. Each
 * takes a board and says what is wrong, and in which panel.
 */

import { parser } from '@prometheus-io/lezer-promql';
import { METRIC_PREFIX, METRICS, type MetricDefinition } from '../../src/adapters/metric-catalogue.ts';
import { catalogued, problemsOf } from './catalogue-check.ts';
import { type Board, labelValuesOf, type Panel, panelsOf, type Variable } from './grafana.ts';
import { selectorsOf } from './promql.ts';

export type BoardRule = (board: Board) => string[];

const DATASOURCE = '$datasource';
const ON_TIME_CHANGE = 2;
const COLUMNS = 24;

/** Of Grafana's units, those that our panels may have. */
const UNITS = ['none', 'short', 'percentunit', 's', 'bytes', 'Bps', 'cps', 'reqps'];

/** An expression, and where it stands. */
interface Placed {
  readonly where: string;
  readonly expr: string;
}

function targetsOf(board: Board): readonly Placed[] {
  return panelsOf(board).flatMap(({ id, targets = [] }) =>
    targets.map(({ expr, refId }) => ({ where: `panel ${id} ${refId}`, expr })),
  );
}

function everyExpression(board: Board): readonly Placed[] {
  const variables = queries(board).map(({ name, query = '' }) => ({
    where: `variable ${name}`,
    expr: labelValuesOf(query)?.selector ?? query,
  }));
  const marks = board.annotations.list.map(({ name, expr }) => ({ where: `annotation ${name}`, expr }));
  return [...targetsOf(board), ...marks, ...variables];
}

function queries(board: Board): readonly Variable[] {
  return board.templating.list.filter(({ type }) => type === 'query');
}

/** Breaks of a rule by each panel. */
function byPanel(judge: (panel: Panel) => readonly string[]): BoardRule {
  return board => panelsOf(board).flatMap(panel => judge(panel).map(problem => `panel ${panel.id} ${problem}`));
}

export const usesTheChosenDatasource: BoardRule = board => {
  const variable = board.templating.list.find(({ type }) => type === 'datasource');
  const named = variable?.name === 'datasource' && variable.label === 'Data source' && variable.query === 'prometheus';
  const others = [
    ...panelsOf(board).map(({ id, datasource }) => ({ where: `panel ${id}`, datasource })),
    ...panelsOf(board).flatMap(({ id, targets = [] }) =>
      targets.map(({ refId, datasource }) => ({ where: `panel ${id} ${refId}`, datasource })),
    ),
    ...queries(board).map(({ name, datasource }) => ({ where: `variable ${name}`, datasource })),
    ...board.annotations.list.map(({ name, datasource }) => ({ where: `annotation ${name}`, datasource })),
  ].filter(({ datasource }) => datasource?.uid !== DATASOURCE || datasource.type !== 'prometheus');
  return [
    ...(named ? [] : ['there is no variable "datasource", labelled "Data source", of Prometheus']),
    ...others.map(({ where }) => `${where} does not ask ${DATASOURCE}`),
  ];
};

export const offersJobAndInstance: BoardRule = board =>
  [
    ['job', 'Job'],
    ['instance', 'Instance'],
  ].flatMap(([name, label]) => {
    const variable = board.templating.list.find(candidate => candidate.name === name);
    if (variable === undefined) return [`there is no variable ${name}`];
    const { multi, includeAll, allValue } = variable;
    const fine = variable.label === label && multi === true && includeAll === true && allValue === '.+';
    return fine
      ? []
      : [`variable ${name} must be labelled ${label}, take several, and stand for .+ where all are meant`];
  });

/** Which variables must narrow a series: those that say whose it is, and those of its own labels. */
export const asksForWhatIsChosen: BoardRule = board =>
  [...targetsOf(board), ...board.annotations.list.map(({ name, expr }) => ({ where: name, expr }))].flatMap(
    ({ where, expr }) =>
      selectorsOf(expr).flatMap(({ metric, matchers }) => {
        const own = labelsOf(metric ?? '').filter(label => label === 'topic' || label === 'connection');
        const missing = ['cluster', 'namespace', 'job', 'instance', ...own].filter(
          name =>
            !matchers.some(({ label, operator, value }) => label === name && operator === '=~' && value === `$${name}`),
        );
        return missing.map(name => `${where}: ${metric} is not narrowed by ${name}=~"$${name}"`);
      }),
  );

export const reloadsOnTimeChange: BoardRule = board =>
  queries(board)
    .filter(({ refresh }) => refresh !== ON_TIME_CHANGE)
    .map(({ name }) => `variable ${name} does not reload when the time changes`);

export const isPromql: BoardRule = board =>
  everyExpression(board).flatMap(({ where, expr }) => {
    try {
      return selectorsOf(expr).length > 0 ? [] : [`${where} asks for no series: ${expr}`];
    } catch (error) {
      return [`${where}: ${String(error)}`];
    }
  });

export const asksForWhatIsExported: BoardRule = board =>
  everyExpression(board).flatMap(({ where, expr }) => problemsOf(expr).map(problem => `${where}: ${problem}`));

/** A range fits the distance of the points, or the whole of the time shown; never a fixed one. */
export const ratesOverFittingRanges: BoardRule = board =>
  targetsOf(board).flatMap(({ where, expr }) =>
    rangesOf(expr).flatMap(({ metric, call, range }) => {
      if (range === null) return [];
      const fits = range === '$__rate_interval' || (range === '$__range' && call === 'increase');
      return fits ? [] : [`${where}: ${call}(${metric}[${range}]) must look at $__rate_interval`];
    }),
  );

/** What only grows is rated, what goes up and down is not. */
export const ratesCountersAlone: BoardRule = board =>
  targetsOf(board).flatMap(({ where, expr }) =>
    rangesOf(expr).flatMap(({ metric, call }) => {
      const rated = call === 'rate' || call === 'irate' || call === 'increase';
      if (isCounter(metric) === rated) return [];
      return [`${where}: ${metric} is ${rated ? 'no counter, and rated' : 'a counter, and not rated'}`];
    }),
  );

export const saysWhatItShows = byPanel(({ title, description = '', targets = [], fieldConfig }) => [
  ...(title.trim() === '' ? ['has no title'] : []),
  ...(description.length < 40 || !/[.?]$/.test(description) ? ['has no description in whole sentences'] : []),
  ...(targets.length === 0 ? ['has no target'] : []),
  ...(UNITS.includes(fieldConfig?.defaults.unit ?? '') ? [] : ['has no unit']),
]);

/** A legend is filled in from labels; one that is summed away would leave it blank. */
export const legendsAreFilledIn = byPanel(({ type, targets = [] }) =>
  targets.flatMap(({ refId, expr, legendFormat = '' }) => {
    if (type === 'table') return [];
    if (legendFormat === '') return [`${refId} has no legend`];
    const kept = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(/,\s*/));
    const wanted = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
    return wanted
      .filter(label => !kept.includes(label))
      .map(label => `${refId}: ${label} of the legend is summed away`);
  }),
);

/** As a file for every Grafana: nothing of the one it was made in, and nobody clicks it away from its source. */
export const isProvisioned: BoardRule = board => {
  const leftovers = ['id', 'version', '__inputs', '__requires', '__elements'].filter(key => Object.hasOwn(board, key));
  return [
    ...(board.editable === false ? [] : ['the board can be edited']),
    ...leftovers.map(key => `the board has "${key}" of the Grafana it came from`),
  ];
};

export const firstRowJudges: BoardRule = board => {
  const second = board.panels.findIndex(({ type }, index) => index > 0 && type === 'row');
  return board.panels
    .slice(1, second === -1 ? undefined : second)
    .filter(({ fieldConfig }) => (fieldConfig?.defaults.thresholds?.steps.length ?? 0) < 2)
    .map(({ id }) => `panel ${id} of the first row has no thresholds`);
};

/** Every place of the grid is taken, and by one panel. */
export const fillsTheGrid: BoardRule = board => {
  const taken = new Map<string, number>();
  const problems: string[] = [];
  for (const { id, gridPos } of board.panels) {
    if (gridPos.x + gridPos.w > COLUMNS) problems.push(`panel ${id} sticks out`);
    for (const place of placesOf(gridPos)) {
      const other = taken.get(place);
      if (other !== undefined) problems.push(`panel ${id} lies on panel ${other}`);
      taken.set(place, id);
    }
  }
  const height = Math.max(...board.panels.map(({ gridPos: { y, h } }) => y + h));
  if (taken.size < height * COLUMNS) problems.push(`the grid has ${height * COLUMNS - taken.size} empty places`);
  return [...new Set(problems)];
};

export const idsAreUnique: BoardRule = board => {
  const ids = board.panels.map(({ id }) => id);
  const again = ids.filter((id, index) => !Number.isInteger(id) || ids.indexOf(id) !== index);
  const letters = panelsOf(board).filter(
    ({ targets = [] }) => new Set(targets.map(({ refId }) => refId)).size < targets.length,
  );
  return [
    ...again.map(id => `the id ${id} is given twice`),
    ...letters.map(({ id }) => `panel ${id} has two queries of one letter`),
  ];
};

function* placesOf({ x, y, w, h }: Panel['gridPos']): Generator<string> {
  for (let row = y; row < y + h; row++) for (let column = x; column < x + w; column++) yield `${column} ${row}`;
}

function definitionOf(metric: string): MetricDefinition | undefined {
  const known: Readonly<Record<string, MetricDefinition>> = METRICS;
  return known[catalogued(metric) ?? ''];
}

function labelsOf(metric: string): readonly string[] {
  return definitionOf(metric)?.labels ?? [];
}

function isCounter(metric: string): boolean {
  const type = definitionOf(metric)?.type;
  if (type === undefined || !metric.startsWith(METRIC_PREFIX)) return /_(total|bucket|sum|count)$/.test(metric);
  return type !== 'gauge';
}

/** Every series of an expression with the function and the range it stands in; null where it stands in none. */
function rangesOf(expr: string): { metric: string; call: string | null; range: string | null }[] {
  // Grafana's variables become durations that nobody would write, and back.
  const text = expr.replaceAll('$__rate_interval', '11s').replaceAll('$__range', '13s');
  const found: { metric: string; call: string | null; range: string | null }[] = [];
  parser.parse(text).iterate({
    enter({ name, node }) {
      if (name !== 'VectorSelector') return;
      const metric = text.slice(node.from, node.to).split('{', 1)[0] ?? '';
      const matrix = node.parent?.name === 'MatrixSelector' ? node.parent : null;
      const call = matrix?.parent?.parent?.getChild('FunctionIdentifier') ?? null;
      found.push({
        metric,
        call: call === null ? null : text.slice(call.from, call.to),
        range:
          matrix === null
            ? null
            : (RANGES[text.slice(node.to + 1, matrix.to - 1)] ?? text.slice(node.to + 1, matrix.to - 1)),
      });
    },
  });
  return found;
}

const RANGES: Readonly<Record<string, string>> = { '11s': '$__rate_interval', '13s': '$__range' };
