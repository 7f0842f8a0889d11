/**
 * `npm run bench -- isolation`: 5 of 100 connections are refused, throttled or hang 5 s; do the other 95 keep their latency?
 *
 * Those five have a third of the input, and the buffer is small, so that what waits for them would fill it and stop the
 * others; rounds in which a healthy run and one of each fault alternate, each in a world of its own. The latency is
 * the arrival at TikTok's simulator minus the moment the record was produced, the gathering in windows included.
 * Bound: the median over the rounds of the p99 of the 95 rises by less than 25 % or 100 ms, and all their events arrive.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { eventually } from '../../sandbox/eventually.ts';
import { type Fault, hang, latency, limited } from '../../sandbox/tiktok-faults.ts';
import { pixelOf, type World } from '../../sandbox/world.ts';
import { median, percentile, rise } from './figures.ts';
import { type Row, runInSandbox, type Sandbox } from './run-in-sandbox.ts';
import { SteadyInput } from './steady-input.ts';

const CONNECTIONS = Array.from({ length: 100 }, (_, index) => `c${index}`);
const TROUBLED = CONNECTIONS.filter((_, index) => index % 20 === 7);
const WELL = CONNECTIONS.filter(id => !TROUBLED.includes(id));
const WINDOW_MS = 1_000;
const LATENCY_MS = 40;
const HANG_MS = 5_000;
const RETRY_AFTER_S = 5;
/** The five are large: each has so many times the input of another, a third of all together. */
const LARGE = 10;
const INPUT = [...CONNECTIONS, ...Array.from({ length: LARGE - 1 }, () => TROUBLED).flat()];
/** Four seconds of the whole input: what waits for the five fills it before it is measured, were it not bounded. */
const BUFFERED = 4_000;
/** So small that one that hangs cannot keep up with its input, however well its requests are filled. */
const MOST_IN_A_REQUEST = 100;
/** Code compiles, what waits for the five grows to its bounds; not measured. */
const WARM_UP_MS = 25_000;
const ARRIVE_WITHIN_MS = 60_000;

const KINDS = ['refused', 'throttled', 'hanging', 'silent'] as const;
/** Without `--kinds`; a silent connection never answers at all. */
const USUAL = 'refused,throttled,hanging';
type Kind = (typeof KINDS)[number];

interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly rate: number;
  readonly kinds: readonly Kind[];
}

/** What one run showed of the 95. */
interface Run {
  readonly p50: number;
  readonly p99: number;
  readonly missing: number;
  /** Of the five. */
  readonly letters: number;
}

export async function run(args: readonly string[]): Promise<void> {
  const options = readOptions(args);
  await runInSandbox('isolation: 5 of 100 connections in trouble', sandbox => measure(sandbox, options));
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '15' },
      rate: { type: 'string', default: '1000' },
      kinds: { type: 'string', default: USUAL },
    },
  });
  const kinds = KINDS.filter(kind => values.kinds.split(',').includes(kind));
  return { rounds: Number(values.rounds), seconds: Number(values.seconds), rate: Number(values.rate), kinds };
}

async function measure(sandbox: Sandbox, options: Options): Promise<Row[]> {
  const runs = new Map<Kind | 'healthy', Run[]>();
  for (let round = 1; round <= options.rounds; round++) {
    const kinds = ['healthy', ...options.kinds] as const;
    // Each kind comes first, second … in turn: the machine and the broker may grow slower with time.
    const turn = (round - 1) % kinds.length;
    for (const kind of [...kinds.slice(turn), ...kinds.slice(0, turn)]) {
      const result = await oneRun(sandbox, `isolation-${round}-${kind}`, kind, options);
      runs.set(kind, [...(runs.get(kind) ?? []), result]);
      sandbox.say(
        `round ${round}, ${kind}: p50 ${ms(result.p50)}, p99 ${ms(result.p99)}, missing ${result.missing}, letters ${result.letters}`,
      );
    }
  }
  return [
    [
      'input',
      `${options.rate} records/s over ${CONNECTIONS.length} connections, windows of ${WINDOW_MS} ms, a buffer of ${BUFFERED} events`,
    ],
    ['runs', `${options.rounds} of ${options.seconds} s each, alternating`],
    ...rowsOf(runs),
  ];
}

