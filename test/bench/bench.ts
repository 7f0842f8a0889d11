/**
 * `npm run bench`: how many records the service takes through per second of its own CPU, and its peak memory.
 *
 * Preloaded events on real Kafka, 200 connections by a Zipf distribution, 1.16 mappings per event, 10 % repeats, 5 s
 * windows, TikTok's simulator with 40 ms latency; sync log, marks and commits included. CPU and memory are those of
 * the service's process alone, from /proc. Ends with an error when the simulator did not count exactly what was due.
 */

import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import type { Fields } from '../../sandbox/event-producer.ts';
import { eventually } from '../../sandbox/eventually.ts';
import { startStack } from '../../sandbox/stack.ts';
import { latency } from '../../sandbox/tiktok-faults.ts';
import { tokensFor, World } from '../../sandbox/world.ts';

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '330000' },
    connections: { type: 'string', default: '200' },
    'cpu-profile': { type: 'boolean', default: false },
  },
});
const RECORDS = Number(values.records);
const CONNECTIONS = Number(values.connections);
const WINDOW_MS = 5_000;
const LATENCY_MS = 40;
const REPEATS = 0.1;
/** Kernel ticks per second, as /proc counts CPU time. */
const TICKS = 100;

const ids = Array.from({ length: CONNECTIONS }, (_, index) => `c${index}`);
const random = seeded(42);
const weights = ids.map((_, rank) => 1 / (rank + 1));
const totalWeight = weights.reduce((sum, weight) => sum + weight, 0);

await using stack = await startStack({ onProgress: line => console.log(line) });
await using world = await World.create(stack, {
  name: 'bench',
  partitions: 12,
  windowMs: WINDOW_MS,
  simulator: { ledgerLimits: { maxEvents: RECORDS * 2, maxRequests: RECORDS, rawEvents: 0 } },
  env: {
    ...tokensFor(...ids),
    TIKTOK_SYNC_LOG_LEVEL: 'warn',
    ...(values['cpu-profile'] ? { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${process.cwd()}/.tmp/profile` } : {}),
  },
});
world.simulator.faults.add(latency(LATENCY_MS));

for (const [index, id] of ids.entries()) {
  await world.connect(id, { default_country: 'GB' });
  await world.producer.mapping({
    mapping_id: `lead-${id}`,
    connection_id: id,
    trigger: 'CONVERSION_CREATED',
    tiktok_event_name: 'Lead',
    include_value: true,
    value_source: 'QUOTE_VALUE',
    currency: 'GBP',
  });
  if (index % 6 !== 0) continue;
  await world.producer.mapping({
    mapping_id: `contact-${id}`,
    connection_id: id,
    trigger: 'CONVERSION_CREATED',
    tiktok_event_name: 'Contact',
  });
}
const due = await preload();
console.log(`${RECORDS} records are on Kafka, ${due} events are due; starting the service`);

let lastLine = 0;
const startedAt = performance.now();
const service = await world.startService();
const pid = service.process.pid;
if (pid === undefined) throw new Error('the service is not running');
const idle = cpuSeconds(pid);
await eventually('everything committed', reportedProgress, 600_000);
const seconds = (performance.now() - startedAt) / 1000;
const cpu = cpuSeconds(pid);
const { counted, repeats } = world.simulator.ledger().summary();
const peakMiB = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
const requests = world.simulator.ledger().summary().requests;
if (values['cpu-profile']) await service.process.stop('SIGTERM');

console.log(`
machine                      ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}
records                      ${RECORDS}
events counted by TikTok     ${counted} of ${due} due, ${repeats} repeats, in ${requests} requests
wall clock                   ${seconds.toFixed(1)} s
CPU of the service           ${cpu.toFixed(1)} s (${idle.toFixed(1)} s of it to start)
records per CPU-second       ${Math.round(RECORDS / (cpu - idle))}
peak memory                  ${Math.round(peakMiB)} MiB`);
if (counted !== due) throw new Error(`expected ${due} events, TikTok counted ${counted}`);

/** True when everything is committed; a line every few seconds until then. */
async function reportedProgress(): Promise<boolean> {
  const open = await world.uncommitted();
  if (performance.now() - lastLine > 5_000) {
    lastLine = performance.now();
    console.log(`${RECORDS - open} of ${RECORDS} records committed`);
  }
  return open === 0;
}

/** Puts the records on Kafka; returns how many events TikTok should count. */
async function preload(): Promise<number> {
  let due = 0;
  let recent: Fields[] = [];
  for (let done = 0; done < RECORDS; ) {
    const size = Math.min(10_000, RECORDS - done);
    const events: Fields[] = [];
    for (let i = 0; i < size; i++) {
      const repeat = recent.length > 0 && random() < REPEATS ? recent[Math.floor(random() * recent.length)] : undefined;
      if (repeat !== undefined) events.push(repeat);
      else {
        const rank = zipf();
        events.push(conversion(done + i, rank));
        due += rank % 6 === 0 ? 2 : 1;
      }
    }
    await world.producer.conversions(events);
    recent = events;
    done += size;
  }
  return due;
}

function conversion(serial: number, rank: number): Fields {
  return {
    conversion_id: `conversion-${serial.toString(36).padStart(12, '0')}`,
    workspace_id: `workspace-c${rank}`,
    contact_id: `contact-${serial % 50_000}`,
    event_name: 'Contact form',
    occurred_at: Date.now(),
    email: `visitor.${serial}@example.com`,
    phone: `+4477009${String(serial % 100_000).padStart(5, '0')}`,
    country: 'GB',
    quote_value: `${(serial % 1000) + 0.5}`,
    currency: 'GBP',
    last_touch: {
      ttclid: `E.C.P.${serial.toString(36).padStart(48, 'A')}`,
      page_url: `https://shop.example/landing?utm_source=tiktok&visit=${serial}`,
      ip: `81.2.${serial % 250}.${(serial >> 8) % 250}`,
      user_agent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15',
      occurred_at: Date.now() - 60_000,
    },
  };
}

function zipf(): number {
  let target = random() * totalWeight;
  for (const [rank, weight] of weights.entries()) {
    target -= weight;
    if (target <= 0) return rank;
  }
  return weights.length - 1;
}

/** User and system time of a process so far. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** Mulberry32: the same stream of events in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
