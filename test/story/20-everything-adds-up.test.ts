import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../sandbox/eventually.ts';
import { parseMetrics } from '../../sandbox/metrics-text.ts';
import { requirePromtool } from '../../sandbox/prerequisites.ts';
import { type ServiceProcess, total } from '../../sandbox/service-process.ts';
import { htmlError, latency } from '../../sandbox/tiktok-faults.ts';
import { pixelOf, tokenOf, type World } from '../../sandbox/world.ts';
import { RUNTIME_METRICS } from '../../scripts/runtime-metrics.ts';
import { METRIC_PREFIX, METRICS, type MetricDefinition } from '../../src/adapters/metric-catalogue.ts';
import { useStack } from '../stack.ts';
import { type Ledger, ledgersOf } from './books.ts';
import { conversion, countedIds, createWorld, ids, repeats } from './business.ts';

const stack = await useStack();
/** TikTok fails for its token alone, until the end of the story. */
const STUCK = 'stuck';
const REFUSED = 'refused';
const PICKY = 'picky';
const STEADY = ['steady-1', 'steady-2', 'steady-3'];
const OTHER = ['none', 'other'];
/** Has a series only while a request to the system is under way. */
const AT_TIMES = ['tiktok_sync_nodejs_active_requests'];

function sumOf(ledgers: Iterable<Ledger>, field: keyof Ledger): number {
  return [...ledgers].reduce((sum, ledger) => sum + ledger[field], 0);
}