function rowsOf(runs: ReadonlyMap<Kind | 'healthy', readonly Run[]>): Row[] {
  const p99 = (of: readonly Run[]): number => median(of.map(one => one.p99));
  const healthy = p99(runs.get('healthy') ?? []);
  return (['healthy', ...KINDS] as const).flatMap(kind => {
    const of = runs.get(kind);
    if (of === undefined) return [];
    const { ms: risen, kept } = rise(healthy, p99(of));
    const missing = of.reduce((sum, one) => sum + one.missing, 0);
    const each = of.map(one => Math.round(one.p99)).join(' ');
    const against = kind === 'healthy' ? '' : `, ${risen < 0 ? '' : '+'}${Math.round(risen)} ms`;
    const arrived = missing === 0 ? 'all events arrived' : `${missing} EVENTS MISSING`;
    return [[`${kind}: p99 of the 95`, `${ms(p99(of))}${against} (${each}), ${arrived}`, !kept || missing > 0]];
  });
}

async function oneRun(sandbox: Sandbox, name: string, kind: Kind | 'healthy', options: Options): Promise<Run> {
  await using world = await sandbox.world({
    name,
    connections: CONNECTIONS,
    partitions: 8,
    windowMs: WINDOW_MS,
    env: {
      TIKTOK_SYNC_WINDOW_MAX_BUFFERED_EVENTS_COUNT: String(BUFFERED),
      TIKTOK_SYNC_DELIVERY_BATCH_MAX_EVENTS_COUNT: String(MOST_IN_A_REQUEST),
    },
  });
  world.simulator.faults.add(latency(LATENCY_MS));
  for (const id of TROUBLED) trouble(world, id, kind);
  await world.startService();
  const input = new SteadyInput(world, { connections: INPUT, rate: options.rate, keepTimes: true });
  input.start();
  await pause(WARM_UP_MS);
  const from = Date.now();
  await pause(options.seconds * 1000);
  const to = Date.now();
  await input.stop();
  const well = new Set(WELL.map(pixelOf));
  const due = WELL.reduce((sum, id) => sum + (input.producedFor.get(id) ?? 0), 0);
  await eventually('all events of the 95', () => countedOf(world, well) >= due, ARRIVE_WITHIN_MS).catch(() => {});
  const waits = world.simulator
    .ledger()
    .events()
    .filter(event => !event.deduplicated && well.has(event.event_source_id))
    .map(event => ({ at: input.producedAt.get(event.event_id ?? '') ?? 0, arrived: event.received_at }))
    .filter(({ at }) => at >= from && at < to)
    .map(({ at, arrived }) => arrived - at);
  const ends = await world.admin.fetchTopicOffsets(world.topics.deadLetter);
  return {
    // Where none came, the wait has no end.
    p50: waits.length === 0 ? Number.POSITIVE_INFINITY : percentile(waits, 0.5),
    p99: waits.length === 0 ? Number.POSITIVE_INFINITY : percentile(waits, 0.99),
    missing: due - countedOf(world, well),
    letters: ends.reduce((sum, { high }) => sum + Number(high), 0),
  };
}

function trouble({ simulator }: World, id: string, kind: Kind | 'healthy'): void {
  const pixel = pixelOf(id);
  const faults: Readonly<Record<Exclude<Kind, 'refused'>, Fault>> = {
    throttled: { ...limited(0, { status: 429, retry_after: RETRY_AFTER_S }), pixel },
    hanging: { ...latency(HANG_MS), pixel },
    silent: { ...hang(), pixel },
  };
  if (kind === 'refused') simulator.addPixel(pixel, 'a-token-that-the-service-does-not-have');
  else if (kind !== 'healthy') simulator.faults.add(faults[kind]);
}

function countedOf({ simulator }: World, pixels: ReadonlySet<string>): number {
  const bySource = Object.entries(simulator.ledger().summary().by_source);
  return bySource.reduce((sum, [pixel, { counted }]) => sum + (pixels.has(pixel) ? counted : 0), 0);
}

function ms(value: number): string {
  return `${Math.round(value)} ms`;
}
