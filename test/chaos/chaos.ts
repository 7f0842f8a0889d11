/**
 * `npm run chaos`: two instances under steady load on three brokers, while instances are killed, brokers are restarted
 * and replicas are moved. Ends with a table, and with exit code 1 when a promise was broken:
 * every expected event counted by TikTok exactly once, repeats only of requests that were in flight, and commits never
 * at a standstill for more than 15 s while brokers are worked on.
 */

import { copyFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { eventually } from '../../sandbox/eventually.ts';
import { startStack } from '../../sandbox/stack.ts';
import { latency } from '../../sandbox/tiktok-faults.ts';
import { tokensFor, World } from '../../sandbox/world.ts';
import { unbalanced } from '../story/books.ts';
import { ids, lead } from '../story/business.ts';
import { reassign, rollingRestart } from './brokers.ts';
import { CommitWatch } from './commit-watch.ts';
import { Instance } from './instance.ts';
import { killAtRandom } from './kills.ts';
import { Load } from './load.ts';
import { seededRandom } from './seeded-random.ts';
import { judge } from './verdict.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '30' },
    /** In which all kills happen. */
    seconds: { type: 'string', default: '240' },
    'rolling-restarts': { type: 'string', default: '6' },
    reassignments: { type: 'string', default: '3' },
    rate: { type: 'string', default: '300' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const BROKERS = 3;
const PARTITIONS = 8;
const CONNECTIONS = ids('connection', 10);
const LATENCY_MS = 60;
const MAX_STALL_MS = 15_000;
/** Lost events that are explained. */
const SHOWN = 8;
const BETWEEN_MOVES_MS = 5_000;
const PLACES = [
  [2, 3],
  [3, 1, 2],
  [1, 2],
] as const;

const startedAt = performance.now();
const say = (text: string): void =>
  console.log(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${text}`);
const random = seededRandom(Number(values.seed));
say(`seed ${values.seed}`);

await using stack = await startStack({ brokers: BROKERS, onProgress: say });
await using world = await World.create(stack, {
  name: 'chaos',
  partitions: PARTITIONS,
  replicationFactor: BROKERS,
  simulator: { ledgerLimits: { maxEvents: 2_000_000, maxRequests: 1_000_000, rawEvents: 0 } },
  env: { ...tokensFor(...CONNECTIONS), TIKTOK_SYNC_LOG_LEVEL: 'info' },
});
world.simulator.faults.add(latency(LATENCY_MS));
for (const id of CONNECTIONS) {
  await world.connect(id);
  await world.producer.mapping(lead(id));
}
const topics = Object.values(world.topics);
const eventTopics = [world.topics.conversions, world.topics.revenueUpdates];

const instances = [new Instance(await world.service('one')), new Instance(await world.service('two'))];
const load = new Load(world, {
  connections: CONNECTIONS,
  eventsPerSecond: Number(values.rate),
  duplicates: 0.05,
  random,
});
load.start();
const progress = setInterval(() => showProgress(), 5_000);

const kills = await killAtRandom(instances, {
  kills: Number(values.kills),
  withinMs: Number(values.seconds) * 1000,
  random,
  onKill: (serial, { service }) => say(`kill -9 number ${serial}: ${service.process.name}`),
});
const longestStallMs = await workOnBrokers();
await load.stop();
say('the load has ended; waiting until everything is settled and committed');
await world.allCommitted(180_000).catch(() => say('not everything was committed within three minutes'));
const uncommitted = await world.uncommitted();
const wrongBooks = await unbalanced(instances.map(({ service }) => service));
const letters = (await world.admin.fetchTopicOffsets(world.topics.deadLetter)).reduce(
  (sum, { high }) => sum + Number(high),
  0,
);
const ends = await Promise.all(instances.map(instance => instance.stop()));
clearInterval(progress);
if (!report()) {
  process.exitCode = 1;
  await explain();
}

/** Rolling restarts and reassignments; returns the longest standstill of the commits meanwhile. */
async function workOnBrokers(): Promise<number> {
  const [restarts, moves] = [Number(values['rolling-restarts']), Number(values.reassignments)];
  if (restarts + moves === 0) return 0;
  await recovered();
  const watch = new CommitWatch({ brokers: stack.brokers, groupId: world.groupId, topics: eventTopics });
  for (let round = 1; round <= restarts; round++) {
    await rollingRestart(stack, BROKERS, world.admin, topics);
    say(`rolling restart ${round} of ${restarts} done, longest standstill of commits ${seconds(watch.longestStallMs)}`);
  }
  for (let round = 0; round < moves; round++) {
    const replicas = PLACES[round % PLACES.length] ?? [];
    await reassign(world.admin, topics, replicas);
    say(`replicas moved to brokers ${replicas.join(', ')}, longest standstill ${seconds(watch.longestStallMs)}`);
    await pause(BETWEEN_MOVES_MS);
  }
  // A standstill that the last of it began would show within this time.
  await pause(MAX_STALL_MS + 2_000);
  await watch.stop();
  return watch.longestStallMs;
}

/** The last kill is over and done with: only the last seconds of the load are not yet committed. */
async function recovered(): Promise<void> {
  const fewSeconds = 4 * Number(values.rate);
  await eventually('the group has recovered', async () => (await world.uncommitted()) < fewSeconds, 120_000);
}

function showProgress(): void {
  const { counted, repeats } = world.simulator.ledger().summary();
  const rate = Math.round(load.produced / ((performance.now() - startedAt) / 1000));
  say(`produced ${load.produced} (${rate}/s), due ${load.expected.size}, with TikTok ${counted}, repeats ${repeats}`);
}

/** Prints the table; false when a promise was broken. */
function report(): boolean {
  const verdict = judge(world.simulator.ledger(), load.expected, kills);
  const { repeats } = verdict;
  const ownEnds = instances.flatMap(instance => instance.ownEnds);
  const rows: readonly (readonly [what: string, value: string | number, broken: boolean])[] = [
    ['records produced', load.produced, false],
    ['events due', verdict.expected, false],
    ['lost', verdict.lost.length, verdict.lost.length > 0],
    ['counted twice', verdict.doubled.length, verdict.doubled.length > 0],
    ['counted, never produced', verdict.surplus.length, verdict.surplus.length > 0],
    ['records not committed', uncommitted, uncommitted > 0],
    ['dead-lettered', letters, letters > 0],
    ['repeats of requests never answered', repeats.never_answered, false],
    ['repeats of requests answered within 1 s before a kill', repeats.answered_just_before_a_kill, false],
    ['repeats of requests still being marked', repeats.overlapping, false],
    ['repeats without explanation', repeats.unexplained, repeats.unexplained > 0],
    ['requests repeated', verdict.repeatedRequests, verdict.repeatedRequests > kills.length * CONNECTIONS.length],
    ['kills', kills.length, false],
    ['ended by itself and was restarted', ownEnds.join(', ') || 0, false],
    ['rolling restarts of all brokers', values['rolling-restarts'], false],
    ['reassignments of all replicas', values.reassignments, false],
    ['longest standstill of commits', seconds(longestStallMs), longestStallMs > MAX_STALL_MS],
    ['books that do not balance', wrongBooks.length, wrongBooks.length > 0],
    ['ended when asked to', ends.join(', '), ends.some(end => end !== 'exit code 0')],
  ];
  const width = Math.max(...rows.map(([what]) => what.length));
  console.log(`\nseed ${values.seed}, ${seconds(performance.now() - startedAt)}`);
  for (const [what, value, broken] of rows) console.log(`  ${what.padEnd(width)}  ${value}${broken ? '  BROKEN' : ''}`);
  return rows.every(([, , broken]) => !broken);
}

/** What the sync log says of the first events that were lost, and where the logs of the instances are. */
async function explain(): Promise<void> {
  const { lost } = judge(world.simulator.ledger(), load.expected, kills);
  const entries = lost.length === 0 ? [] : await world.syncLog();
  const records = lost.length === 0 ? [] : await world.read(world.topics.conversions);
  for (const key of lost.slice(0, SHOWN)) {
    const of = entries.filter(({ event_id }) => key.endsWith(`|${event_id}`));
    const told = of.map(({ claimant, offset, outcome, partition, reason, settled_at }) => {
      const clock = new Date(settled_at).toISOString().slice(11, 23);
      return `${clock} ${partition}@${offset} ${outcome} (${reason}${claimant === null ? '' : `, claimed by ${claimant}`})`;
    });
    const id = key.slice(key.lastIndexOf('|') + 1);
    // In Avro a string is followed by the next field's length byte, so that an id is not found within a longer one.
    const at = records.filter(
      ({ value }) => value !== null && new RegExp(`${id}[^0-9]`).test(value.toString('latin1')),
    );
    const places = at.map(({ offset, partition }) => `${partition}@${offset}`).join(', ');
    console.log(`  lost: ${key}, on Kafka at ${places || 'no offset'}: ${told.join('; ') || 'not in the sync log'}`);
  }
  for (const book of wrongBooks) console.log(`  does not balance: ${JSON.stringify(book)}`);
  const kept = mkdtempSync(join(tmpdir(), 'tiktok-sync-chaos-'));
  for (const { service } of instances) copyFileSync(service.process.logFile, join(kept, `${service.process.name}.log`));
  console.log(`  kills at ${kills.map(kill => new Date(kill).toISOString().slice(11, 23)).join(', ')}`);
  console.log(`  logs of the instances are kept in ${kept}`);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
