import { describe, expect, it } from 'vitest';
import type { EventsApiAnswer } from '../../src/ports.ts';
import { accepted, coded } from '../fakes/scripted-events-api.ts';
import { setUpLanes } from './lanes.ts';
import { startPipeline } from './whole-pipeline.ts';

const SECOND = 1_000;
const RATES = { rateStartPerSecond: 10, rateCeilingPerSecond: 100, rateFloorPerSecond: 0.1, rateIncreasePerSecond: 1 };

const WINDOWS = { sizeMs: 2 * SECOND, batchMaxEvents: 4, batchMaxBytes: 100_000 };
const SMALL = { maxEvents: 200, maxBytes: 10_000_000, pressureRatio: 0.8, resumeRatio: 0.5 };
const REASONS_OF_BOTH = new Set(['accepted', 'connection_backpressure']);

type Running = Awaited<ReturnType<typeof startPipeline>>;

/** Five minutes of input: ten events a second of `c-1`, which is in trouble, and two of `c-2`. */
async function fiveMinutes({ clock, feed, source, syncLog }: Running) {
  const fedAt = new Map<string, number>();
  let standing = 0;
  let longestStanding = 0;
  for (let second = 0; second < 300; second++) {
    for (let i = 0; i < 10; i++) feed(`slow-${second}-${i}`);
    for (let i = 0; i < 2; i++) {
      fedAt.set(`quick-${second}-${i}`, clock.now());
      feed(`quick-${second}-${i}`, { workspace: 'ws-2', partition: 1 });
    }
    await source.deliver();
    await clock.advance(SECOND);
    standing = source.status().paused.includes('buffer') ? standing + 1 : 0;
    longestStanding = Math.max(longestStanding, standing);
  }
  const entriesOf = (name: string) => syncLog.entries.filter(({ event_id }) => event_id?.startsWith(name));
  const reasonsOf = (name: string) => new Set(entriesOf(name).map(({ reason }) => reason));
  const afterAMinute = entriesOf('quick').filter(({ event_id }) => Number(event_id?.split('-')[1]) >= 60);
  const waits = afterAMinute.map(({ event_id, settled_at }) => (settled_at ?? 0) - (fedAt.get(event_id ?? '') ?? 0));
  return { longestStanding, waits, slow: reasonsOf('slow'), quick: reasonsOf('quick') };
}

describe('a connection that TikTok throttles while single requests of it pass', () => {
  it('does not fill the buffer: the other one keeps flowing', async () => {
    const pipeline = await startPipeline({ window: WINDOWS, budget: SMALL }, RATES);
    const { api, balance, clock } = pipeline;
    let mayPassAt = 0;
    let passed = 0;
    api.answer = ({ accessToken }) => {
      if (accessToken !== 'file:c-1') return accepted();
      if (clock.monotonic() < mayPassAt) return coded(40100, 'too frequent', 429);
      mayPassAt = clock.monotonic() + 2 * SECOND;
      passed++;
      return accepted();
    };
    const { longestStanding, quick, slow, waits } = await fiveMinutes(pipeline);
    expect(passed).toBeGreaterThan(30);
    expect(longestStanding).toBeLessThanOrEqual(15);
    expect(quick).toEqual(new Set(['accepted']));
    expect(waits.length).toBeGreaterThan(2 * 230);
    expect(Math.max(...waits)).toBeLessThanOrEqual(10 * SECOND);
    expect(slow).toEqual(REASONS_OF_BOTH);
    expect(balance().consumed).toBe(balance().accounted);
  });
});

