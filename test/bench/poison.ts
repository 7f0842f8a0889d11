/**
 * `npm run bench -- poison`: bad events in a batch of 1,000 at seeded random places; how many requests do they cost?
 *
 * TikTok names the bad row, names none, or names a wrong one. Bound per bad event: 2·⌈log2 n⌉+1 requests, two more
 * where a wrong row was named; every good event delivered once, every bad one a dead letter.
 */

import { parseArgs } from 'node:util';
import type { RowNaming } from '../../sandbox/tiktok-strictness.ts';
import type { World } from '../../sandbox/world.ts';
import { seededRandom } from '../chaos/seeded-random.ts';
import { conversion } from '../story/business.ts';
import { connectionWithOpenWindow, LONG_WINDOW_MS } from '../story/long-window.ts';
import { requestBound } from './figures.ts';
import { type Row, runInSandbox, type Sandbox } from './run-in-sandbox.ts';

const BATCH = 1_000;
const SHOP = connectionWithOpenWindow('shop');
const NAMINGS: readonly (readonly [naming: RowNaming, told: string])[] = [
  ['dotted', 'row named'],
  ['none', 'no row named'],
  ['wrong', 'wrong row named'],
];
const BAD = [1, 10];

/** What one batch cost. */
interface Cost {
  readonly requests: number;
  readonly goodMissing: number;
  readonly lettersMissing: number;
}

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { batches: { type: 'string', default: '5' }, seed: { type: 'string', default: '42' } },
  });
  const batches = Number(values.batches);
  await runInSandbox(`poison: bad events in ${BATCH}`, sandbox => measure(sandbox, batches, Number(values.seed)));
}

async function measure(sandbox: Sandbox, batches: number, seed: number): Promise<Row[]> {
  const env = { TIKTOK_SYNC_DELIVERY_BATCH_MAX_EVENTS_COUNT: String(BATCH) };
  await using world = await sandbox.world({ name: 'poison', connections: [SHOP], windowMs: LONG_WINDOW_MS, env });
  await world.startService();
  const random = seededRandom(seed);
  const rows: Row[] = [['batches', `${batches} of each kind, seed ${seed}`]];
  for (const bad of BAD) {
    for (const [naming, told] of NAMINGS) {
      const costs: Cost[] = [];
      for (let serial = 0; serial < batches; serial++) {
        costs.push(await oneBatch(world, naming, `${naming}-${bad}-${serial}`, placesOf(bad, random)));
      }
      rows.push(rowOf(`${bad} bad, ${told}`, costs, requestBound(BATCH, bad, naming === 'wrong')));
      sandbox.say(`${bad} bad, ${told}: done`);
    }
  }
  return rows;
}

function placesOf(bad: number, random: () => number): ReadonlySet<number> {
  const places = new Set<number>();
  while (places.size < bad) places.add(Math.floor(random() * BATCH));
  return places;
}

async function oneBatch(world: World, naming: RowNaming, name: string, bad: ReadonlySet<number>): Promise<Cost> {
  const { simulator, topics } = world;
  simulator.set({ rowNaming: naming });
  const ledger = simulator.ledger();
  const [requests, { counted }] = [ledger.requests().length, ledger.summary()];
  const letters = await lettersOn(world, topics.deadLetter);
  const events = Array.from({ length: BATCH }, (_, row) =>
    conversion(SHOP, `${bad.has(row) ? 'poison-' : ''}${name}-${row}`),
  );
  // One partition, so that the whole batch is of one assignment and in order.
  await world.producer.conversions(events, { partition: 0 });
  await world.allCommitted(60_000);
  return {
    requests: ledger.requests().length - requests,
    goodMissing: BATCH - bad.size - (ledger.summary().counted - counted),
    lettersMissing: bad.size - ((await lettersOn(world, topics.deadLetter)) - letters),
  };
}

function rowOf(what: string, costs: readonly Cost[], bound: number): Row {
  const requests = costs.map(cost => cost.requests);
  const missing = costs.reduce((sum, cost) => sum + Math.abs(cost.goodMissing) + Math.abs(cost.lettersMissing), 0);
  const delivered = missing === 0 ? 'good delivered 100 %' : `${missing} EVENTS ASTRAY`;
  return [
    what,
    `${requests.join(' ')} requests of at most ${bound}, ${delivered}`,
    missing > 0 || Math.max(...requests) > bound,
  ];
}

async function lettersOn(world: World, topic: string): Promise<number> {
  const ends = await world.admin.fetchTopicOffsets(topic);
  return ends.reduce((sum, { high }) => sum + Number(high), 0);
}
