/**
 * `npm run demo`: real events through real Kafka, Redis and schema registry to the TikTok simulator, with the service
 * killed in mid-window. Ends with the count, and with exit code 0 only if the simulator's ledger holds exactly what
 * was produced, test events included, and the dead letters are those due. `--keep` leaves everything running.
 */

import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createProgress } from './demo-progress.ts';
import { judge, report } from './demo-report.ts';
import { CONNECTIONS, configure, createStream, type Stream } from './demo-scenario.ts';
import { eventually } from './eventually.ts';
import type { ServiceProcess } from './service-process.ts';
import { startStack } from './stack.ts';
import { tokensFor, World } from './world.ts';

const WINDOW_MS = 10_000;
const STEPS = 30;
const CONVERSIONS_PER_STEP = 20;
const STEP_MS = 700;
const KILL_AT_STEP = 20;

const { values: options } = parseArgs({ options: { keep: { type: 'boolean', default: false } } });
const progress = createProgress(process.stdout);

const stack = await startStack({ onProgress: line => progress.line(line) });
const world = await World.create(stack, {
  name: 'demo',
  windowMs: WINDOW_MS,
  env: { ...tokensFor(...CONNECTIONS), TIKTOK_SYNC_LOG_LEVEL: 'info' },
});
let exitCode = 1;
try {
  progress.line(`TikTok simulator is up (${world.simulator.url})`);
  const { connections, mappings, command } = await configure(world);
  progress.line(`${command}: ${connections} connections and ${mappings} mappings are on the config topic`);
  const service = await world.service('service');
  await service.process.start();
  progress.line(`the service is ready (${service.url}), its windows are ${WINDOW_MS / 1000} s long`);
  const stream = createStream(world, CONVERSIONS_PER_STEP);
  await run(stream, service);
  progress.line('the stream has ended; waiting until every record is settled and committed');
  await settle(stream);
  progress.line(await standing(stream));
  const [syncLog, letters] = [await world.read(world.topics.syncLog), await world.read(world.topics.deadLetter)];
  const verdict = judge(stream, world.simulator, syncLog, letters);
  progress.end();
  console.log(report(verdict, world.simulator));
  exitCode = verdict.agrees ? 0 : 1;
  if (options.keep) await keep(service);
  else await service.process.stop('SIGTERM');
} finally {
  progress.end();
  await world.close();
  await stack.stop();
}
process.exit(exitCode);

/** Produces the stream; in the middle, in mid-window, the service is killed and started again. */
async function run(stream: Stream, service: ServiceProcess): Promise<void> {
  for (let step = 1; step <= STEPS; step++) {
    await stream.step();
    await show(stream);
    if (step === KILL_AT_STEP) await killAndRestart(service);
    await pause(STEP_MS);
  }
}

async function killAndRestart(service: ServiceProcess): Promise<void> {
  const taken = world.simulator.ledger().summary().counted;
  progress.line(`kill -9 in mid-window, ${taken} events are with TikTok so far, the rest is only in memory`);
  await service.process.stop('SIGKILL');
  await service.process.start();
  progress.line('the service is back; what was in memory is read again from Kafka');
}

async function settle(stream: Stream): Promise<void> {
  await eventually(
    'everything settled',
    async () => {
      await show(stream);
      return (await world.uncommitted()) === 0;
    },
    60_000,
  );
}

async function show(stream: Stream): Promise<void> {
  progress.update(await standing(stream));
}

async function standing(stream: Stream): Promise<string> {
  const { counted, repeats, test } = world.simulator.ledger().summary();
  const open = await world.uncommitted();
  return `produced ${stream.produced} · with TikTok ${counted} (+${test} test, ${repeats} repeats) · not yet committed ${open}`;
}

async function keep(service: ServiceProcess): Promise<void> {
  const lines = Object.entries(world.env).map(([name, value]) => `  export ${name}=${value}`);
  console.log(`Everything keeps running until Ctrl-C.

Service          ${service.url}  (/status, /metrics, /readyz)
TikTok           ${world.simulator.url}/ledger/summary
Kafka            ${stack.brokers}
Schema registry  ${stack.registryUrl}
Redis            ${stack.redisUrl}
Logs             ${world.folder}

For an instance of your own:
${lines.join('\n')}
  npx tiktok-sync run`);
  const listening = setInterval(() => {}, 2 ** 30);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  clearInterval(listening);
}
