/**
 * `npm run bench -- outage`: ten minutes without TikTok at full input; is memory flat, is nothing lost, and does the
 * backlog drain unaided? `--minutes M` for a shorter one, `--how refused|hanging|failing` for the way TikTok is away.
 *
 * Bounds: resident memory of the service grows by less than a tenth from the second fifth of the outage to the last,
 * every event is counted once, none became a dead letter, and the same process drained all of it.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { ServiceProcess } from '../../sandbox/service-process.ts';
import { apiCode, hang, latency } from '../../sandbox/tiktok-faults.ts';
import type { World } from '../../sandbox/world.ts';
import { type Course, course } from './figures.ts';
import { type Row, residentMiB, runInSandbox, type Sandbox } from './run-in-sandbox.ts';
import { SteadyInput } from './steady-input.ts';

const CONNECTIONS = Array.from({ length: 50 }, (_, index) => `c${index}`);
const WINDOW_MS = 2_000;
const LATENCY_MS = 40;
const WARM_UP_MS = 15_000;
const SAMPLE_MS = 1_000;
const DRAIN_MS = 20 * 60_000;
const SAY_EVERY = 15;

const WAYS = ['refused', 'hanging', 'failing'] as const;
type Way = (typeof WAYS)[number];

interface Options {
  readonly minutes: number;
  readonly rate: number;
  readonly how: Way;
}

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '10' },
      rate: { type: 'string', default: '2000' },
      how: { type: 'string', default: 'refused' },
    },
  });
  const how = WAYS.find(way => way === values.how);
  if (how === undefined) throw new Error(`--how is one of ${WAYS.join(', ')}, not ${values.how}`);
  const options = { minutes: Number(values.minutes), rate: Number(values.rate), how };
  await runInSandbox(`outage: ${options.minutes} minutes without TikTok (${how})`, sandbox =>
    measure(sandbox, options),
  );
}

async function measure(sandbox: Sandbox, options: Options): Promise<Row[]> {
  await using world = await sandbox.world({
    name: 'outage',
    connections: CONNECTIONS,
    partitions: 8,
    windowMs: WINDOW_MS,
  });
  world.simulator.faults.add(latency(LATENCY_MS));
  const service = await world.startService();
  const { pid } = service.process;
  const input = new SteadyInput(world, { connections: CONNECTIONS, rate: options.rate });
  input.start();
  await pause(WARM_UP_MS);
  sandbox.say(`TikTok goes away; ${Math.round(residentMiB(pid))} MiB`);
  const comeBack = await goAway(world, options.how);
  const samples = await sample(sandbox, service, options.minutes * 60_000 - SAMPLE_MS);
  await comeBack();
  const backAt = performance.now();
  await input.stop();
  sandbox.say(`TikTok is back; ${await world.uncommitted()} of ${input.produced} records are not committed`);
  const drainPeak = await drain(sandbox, world, service, input.produced);
  const seconds = (performance.now() - backAt) / 1000;
  return rowsOf(world, {
    options,
    produced: input.produced,
    memory: course(samples),
    drainPeak,
    seconds,
    samePid: service.process.pid === pid,
  });
}

/** Takes TikTok away; the answer brings it back. */
async function goAway({ simulator }: World, how: Way): Promise<() => Promise<void>> {
  if (how === 'refused') {
    await simulator.down();
    return () => simulator.up();
  }
  const id = simulator.faults.add(how === 'hanging' ? hang() : apiCode(50000, 500));
  return () => Promise.resolve(void simulator.faults.remove(id));
}

async function sample({ say }: Sandbox, { process: service }: ServiceProcess, forMs: number): Promise<number[]> {
  const samples: number[] = [];
  for (const end = performance.now() + forMs; performance.now() < end; await pause(SAMPLE_MS)) {
    samples.push(residentMiB(service.pid));
    if (samples.length % SAY_EVERY === 0)
      say(`${samples.length} s without TikTok: ${Math.round(samples.at(-1) ?? 0)} MiB`);
  }
  return samples;
}

/** Waits until all is counted and committed, within bounds; answers the peak of memory meanwhile. */
async function drain({ say }: Sandbox, world: World, service: ServiceProcess, due: number): Promise<number> {
  let peak = 0;
  for (let looked = 1, end = performance.now() + DRAIN_MS; performance.now() < end; looked++) {
    peak = Math.max(peak, residentMiB(service.process.pid));
    const open = await world.uncommitted();
    const { counted } = world.simulator.ledger().summary();
    if (looked % SAY_EVERY === 0) say(`draining: ${counted} of ${due} counted, ${open} not committed`);
    if (open === 0) break;
    await pause(SAMPLE_MS);
  }
  return peak;
}

interface Seen {
  readonly options: Options;
  readonly produced: number;
  readonly memory: Course;
  readonly drainPeak: number;
  readonly seconds: number;
  readonly samePid: boolean;
}

async function rowsOf(world: World, seen: Seen): Promise<Row[]> {
  const { options, produced, memory, drainPeak, seconds, samePid } = seen;
  const { counted, repeats } = world.simulator.ledger().summary();
  const ends = await world.admin.fetchTopicOffsets(world.topics.deadLetter);
  const letters = ends.reduce((sum, { high }) => sum + Number(high), 0);
  const open = await world.uncommitted();
  const mib = (value: number): string => `${Math.round(value)} MiB`;
  const growth = `${(memory.growth * 100).toFixed(1)} %`;
  return [
    ['input', `${options.rate} records/s over ${CONNECTIONS.length} connections, windows of ${WINDOW_MS} ms`],
    ['records produced', produced],
    ['memory at the start, settled, at the end', [memory.first, memory.settled, memory.last].map(mib).join(', ')],
    ['growth after settling', growth, !memory.flat],
    ['peak without TikTok, and while draining', `${mib(memory.peak)}, ${mib(drainPeak)}`],
    ['lost', produced - counted, counted !== produced],
    ['repeats', repeats],
    ['dead-lettered', letters, letters > 0],
    ['records not committed', open, open > 0],
    ['drained after', `${seconds.toFixed(1)} s (${Math.round(produced / seconds)} records/s)`],
    ['by the same process', samePid ? 'yes' : 'NO', !samePid],
  ];
}