describe('a connection that TikTok answers slowly', () => {
  const answerAfter = ({ clock }: Running, ms: number): Promise<EventsApiAnswer> =>
    new Promise(resolve => void clock.after(ms, () => resolve({ ...accepted(), durationMs: ms })));

  it('does not fill the buffer though every request of it passes: the other one keeps flowing', async () => {
    const pipeline = await startPipeline({ window: WINDOWS, budget: SMALL });
    const { api, balance, deadLetters } = pipeline;
    api.answer = ({ accessToken }) => answerAfter(pipeline, accessToken === 'file:c-1' ? 8 * SECOND : 100);
    const { longestStanding, quick, slow, waits } = await fiveMinutes(pipeline);
    expect(longestStanding).toBeLessThanOrEqual(15);
    expect(quick).toEqual(new Set(['accepted']));
    expect(waits.length).toBeGreaterThan(2 * 230);
    expect(Math.max(...waits)).toBeLessThanOrEqual(10 * SECOND);
    expect(slow).toEqual(REASONS_OF_BOTH);
    expect(deadLetters.letters[0]?.detail).toMatch(/slow, and may hold 10 % .*: its last answer took 8 s$/);
    expect(balance().consumed).toBe(balance().accounted);
  });

  it('has recovered once it was answered quickly for fifteen minutes: then its letters are redriven', async () => {
    const pipeline = await startPipeline({ window: WINDOWS, budget: SMALL });
    const { api, clock, feed, source, states } = pipeline;
    const releases: (string | null)[] = [];
    states.onReleased(({ connectionId, cause }) => releases.push(`${connectionId} ${cause}`));
    const minutes = async (count: number) => {
      for (let minute = 0; minute < count; minute++) {
        feed(`late-${clock.now()}`);
        feed(`other-${clock.now()}`, { workspace: 'ws-2', partition: 1 });
        await source.deliver();
        await clock.advance(60 * SECOND);
      }
    };
    api.answer = ({ accessToken }) => answerAfter(pipeline, accessToken === 'file:c-1' ? 8 * SECOND : 100);
    await fiveMinutes(pipeline);
    await minutes(20);
    expect(releases).toEqual([]);
    api.answer = () => answerAfter(pipeline, 100);
    await minutes(14);
    expect(releases).toEqual([]);
    await minutes(3);
    expect(releases).toEqual(['c-1 recovered']);
  });

  it('keeps what it holds where the other one is as slow: that is not its doing', async () => {
    const pipeline = await startPipeline({ window: WINDOWS, budget: SMALL });
    pipeline.api.answer = () => answerAfter(pipeline, 8 * SECOND);
    const { quick, slow } = await fiveMinutes(pipeline);
    expect([quick, slow]).toEqual([new Set(['accepted']), new Set(['accepted'])]);
  });

  it.each([
    ['lets go of what it holds above its share', 0, false, 80],
    ['keeps it where it was deleted and made anew: of that one nothing is known', 0, true, 0],
    ['keeps it where its requests waited for a connection of ours: that is not its doing', 5 * SECOND, false, 0],
  ])('%s', async (_, waitedMs, isMadeAnew, letters) => {
    const lanes = setUpLanes({ budget: { maxEvents: 100, pressureRatio: 0.8 }, others: ['connection-2'] });
    const { api, assignment, clock, connections, deliver, delivery, endings } = lanes;
    for (let answer = 0; answer < 3; answer++) {
      api.next.push(() => ({ ...accepted(), durationMs: 8 * SECOND, waitedMs }));
      deliver(1);
      deliver(1, { connectionId: 'connection-2' });
      await clock.advance(20 * SECOND);
    }
    const entry = connections.get('connection-1')!;
    if (isMadeAnew) connections.delete('connection-1');
    await clock.advance(60 * SECOND);
    delivery.relieve(assignment);
    connections.set('connection-1', entry);
    api.answer = () => new Promise(() => {});
    for (let batch = 0; batch < 9; batch++) deliver(10);
    delivery.relieve(assignment);
    expect(endings().filter(ending => ending.endsWith(' connection_backpressure'))).toHaveLength(letters);
  });
});

