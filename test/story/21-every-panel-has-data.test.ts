import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONNECTIONS, configure, createStream, type Stream } from '../../sandbox/demo-scenario.ts';
import { eventually } from '../../sandbox/eventually.ts';
import { Prometheus } from '../../sandbox/prometheus.ts';
import { htmlError, latency } from '../../sandbox/tiktok-faults.ts';
import { tokensFor, World } from '../../sandbox/world.ts';
import { QUIET_QUERIES } from '../../scripts/dashboards/quiet-queries.ts';
import {
  ALL,
  type Board,
  type Chosen,
  CONNECTION,
  filledIn,
  labelValuesOf,
  OVERVIEW,
  panelsOf,
  readBoard,
  type Target,
} from '../monitoring/grafana.ts';
import { useStack } from '../stack.ts';
import { BRISK } from './business.ts';

const stack = await useStack();
const SCRAPE_SECONDS = 1;
const TIMES = { range: 120, step: 1, scrapeInterval: SCRAPE_SECONDS } as const;
const LABELS = { namespace: 'shop.eu', job: 'tiktok-sync' };
/** Connections that come later; the entry of the second is unusable. */
const [LATE, CARELESS] = ['late', 'careless'];
const BOARDS = [readBoard(OVERVIEW), readBoard(CONNECTION)];

/** A query of a panel, named as the list of quiet ones names it. */
interface Asked {
  readonly name: string;
  readonly title: string;
  readonly board: Board;
  readonly target: Target;
}

const ASKED: readonly Asked[] = BOARDS.flatMap(board =>
  panelsOf(board).flatMap(({ id, title, targets = [] }) =>
    targets.map(target => ({ name: `${board.uid} ${id} ${target.refId}`, title, board, target })),
  ),
);
const QUIET = new Map(QUIET_QUERIES.map(entry => [`${entry.board} ${entry.panel} ${entry.query}`, entry]));