describe('what a scrape of the running service says', () => {
  let world: World;
  let first: ServiceProcess;
  let second: ServiceProcess;
  let fault: ReturnType<World['simulator']['faults']['add']>;
  /** Of the first instance, in the order of the scrapes. */
  const scrapes: Map<string, Ledger>[] = [];
  /** Of the first instance, when every outcome had occurred and some events were in flight. */
  let text: string;
  let due = 0;

  beforeAll(async () => {
    world = await createWorld(stack, 'ledger', { connections: [...STEADY, PICKY, REFUSED, STUCK] });
    world.simulator.faults.add(latency(20));
    fault = world.simulator.faults.add({ ...htmlError(503), token: tokenOf(STUCK) });
    world.simulator.addPixel(pixelOf(REFUSED), 'another-token');
    first = await world.startService('first', { TIKTOK_SYNC_COMMIT: 'c0ffee1' });
  });
  afterAll(() => world.close());

  async function scrape(service: ServiceProcess): Promise<Map<string, Ledger>> {
    return ledgersOf(await service.metricsText());
  }

  async function acceptedBy(service: ServiceProcess): Promise<number> {
    return total(await service.metrics(), 'tiktok_sync_events_total', ['outcome="delivered"', 'reason="accepted"']);
  }

  async function produce(round: number): Promise<void> {
    const { conversions } = world.topics;
    const events = [
      ...STEADY.flatMap(id => ids(`${id}-${round}`, 40).map(name => conversion(id, name))),
      ...ids(`${STEADY[0]}-${round}`, 10).map(name => conversion(STEADY[0] ?? '', name)),
      ...ids(`${PICKY}-${round}`, 5).map(name => conversion(PICKY, name)),
      conversion(PICKY, `poison-${round}`),
      ...ids(`${REFUSED}-${round}`, 5).map(name => conversion(REFUSED, name)),
      ...ids(`${STUCK}-${round}`, 5).map(name => conversion(STUCK, name)),
      ...ids(`stranger-${round}`, 3).map(name => conversion('stranger', name)),
    ];
    await world.producer.conversions(events);
    await world.producer.raw(conversions, [null, Buffer.from('{}')], { partition: round % 4 });
    due += events.length + 2;
  }

  it('adds up per connection at every moment of a busy time, and to all that was produced', async () => {
    let round = 0;
    const occurred = (outcome: keyof Ledger) => scrapes.some(ledgers => sumOf(ledgers.values(), outcome) > 0);
    const seen = () => (['delivered', 'duplicate', 'skipped', 'dead_lettered', 'inFlight'] as const).every(occurred);
    await eventually('every outcome', async () => {
      await produce(round++);
      for (let times = 0; times < 5; times++) scrapes.push(await scrape(first));
      return seen() && round >= 10;
    });
    await eventually('all of it read, and what belongs to nobody settled', async () => {
      const ledgers = await scrape(first);
      scrapes.push(ledgers);
      const isRefused = (ledgers.get(REFUSED)?.dead_lettered ?? 0) > 0;
      return sumOf(ledgers.values(), 'consumed') === due && ledgers.get('none')?.inFlight === 0 && isRefused;
    });
    text = await first.metricsText();

    const wrong = scrapes.flatMap(ledgers => [...ledgers].filter(([, { missing }]) => missing !== 0));
    expect(wrong).toEqual([]);
    const waiting = scrapes.filter(ledgers => STEADY.some(id => (ledgers.get(id)?.inFlight ?? 0) > 0));
    expect(waiting.length).toBeGreaterThan(0);
    const last = scrapes.at(-1);
    expect(last?.get(STUCK)).toMatchObject({ consumed: round * 5, inFlight: round * 5 });
    expect(last?.get('none')).toMatchObject({ consumed: round * 5, skipped: round * 4, dead_lettered: round });
  });

  it('adds up when another instance takes over what was in flight', async () => {
    second = await world.startService('second', { TIKTOK_SYNC_METRICS_PER_CONNECTION: 'false' });
    const wrong: [string, Ledger][] = [];
    await eventually('handed over and taken up', async () => {
      const [ours, theirs] = [await scrape(first), await scrape(second)];
      wrong.push(...[...ours, ...theirs].filter(([, { missing }]) => missing !== 0));
      return sumOf(ours.values(), 'handed_over') > 0 && sumOf(theirs.values(), 'inFlight') > 0;
    });
    expect(wrong).toEqual([]);

    expect((await scrape(first)).get(STUCK)?.handed_over).toBeGreaterThan(0);
    expect([...(await scrape(second)).keys()].sort()).toEqual(OTHER);
  });

  it('comes to what TikTok counts once all is settled', async () => {
    world.simulator.faults.remove(fault);
    await world.allCommitted();

    const ledgers = [...(await scrape(first)).values(), ...(await scrape(second)).values()];
    const sum = (field: keyof Ledger) => sumOf(ledgers, field);
    expect([sum('missing'), sum('inFlight')]).toEqual([0, 0]);
    // What was settled behind an event that was handed over is read again, and found to have been sent.
    const accepted = await Promise.all([first, second].map(acceptedBy));
    expect(accepted[0]! + accepted[1]!).toBe(countedIds(world.simulator).length);
    expect(repeats(world.simulator)).toBe(0);
  });

  it('is the catalogue, all of it and nothing else, each metric with a series', () => {
    const families = parseMetrics(text);
    const exported = families.map(({ name, type }) => `${name} ${type}`).sort();
    const catalogue = Object.entries<MetricDefinition>(METRICS).map(
      ([name, { type }]) => `${METRIC_PREFIX}${name} ${type}`,
    );
    const runtime = Object.entries(RUNTIME_METRICS).map(([name, [type]]) => `${METRIC_PREFIX}${name} ${type}`);
    expect(exported).toEqual([...catalogue, ...runtime].sort());
    expect(
      families.filter(({ name, samples }) => samples.length === 0 && !AT_TIMES.includes(name)).map(({ name }) => name),
    ).toEqual([]);
  });

  it('has the labels of the catalogue, and no others', () => {
    const labelled = parseMetrics(text).flatMap(({ name, samples }) => {
      const definition = Object.entries<MetricDefinition>(METRICS).find(([own]) => METRIC_PREFIX + own === name)?.[1];
      if (definition === undefined) return [];
      const expected = [...definition.labels].sort().join();
      const found = samples.map(({ labels }) =>
        Object.keys(labels)
          .filter(label => label !== 'le')
          .sort()
          .join(),
      );
      return found.filter(one => one !== expected).map(one => `${name}: ${one}`);
    });
    expect(labelled).toEqual([]);
    expect(text).toMatch(/^tiktok_sync_build_info\{version="[^"]+",commit="c0ffee1",node="v24[^"]+"\} 1$/m);
  });

  it('is as Prometheus wants metrics to be', () => {
    const promtool = requirePromtool(() => {});
    const { status, stdout, stderr } = spawnSync(promtool, ['check', 'metrics'], { input: text, encoding: 'utf8' });
    expect([status, stdout, stderr]).toEqual([0, '', '']);
  });

  it('tells how long records and the configuration have been waiting', () => {
    const now = Date.now() / 1000;
    const valuesOf = (name: string) =>
      parseMetrics(text)
        .find(family => family.name === METRIC_PREFIX + name)
        ?.samples.map(({ value }) => value) ?? [];
    for (const name of ['oldest_unsettled_record_timestamp_seconds', 'config_last_contact_timestamp_seconds']) {
      const values = valuesOf(name);
      expect(values.length, name).toBeGreaterThan(0);
      for (const value of values) expect(now - value, name).toBeLessThan(600);
    }
  });
});