describe('a busy connection', () => {
  it('that was throttled once keeps what it holds under pressure: it is soon back at its rate', async () => {
    const budget = { maxEvents: 100, pressureRatio: 0.8 };
    const { api, assignment, clock, deliver, delivery, endings } = setUpLanes({
      budget,
      // Its own ceiling makes it wait for each request.
      rates: { ...RATES, rateStartPerSecond: 1, rateCeilingPerSecond: 1 },
      others: ['connection-2'],
    });
    api.next.push(() => coded(40100, 'too frequent', 429));
    for (let batch = 0; batch < 20; batch++) deliver(10);
    for (let second = 0; second < 50; second++) {
      delivery.relieve(assignment);
      await clock.advance(SECOND);
    }
    expect(endings()).toHaveLength(200);
    expect(new Set(endings().map(ending => ending.split(' ')[1]))).toEqual(new Set(['accepted']));
  });
});

describe('many failing connections, each within its share', () => {
  const FAILING = ['connection-1', 'connection-2', 'connection-3', 'connection-4', 'connection-5', 'connection-6'];
  const own = () => coded(40202, 'write conflict');

  /** Six batches of nine fail, and a seventh connection fills the buffer for a moment. */
  async function crowded() {
    const lanes = setUpLanes({
      budget: { maxEvents: 100, pressureRatio: 0.8 },
      others: [...FAILING.slice(1), 'connection-7'],
    });
    const { api, assignment, clock, deliver, delivery } = lanes;
    api.answer = ({ eventIds }) => (Number(eventIds[0]?.split('-')[1]) < 54 ? own() : accepted());
    for (const connectionId of FAILING) deliver(9, { connectionId });
    deliver(46, { connectionId: 'connection-7' });
    expect(assignment.isFull).toBe(true);
    await clock.advance(9 * SECOND);
    delivery.relieve(assignment);
    expect(assignment.budget.events).toBe(54);
    await clock.advance(2 * SECOND);
    return lanes;
  }

  it('make room while reading stands still, though there is no pressure any more: the batches that wait to be tried go', async () => {
    const { assignment, clock, delivery, endings } = await crowded();
    expect([assignment.budget.underPressure, assignment.budget.isDraining]).toEqual([false, true]);
    delivery.relieve(assignment);
    await clock.idle();
    expect(assignment.isDrained).toBe(true);
    expect(assignment.budget.events).toBe(18);
    expect(endings().filter(ending => ending.endsWith(' connection_backpressure'))).toHaveLength(36);
    expect(assignment.budget.isDraining).toBe(false);
    await clock.advance(20 * SECOND);
    delivery.relieve(assignment);
    expect(assignment.budget.events).toBe(18);
  });

  it('let go of all that is left of a batch that is tried in parts', async () => {
    const lanes = setUpLanes({
      budget: { maxEvents: 100, pressureRatio: 0.8 },
      others: [...FAILING.slice(1), 'connection-7'],
    });
    const { api, assignment, clock, deliver, delivery, endings } = lanes;
    api.next.push(...FAILING.map(() => () => coded(40016, 'biz fc error')));
    api.answer = ({ eventIds }) => (Number(eventIds[0]?.split('-')[1]) < 54 ? own() : accepted());
    for (const connectionId of FAILING) deliver(9, { connectionId });
    await clock.idle();
    deliver(46, { connectionId: 'connection-7' });
    await clock.advance(9 * SECOND);
    // Each is at its second attempt, with three slices of three.
    expect(api.sent.at(-1)).toHaveLength(3);
    delivery.relieve(assignment);
    await clock.advance(2 * SECOND);
    delivery.relieve(assignment);
    await clock.idle();
    expect(endings().filter(ending => ending.endsWith(' connection_backpressure'))).toHaveLength(36);
    expect(assignment.budget.events).toBe(18);
  });

  it('keep everything while a rebalance may be coming', async () => {
    const { assignment, clock, delivery } = await crowded();
    assignment.suspend();
    delivery.relieve(assignment);
    await clock.idle();
    expect(assignment.budget.events).toBe(54);
    assignment.resume();
    delivery.relieve(assignment);
    await clock.idle();
    expect(assignment.budget.events).toBe(18);
  });
});
