/**
 * `npm run bench -- rotation`: under load, TikTok gives two connections new tokens without telling us; later the new
 * tokens are given to the service: one in the file that the entry names, one by a new entry. A third one's requests fail
 * for so long, and its token changes while its events are retried. Is every event delivered in the end, and how long is
 * the old token still used?
 *
 * What could not be delivered meanwhile are dead letters, brought back by the redrive that follows a repair by itself;
 * with `--by-hand` by one that is started by hand, killed half way and started again.
 * Bounds: every event of every connection counted once, no other connection with a dead letter, and nothing sent twice
 * but what was under way when the redrive was killed: of each connection a request, and one whose marks are being written.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { runCommand } from '../../sandbox/command-run.ts';
import { eventually } from '../../sandbox/eventually.ts';
import { tokenDigest } from '../../sandbox/tiktok-access.ts';
import { apiCode, latency } from '../../sandbox/tiktok-faults.ts';
import { pixelOf, type World } from '../../sandbox/world.ts';
import { type Row, runInSandbox, type Sandbox } from './run-in-sandbox.ts';
import { SteadyInput } from './steady-input.ts';

const BY_FILE = 'by-file';
const BY_ENTRY = 'by-entry';
const RETRYING = 'retrying';
const BROKEN = [BY_FILE, BY_ENTRY] as const;
const ROTATED = [...BROKEN, RETRYING] as const;
const CONNECTIONS = [...ROTATED, ...Array.from({ length: 17 }, (_, index) => `c${index}`)];
const WINDOW_MS = 1_000;
const LATENCY_MS = 40;
const BY_ITSELF = 'by itself';
const BY_HAND = 'by hand, killed once';
const REDRIVE = ['dead-letters', 'redrive'];
const RATE = ['--rate', '50'];
const REDRIVE_MS = 300_000;
const UNDER_WAY = 2;
const ENV = { TIKTOK_SYNC_DELIVERY_RETRY_MAX_MS: '5000' };
const WARM_UP_MS = 10_000;
const BROKEN_MS = 15_000;
const REPAIRED_MS = 15_000;

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { rate: { type: 'string', default: '1000' }, 'by-hand': { type: 'boolean', default: false } },
  });
  await runInSandbox('rotation: two tokens broken and repaired under load', sandbox =>
    measure(sandbox, Number(values.rate), values['by-hand']),
  );
}

async function measure(sandbox: Sandbox, rate: number, isByHand: boolean): Promise<Row[]> {
  const { say } = sandbox;
  await using world = await sandbox.world({
    name: 'rotation',
    connections: CONNECTIONS,
    windowMs: WINDOW_MS,
    env: { ...ENV, TIKTOK_SYNC_REDRIVE_ENABLED: String(!isByHand) },
  });
  world.simulator.faults.add(latency(LATENCY_MS));
  for (const id of ROTATED) {
    giveToken(world, `${id}-1`, oldToken(id));
    await world.connect(id, { access_token: `file:${id}-1` });
    world.simulator.addPixel(pixelOf(id), oldToken(id));
  }
  await world.startService();
  const input = new SteadyInput(world, { connections: CONNECTIONS, rate });
  input.start();
  await pause(WARM_UP_MS);
  for (const id of BROKEN) world.simulator.addPixel(pixelOf(id), newToken(id));
  const failing = world.simulator.faults.add({ ...apiCode(50000, 500), pixel: pixelOf(RETRYING) });
  say('TikTok knows two tokens no more, and fails a third connection');
  await pause(BROKEN_MS);
  const repairedAt = Date.now();
  world.simulator.faults.remove(failing);
  world.simulator.addPixel(pixelOf(RETRYING), newToken(RETRYING));
  giveToken(world, `${RETRYING}-1`, newToken(RETRYING));
  giveToken(world, `${BY_FILE}-1`, newToken(BY_FILE));
  giveToken(world, `${BY_ENTRY}-2`, newToken(BY_ENTRY));
  await world.connect(BY_ENTRY, { access_token: `file:${BY_ENTRY}-2` });
  world.simulator.addPixel(pixelOf(BY_ENTRY), newToken(BY_ENTRY));
  say('the service is given the new tokens');
  await pause(REPAIRED_MS);
  await input.stop();
  await world.allCommitted(60_000);
  const { deadLetter } = world.topics;
  const letters = (await world.read(deadLetter)).map(({ headers }) => String(headers['tiktok-sync.connection']));
  const first = missing(world, input);
  say(`the load has ended; ${letters.length} dead letters, ${first} events not delivered: waiting for the redrive`);
  const waited = performance.now();
  const mayRepeat = isByHand ? await redrivenByHand(sandbox, world, input) : await redrivenByItself(world, input);
  const seconds = ((performance.now() - waited) / 1000).toFixed(1);
  const { repeats } = world.simulator.ledger().summary();
  return [
    ['input', `${rate} records/s over ${CONNECTIONS.length} connections, windows of ${WINDOW_MS} ms`],
    ['records produced', input.produced],
    ...ROTATED.map(id => lastUseRow(world, id, repairedAt)),
    ['dead letters of the two', letters.filter(id => BROKEN.some(broken => broken === id)).length],
    ...otherLettersRow(letters),
    [
      'delivered in the end',
      deliveredIn(world, input, first, `${isByHand ? BY_HAND : BY_ITSELF}, ${seconds} s`),
      missing(world, input) !== 0,
    ],
    ['repeats', `${repeats} of at most ${mayRepeat}`, repeats > mayRepeat],
  ];
}

/** Waits until the letters have been delivered; answers how many events may be sent twice: none. */
async function redrivenByItself(world: World, input: SteadyInput): Promise<number> {
  await eventually('all events', () => missing(world, input) === 0, REDRIVE_MS).catch(() => {});
  return 0;
}