describe('every panel of the dashboards, while the demo’s events pass through', () => {
  let world: World;
  let prometheus: Prometheus;
  let begin: number;
  /** By board and variable, the values that it offers. */
  const offered = new Map<string, ReadonlyMap<string, readonly string[]>>();
  /** Queries that have had a value other than zero, and those that have had any. */
  const speaking = new Set<string>();
  const answered = new Set<string>();

  beforeAll(async () => {
    world = await World.create(stack, {
      name: stack.unique('dashboards'),
      windowMs: 1_000,
      env: { ...BRISK, ...tokensFor(...CONNECTIONS, LATE), TIKTOK_SYNC_TOKENS_CHECK: 'true' },
    });
    await configure(world);
    const [one, two] = [await world.service('one'), await world.service('two')];
    const targets = [one, two].map(({ url }, index) => ({ url, labels: { ...LABELS, instance: `pod-${index}:8080` } }));
    begin = Date.now() / 1000;
    [prometheus] = await Promise.all([
      Prometheus.start({ targets, scrapeIntervalMs: SCRAPE_SECONDS * 1_000 }),
      one.process.start(),
    ]);
    const scraped = (selector: string) => async () => (await prometheus.query(selector)).length;
    const info = scraped('tiktok_sync_build_info');
    // What is counted before the first look is no increase: all that happens once, happens from here on.
    await eventually('the first is scraped', async () => (await info()) === 1);
    const stream = createStream(world, 20);
    await stream.step();
    // Another replica comes, so that the group rebalances; TikTok takes its time, and has a bad moment.
    world.simulator.faults.add(latency(300));
    world.simulator.faults.add({ ...htmlError(503), count: 3 });
    await two.process.start();
    await eventually('both are scraped', async () => (await info()) === 2);
    await world.connect(LATE);
    await world.connect(CARELESS, { access_token: 'in-clear-0123456789' });
    const unusable = scraped(`tiktok_sync_connection_state{connection="${CARELESS}",state="unusable"} == 1`);
    await eventually('both know the late ones', async () => (await unusable()) === 2);
    for (const board of BOARDS) offered.set(board.uid, await offers(board));
    await askUntilAllSpeak(stream);
  });
  afterAll(async () => {
    await prometheus.stop();
    await world.close();
  });

  /** What each variable offers, those before it as they are by default: all. */
  async function offers(board: Board): Promise<ReadonlyMap<string, readonly string[]>> {
    const { list } = board.templating;
    const all = new Map<string, Chosen>(list.map(({ name }) => [name, ALL]));
    const values = new Map<string, readonly string[]>();
    for (const { name, query = '' } of list) {
      const wanted = labelValuesOf(query);
      if (wanted === null) continue;
      const selector = filledIn({ expr: wanted.selector }, list, all, TIMES);
      values.set(name, await prometheus.labelValues(wanted.label, selector));
    }
    return values;
  }

  /** Every value is picked one by one, and for a variable of one value the busiest; what offers none stays at all. */
  function pick(board: Board): ReadonlyMap<string, Chosen> {
    return new Map<string, Chosen>(
      board.templating.list.map(({ name, multi }): [string, Chosen] => {
        const values = offered.get(board.uid)?.get(name) ?? [];
        if (values.length === 0) return [name, ALL];
        return [name, multi === true ? values : CONNECTIONS[0]];
      }),
    );
  }

  async function ask({ board, target }: Asked, chosen: ReadonlyMap<string, Chosen>): Promise<readonly number[]> {
    const expr = filledIn(target, board.templating.list, chosen, TIMES);
    if (target.instant === true) return (await prometheus.query(expr)).map(({ value }) => value);
    const range = { start: begin, end: Date.now() / 1000, stepSeconds: TIMES.step };
    const found = await prometheus.queryRange(expr, range);
    return found.flatMap(({ points }) => points.map(([, value]) => value));
  }

  async function askAll(): Promise<void> {
    for (const asked of ASKED.filter(({ name }) => !speaking.has(name))) {
      const values = await ask(asked, pick(asked.board));
      if (values.length > 0) answered.add(asked.name);
      if (values.some(value => Number.isFinite(value) && value !== 0)) speaking.add(asked.name);
    }
  }

  /** What does not speak in the end is told by the tests. */
  async function askUntilAllSpeak(stream: Stream): Promise<void> {
    const allSpeak = async (): Promise<boolean> => {
      await stream.step();
      await askAll();
      return ASKED.every(({ name }) => speaking.has(name) || QUIET.has(name));
    };
    await eventually('every query speaks', allSpeak, 60_000).catch(() => {});
    await world.allCommitted();
    await askAll();
  }

  it('has a value other than zero, unless it is listed as quiet with the reason', () => {
    const silent = ASKED.filter(({ name }) => !speaking.has(name) && !QUIET.has(name));
    expect(silent.map(({ name, title }) => `${name}: ${title}`)).toEqual([]);
  });

  it('has series that say zero where it is listed as quiet, and the list names only queries that exist', () => {
    const names = new Set(ASKED.map(({ name }) => name));
    expect([...QUIET.keys()].filter(name => !names.has(name))).toEqual([]);
    expect([...QUIET.keys()].filter(name => !answered.has(name))).toEqual([]);
    const loud = [...QUIET].filter(([name, { says }]) => says === 'zero' && speaking.has(name));
    expect(loud.map(([name]) => name)).toEqual([]);
  });

  it('offers what there is in every variable, but for a cluster, which this scrape does not add', () => {
    const [main, one] = BOARDS.map(({ uid }) => Object.fromEntries(offered.get(uid) ?? []));
    const shared = {
      cluster: [],
      namespace: ['shop.eu'],
      job: ['tiktok-sync'],
      instance: ['pod-0:8080', 'pod-1:8080'],
      connection: [...CONNECTIONS, LATE, CARELESS].sort(),
    };
    expect(main).toEqual({ ...shared, topic: [world.topics.conversions, world.topics.revenueUpdates] });
    expect(one).toEqual(shared);
  });

  it('has as much with "All" in every variable as with every value picked', async () => {
    const [overview] = BOARDS;
    const all = new Map<string, Chosen>(overview?.templating.list.map(({ name }) => [name, ALL]));
    const lacking: string[] = [];
    for (const asked of ASKED.filter(({ board, name }) => board === overview && answered.has(name))) {
      const picked = await ask(asked, pick(asked.board));
      if ((await ask(asked, all)).length < picked.length) lacking.push(asked.name);
    }
    expect(lacking).toEqual([]);
  });

  it('is marked with the start of every process, and its version', async () => {
    for (const { annotations, templating } of BOARDS) {
      const all = new Map<string, Chosen>(templating.list.map(({ name }) => [name, ALL]));
      const [mark, ...others] = annotations.list;
      expect(others).toEqual([]);
      const starts = await prometheus.query(filledIn(mark ?? { expr: '' }, templating.list, all, TIMES));
      expect(starts.map(({ labels }) => labels['instance']).sort()).toEqual(['pod-0:8080', 'pod-1:8080']);
      for (const { labels, value } of starts) {
        expect(labels['version']).toMatch(/^\d+\.\d+\.\d+/);
        expect(value / 1000).toBeGreaterThan(begin - 1);
        expect(value / 1000).toBeLessThan(Date.now() / 1000);
      }
    }
  });
});
