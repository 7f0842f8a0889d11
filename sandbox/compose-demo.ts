/**
 * The stream of `npm run demo` for the containers of docker-compose.yml: configures the service, produces the events
 * and waits until TikTok (its simulator) has every one of them, test events included, and every dead letter due is
 * written. Exit code 0 only if it is exactly those. May run again and again on the same Kafka and Redis.
 *   node sandbox/compose-demo.ts --service http://service:8080 [--steps 30]
 * Kafka, registry and simulator are those of the service's own environment variables.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createProgress } from './demo-progress.ts';
import { AGREEMENT, countLetters, differences, some } from './demo-report.ts';
import { configure, createStream, type Ground, keyOf } from './demo-scenario.ts';
import { EventProducer } from './event-producer.ts';
import { eventually } from './eventually.ts';
import { sandboxKafka } from './kafka.ts';
import { SimulatorClient } from './tiktok-simulator-client.ts';
import { type ReadRecord, TopicReader } from './topic-reader.ts';

const CONVERSIONS_PER_STEP = 20;
const STEP_MS = 700;
/** As the service has them: its defaults where nothing else is said. */
const TOPICS = {
  conversions: process.env['TIKTOK_SYNC_TOPIC_CONVERSIONS'] ?? 'sourceloop.conversions',
  revenueUpdates: process.env['TIKTOK_SYNC_TOPIC_REVENUE_UPDATES'] ?? 'sourceloop.revenue-updates',
  config: process.env['TIKTOK_SYNC_TOPIC_CONFIG'] ?? 'sourceloop.tiktok.config',
};
const DEAD_LETTER_TOPIC = process.env['TIKTOK_SYNC_TOPIC_DEAD_LETTER'] ?? 'sourceloop.tiktok.dead-letter';

const { values: options } = parseArgs({
  options: { service: { type: 'string' }, steps: { type: 'string', default: '30' } },
});
const serviceUrl = options.service ?? missing('--service');
const progress = createProgress(process.stdout);
const simulator = new SimulatorClient(variable('TIKTOK_SYNC_TIKTOK_BASE_URL'));
await eventually('the service is ready', async () => (await fetch(`${serviceUrl}/readyz`)).ok, 180_000);
progress.line(`the service is ready (${serviceUrl})`);
const producer = await EventProducer.connect({
  brokers: variable('TIKTOK_SYNC_KAFKA_BROKERS'),
  registryUrl: variable('TIKTOK_SYNC_REGISTRY_URL'),
  topics: TOPICS,
});

const letters = await TopicReader.follow(variable('TIKTOK_SYNC_KAFKA_BROKERS'), DEAD_LETTER_TOPIC);
const earlier = await earlierLetters();
await simulator.clear();
const ground: Ground = { producer, topics: TOPICS, simulator, env: environment() };
const { connections, mappings } = await configure(ground);
const entries = connections + mappings;
await eventually('the service has read its configuration', async () => (await entriesInForce()) === entries);
progress.line(`${connections} connections and ${mappings} mappings are in force`);
const stream = createStream(ground, CONVERSIONS_PER_STEP, `${Date.now().toString(36)}-`);
for (let step = 0; step < Number(options.steps); step++) {
  await stream.step();
  progress.update(`produced ${stream.produced} records · with TikTok ${(await simulator.summary()).counted} events`);
  await pause(STEP_MS);
}
progress.line('the stream has ended; waiting until TikTok has all of it');
const taken = await eventually('everything delivered', allTaken, 120_000);
await eventually('every dead letter written', async () => letterCount() >= lettersDue(), 120_000);
const surplus = [...taken].filter(key => !stream.expected.has(key));
const wrongLetters = differences(stream.expectedLetters, countLetters(ownLetters()), 'on the dead-letter topic');
const agrees = surplus.length === 0 && wrongLetters.length === 0;
progress.end();
console.log(`
  records produced                  ${String(stream.produced).padStart(6)}
  events expected                   ${String(stream.expected.size).padStart(6)}
  taken by the TikTok simulator     ${String(taken.size).padStart(6)}
  lost                                   0
  dead letters                      ${String(letterCount()).padStart(6)}

${agrees ? AGREEMENT : `Unexpected: ${some(surplus)}. Wrong dead letters: ${some(wrongLetters)}.`}`);
await letters.close();
await producer.close();
process.exit(agrees ? 0 : 1);

async function entriesInForce(): Promise<number> {
  const response = await fetch(`${serviceUrl}/status`, { signal: AbortSignal.timeout(5_000) });
  return ((await response.json()) as { config: { entries: number } }).config.entries;
}

/** What TikTok has taken, once nothing is missing; null before. */
async function allTaken(): Promise<ReadonlySet<string> | null> {
  const { events } = await simulator.ledger();
  const keys = new Set(events.map(keyOf));
  return [...stream.expected].every(key => keys.has(key)) ? keys : null;
}

function letterCount(): number {
  return sum(countLetters(ownLetters()));
}

/** Those of this stream. */
function ownLetters(): readonly ReadRecord[] {
  return letters.records.slice(earlier);
}

/** How many letters earlier streams have left; all of them are read then, so that those that follow are ours. */
async function earlierLetters(): Promise<number> {
  const admin = sandboxKafka(variable('TIKTOK_SYNC_KAFKA_BROKERS')).admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(DEAD_LETTER_TOPIC);
  await admin.disconnect();
  const count = ends.reduce((total, { high, low }) => total + Number(high) - Number(low), 0);
  await eventually('the letters of earlier streams', () => letters.records.length >= count);
  return count;
}

function lettersDue(): number {
  return sum(stream.expectedLetters);
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

/** All of it: the command takes what it knows. */
function environment(): Record<string, string> {
  return Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? '']));
}

function variable(name: string): string {
  return process.env[name] ?? missing(name);
}

function missing(what: string): never {
  console.error(`${what} is not set`);
  process.exit(2);
}