/** Delivers the letters in two runs; answers how many events were under way when the first was killed. */
async function redrivenByHand({ say }: Sandbox, world: World, input: SteadyInput): Promise<number> {
  const due = missing(world, input);
  const killed = runCommand([...REDRIVE, '--all', '--name', 'rotation', ...RATE], world.env);
  await eventually('half of the letters', () => missing(world, input) <= due / 2, REDRIVE_MS).catch(() => {});
  killed.kill('SIGKILL');
  await killed.ended;
  const requests = world.simulator.ledger().requests();
  const underWay = BROKEN.flatMap(id =>
    requests.filter(({ event_source_id }) => event_source_id === pixelOf(id)).slice(-UNDER_WAY),
  );
  say(`killed it with ${missing(world, input)} of ${due} letters not delivered; starting it again`);
  const again = await runCommand([...REDRIVE, '--job', 'rotation'], world.env).ended;
  say(`it ended with exit code ${again.exitCode}`);
  return underWay.reduce((sum, { events }) => sum + events, 0);
}

function deliveredIn(world: World, input: SteadyInput, atFirst: number, how: string): string {
  const left = missing(world, input);
  const back = `${atFirst - left} of them by a redrive (${how})`;
  return left === 0 ? `all ${input.produced}, ${back}` : `${left} NOT DELIVERED, ${back}`;
}

function otherLettersRow(letters: readonly string[]): Row[] {
  const others = letters.filter(id => !BROKEN.some(broken => broken === id)).length;
  return [['dead letters of others', others, others > 0]];
}

/** When the old token was used last, seen from the repair. */
function lastUseRow({ simulator }: World, id: string, repairedAt: number): Row {
  const uses = simulator.ledger().tokens();
  const [before, after] = [uses[tokenDigest(oldToken(id))], uses[tokenDigest(newToken(id))]];
  if (before === undefined || after === undefined) return [`token ${id}`, 'THE NEW ONE WAS NEVER USED', true];
  const since = (at: number): string => `${((at - repairedAt) / 1000).toFixed(2)} s`;
  const refused = before.by_code['40105'] ?? 0;
  return [
    `token ${id}, seen from the repair`,
    `old used last at ${since(before.last_at)} (refused ${refused} times), new first at ${since(after.first_at)}`,
  ];
}

/** Events of all connections that TikTok has not counted. */
function missing({ simulator }: World, input: SteadyInput): number {
  return input.produced - simulator.ledger().summary().counted;
}

function giveToken({ folder }: World, name: string, token: string): void {
  writeFileSync(join(folder, name), `${token}\n`);
}

function oldToken(id: string): string {
  return `old-token-of-${id}-0123456789`;
}

function newToken(id: string): string {
  return `new-token-of-${id}-0123456789`;
}
