/** Connections: which of them deliver, as a table that leads to the board of each. */

import { DashboardLinkBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import {
  CIRCUIT_STATE_NUMBERS,
  CIRCUIT_STATES,
  CONNECTION_STATE_NUMBERS,
  CONNECTION_STATES,
  GREEN,
  RED,
  texts,
  YELLOW,
} from '../colours.ts';
import { addressOf, filledIn } from '../links.ts';
import { type Row, stacked, table, timeline } from '../panels.ts';
import { overRange, rate, series, stateNumber } from '../promql.ts';

/** The board of the connection whose name is followed. */
const ROW = [`var-connection=${filledIn('__value.raw')}`, filledIn('__url_time_range')];

const OF_IT = (outcome: string) =>
  `sum by (connection) (${overRange('connection_events_total', `outcome=~"${outcome}"`)})`;
const COLOURED_CELL = { id: 'custom.cellOptions', value: { type: 'color-background', mode: 'basic' } } as const;
const COLOURED_TEXT = { id: 'custom.cellOptions', value: { type: 'color-text' } } as const;

/** The columns after the connection's name, in the order of the queries. */
const COLUMNS = [
  ['State', stateNumber('connection_state', CONNECTION_STATE_NUMBERS)],
  ['Token', `min by (connection) (${series('connection_token_valid')})`],
  ['Circuit', stateNumber('circuit_state', CIRCUIT_STATE_NUMBERS)],
  ['Last success', `min by (connection) (time() - ${series('connection_last_success_timestamp_seconds')})`],
  ['Success ratio', `${OF_IT('delivered')} / (${OF_IT('delivered|dead_lettered')} > 0)`],
  ['Delivered', OF_IT('delivered')],
  ['Dead letters', OF_IT('dead_lettered')],
  ['In flight', `sum by (connection) (${series('connection_events_in_flight')})`],
] as const;

export function connections(): Row {
  return { id: 600, title: 'Connections', panels: [connectionTable(), states(), delivered(), tokenChecks()] };
}

function connectionTable() {
  const toBoard = new DashboardLinkBuilder('Open its dashboard').url(addressOf('tiktok-sync-connection', ROW)).build();
  const names = Object.fromEntries(COLUMNS.map(([name], index) => [columnOf(index), name]));
  return table({
    id: 601,
    title: 'Connections',
    description:
      'Every connection, the worst first; its name leads to a dashboard of its own. Healthy: active, token valid, circuit closed, ratio near 100 %. token invalid or parked: a new token is needed (`tiktok-sync connections verify ID` asks TikTok again). Success ratio: delivered of delivered and dead-lettered, in the time shown.',
    unit: 'short',
    width: 24,
    height: 10,
    queries: COLUMNS.map(([, expr]) => ({ expr })),
  })
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true },
        indexByName: Object.fromEntries(['connection', ...Object.keys(names)].map((name, index) => [name, index])),
        renameByName: { connection: 'Connection', ...names },
      },
    })
    .withTransformation({ id: 'sortBy', options: { fields: {}, sort: [{ field: 'State', desc: true }] } })
    .overrideByName('Connection', [{ id: 'links', value: [toBoard] }])
    .overrideByName('State', [{ id: 'mappings', value: texts(CONNECTION_STATES) }, COLOURED_CELL])
    .overrideByName('Token', [
      { id: 'mappings', value: texts({ 0: ['refused', RED], 1: ['valid', GREEN] }) },
      COLOURED_TEXT,
    ])
    .overrideByName('Circuit', [{ id: 'mappings', value: texts(CIRCUIT_STATES) }, COLOURED_TEXT])
    .overrideByName('Last success', [
      { id: 'unit', value: 's' },
      { id: 'decimals', value: 0 },
    ])
    .overrideByName('Success ratio', [
      { id: 'unit', value: 'percentunit' },
      { id: 'decimals', value: 1 },
      {
        id: 'thresholds',
        value: {
          mode: 'absolute',
          steps: [
            { value: null, color: RED },
            { value: 0.9, color: YELLOW },
            { value: 0.99, color: GREEN },
          ],
        },
      },
      COLOURED_TEXT,
    ])
    .overrideByRegexp('/Delivered|Dead letters|In flight/', [{ id: 'decimals', value: 0 }]);
}

function states() {
  return timeline(
    {
      id: 602,
      title: 'State of each connection',
      description:
        'Healthy: active. undecided: TikTok has not been asked yet. token invalid, parked: TikTok refuses token or permission, its events are dead letters. unusable: its entry on the config topic is wrong. `other` shows the worst state of the connections beyond the limit of labels.',
      unit: 'none',
      width: 12,
      queries: [{ expr: stateNumber('connection_state', CONNECTION_STATE_NUMBERS), legend: '{{connection}}' }],
    },
    CONNECTION_STATES,
  );
}

function delivered() {
  return stacked({
    id: 603,
    title: 'Delivered, the ten busiest connections',
    description:
      'Events a second that TikTok accepted. One that stops while others go on: look at its state and circuit.',
    unit: 'cps',
    width: 6,
    minInterval: '3m',
    queries: [
      {
        expr: `topk(10, sum by (connection) (${rate('connection_events_total', 'outcome="delivered"')}))`,
        legend: '{{connection}}',
      },
    ],
  });
}

function tokenChecks() {
  return stacked({
    id: 604,
    title: 'Token checks',
    description:
      'Probes of credentials that no request had had an answer about, by what was learned. Healthy: a few after connections changed. refused: somebody pasted a wrong token.',
    unit: 'cps',
    width: 6,
    queries: [{ expr: `sum by (result) (${rate('token_checks_total')})`, legend: '{{result}}' }],
  });
}

/** What Grafana calls the value of a query when it puts several in one table. */
function columnOf(index: number): string {
  return `Value #${String.fromCharCode('A'.charCodeAt(0) + index)}`;
}
