import { describe, expect, it } from 'vitest';
import { VendorOutage } from '../../src/core/vendor-outage.ts';
import { accepted, coded, timeout, unreached } from '../fakes/scripted-events-api.ts';
import { setUpLanes } from './lanes.ts';
import { startPipeline, TRICKLE, WINDOW_MS } from './whole-pipeline.ts';

describe('TikTok away for everybody', () => {
  const IDS = Array.from({ length: 10 }, (_, n) => `connection-${n + 1}`);

  it.each([
    ['refuses connections', unreached],
    ['does not answer', timeout],
    ['answers 503 without JSON', () => ({ ...coded(0), status: 503, body: '<html>' })],
    ['answers with its own error codes', () => coded(50000)],
  ])('(it %s) opens no circuit for good, makes no letter, and all is delivered afterwards', async (_, answer) => {
    const { api, clock, deliver, delivery, endings, telemetry } = setUpLanes({ others: IDS.slice(1) });
    api.answer = answer;
    for (const connectionId of IDS) deliver(1, { connectionId });
    await clock.advance(2_000);
    expect(delivery.vendorIsOut).toBe(true);
    await clock.advance(60 * 60_000);
    expect(telemetry.told('circuitChanged')).toEqual([]);
    expect(endings()).toEqual([]);
    api.answer = accepted;
    await clock.advance(60_000);
    expect(endings()).toHaveLength(10);
    expect(delivery.vendorIsOut).toBe(false);
    expect(telemetry.told('vendorOutage').map(([change]) => change)).toEqual(['began', 'ended']);
    expect(telemetry.told('vendorOutage')[1]?.[1]).toBeGreaterThan(60 * 60_000);
  });

  it('ends for all at once: nobody waits on or loses events to the full buffer while the others are tried again', async () => {
    const budget = { maxEvents: 100, pressureRatio: 0.8 };
    const { api, assignment, clock, deliver, delivery, endings } = setUpLanes({ budget, others: IDS.slice(1) });
    api.answer = unreached;
    deliver(10);
    await clock.advance(70_000);
    for (const connectionId of IDS.slice(1)) {
      deliver(10, { connectionId });
      await clock.advance(2_700);
    }
    await clock.advance(30 * 60_000);
    for (const connectionId of IDS) deliver(2, { connectionId });
    expect([delivery.vendorIsOut, assignment.isFull, endings()]).toEqual([true, true, []]);
    api.answer = accepted;
    while (delivery.vendorIsOut) {
      await clock.advance(100);
      delivery.relieve(assignment);
    }
    for (let look = 0; look < 60; look++) {
      await clock.advance(100);
      delivery.relieve(assignment);
    }
    expect(endings().filter(ending => !ending.endsWith(' accepted'))).toEqual([]);
    expect(endings()).toHaveLength(120);
  });

  it('closes the circuits that opened before it was known to be everybody', async () => {
    const { api, clock, deliver, delivery, telemetry } = setUpLanes({ others: IDS.slice(1) });
    api.answer = unreached;
    deliver(1);
    await clock.advance(8_000);
    expect(delivery.circuits().get('connection-1')).toBe('open');
    for (const connectionId of IDS.slice(1)) deliver(1, { connectionId });
    await clock.advance(60_000);
    expect(telemetry.told('circuitChanged').map(([id, state]) => `${id} ${state}`)).toEqual([
      'connection-1 open',
      'connection-1 closed',
    ]);
  });

  it('closes circuits also where another delivery of the process came upon the outage', async () => {
    const outage = new VendorOutage();
    const [here, there] = [setUpLanes({ outage, others: IDS }), setUpLanes({ outage, others: IDS })];
    for (const { api } of [here, there]) api.answer = unreached;
    here.deliver(1);
    await here.clock.advance(8_000);
    expect(here.delivery.circuits().get('connection-1')).toBe('open');
    await there.clock.advance(8_000);
    for (const connectionId of ['connection-2', 'connection-3']) there.deliver(1, { connectionId });
    await there.clock.advance(2_000);
    expect(here.delivery.vendorIsOut).toBe(true);
    here.delivery.relieve(here.assignment);
    expect(here.delivery.circuits().get('connection-1')).toBe('closed');
  });

  it('opens no circuit of a busy connection in the time before the others have tried', async () => {
    const { api, clock, deliver, delivery, telemetry } = setUpLanes({ others: IDS.slice(1) });
    for (const connectionId of IDS) deliver(1, { connectionId });
    await clock.advance(60_000);
    api.answer = unreached;
    deliver(1);
    await clock.advance(60_000);
    expect(telemetry.told('requestRetried').length).toBeGreaterThan(5);
    expect(delivery.vendorIsOut).toBe(false);
    for (const connectionId of IDS.slice(1)) deliver(1, { connectionId });
    await clock.advance(60_000);
    expect(delivery.vendorIsOut).toBe(true);
    expect(telemetry.told('circuitChanged')).toEqual([]);
  });

  it('takes nothing from a full buffer in the minute before it is known; where another one gets through, its share at once', async () => {
    const budget = { maxEvents: 100, pressureRatio: 0.8 };
    const { api, assignment, clock, deliver, delivery, endings } = setUpLanes({ budget, others: IDS.slice(1) });
    api.answer = unreached;
    for (let batch = 0; batch < 10; batch++) deliver(10);
    await clock.advance(50_000);
    delivery.relieve(assignment);
    expect([assignment.isFull, endings()]).toEqual([true, []]);
    api.next.push(accepted);
    deliver(1, { connectionId: 'connection-2' });
    await clock.idle();
    expect(endings()).toEqual(['100 accepted']);
    delivery.relieve(assignment);
    expect(assignment.inFlight.get('connection-1')).toBe(10);
  });

  it('is none where the others go on: the failing connection alone is to blame', async () => {
    const { api, clock, deliver, delivery, endings } = setUpLanes({ others: IDS.slice(1) });
    api.answer = ({ eventIds }) => (eventIds.includes('conversion-0') ? unreached() : accepted());
    for (let round = 0; round < 20; round++) {
      for (const connectionId of round === 0 ? IDS : IDS.slice(1)) deliver(1, { connectionId });
      await clock.advance(60_000);
    }
    expect(delivery.vendorIsOut).toBe(false);
    expect(endings().filter(ending => !ending.endsWith(' accepted'))).toEqual(['0 connection_backpressure']);
  });

  it('is none by refused credentials or throttling, however many', async () => {
    const { api, clock, deliver, delivery } = setUpLanes({ others: IDS.slice(1) });
    api.answer = ({ eventIds }) => (eventIds[0]!.endsWith('0') ? coded(40105) : coded(40100));
    for (const connectionId of IDS) deliver(1, { connectionId });
    await clock.advance(10 * 60_000);
    expect(delivery.vendorIsOut).toBe(false);
  });
});

it('an outage ends by itself where its connections went away', async () => {
  const { api, assignment, clock, connections, deliver, delivery, telemetry } = setUpLanes();
  api.answer = unreached;
  deliver(1);
  await clock.advance(60_000);
  connections.clear();
  await clock.advance(10_000);
  delivery.relieve(assignment);
  expect(delivery.vendorIsOut).toBe(true);
  await clock.advance(15 * 60_000);
  delivery.relieve(assignment);
  expect(delivery.vendorIsOut).toBe(false);
  expect(telemetry.told('vendorOutage').map(([change]) => change)).toEqual(['began', 'ended']);
});

describe('reading', () => {
  it('is a trickle while TikTok is away, whoever the records are for, and as usual with the first success', async () => {
    const pipeline = await startPipeline();
    const { api, balance, clock, feed, source } = pipeline;
    api.answer = unreached;
    for (const workspace of ['ws-1', 'ws-2'])
      for (let i = 0; i < 4; i++) feed(`first-${workspace}-${i}`, { workspace });
    await source.deliver();
    await clock.advance(2 * WINDOW_MS);
    expect(pipeline.delivery.vendorIsOut).toBe(true);

    const consumed = () => balance().consumed;
    const before = consumed();
    source.batchSize = 4;
    for (let i = 0; i < 200; i++) feed(`later-${i}`, { workspace: 'ws-1', partition: i % 2 });
    const windows = 10;
    for (let window = 0; window < windows * 4; window++) {
      await source.deliver();
      await clock.advance(WINDOW_MS / 4);
    }
    expect(source.status().paused).toEqual(['vendor_outage']);
    expect(consumed() - before).toBeGreaterThan(TRICKLE);
    expect(consumed() - before).toBeLessThanOrEqual((windows + 1) * TRICKLE + source.batchSize);

    api.answer = accepted;
    await clock.advance(60_000);
    expect(source.status().paused).toEqual([]);
    while ((await source.deliver()) > 0) await clock.advance(WINDOW_MS);
    await clock.advance(10 * WINDOW_MS);
    expect(balance()).toEqual({ consumed: 208, accounted: 208 });
    expect(pipeline.telemetry.totals()).toMatchObject({ delivered: 208 });
  });

  it('stands still where the trickle has filled the buffer, and nothing is lost or becomes a letter for it', async () => {
    const budget = { maxEvents: 20, maxBytes: 10_000_000, pressureRatio: 0.8, resumeRatio: 0.5 };
    const pipeline = await startPipeline({ budget });
    const { api, balance, clock, feed, source, telemetry } = pipeline;
    api.answer = unreached;
    for (const workspace of ['ws-1', 'ws-2']) for (let i = 0; i < 4; i++) feed(`${workspace}-${i}`, { workspace });
    await source.deliver();
    await clock.advance(2 * WINDOW_MS);
    source.batchSize = 4;
    for (let i = 0; i < 100; i++) feed(`later-${i}`, { workspace: 'ws-1', partition: i % 2 });
    for (let window = 0; window < 600; window++) {
      await source.deliver();
      await clock.advance(WINDOW_MS);
    }
    expect(pipeline.delivery.vendorIsOut).toBe(true);
    expect(source.status().paused).toContain('buffer');
    expect(balance().consumed).toBeLessThanOrEqual(20 + 2 * source.batchSize);

    api.answer = accepted;
    await clock.advance(60_000);
    while ((await source.deliver()) > 0) await clock.advance(WINDOW_MS);
    await clock.advance(10 * WINDOW_MS);
    expect(telemetry.totals()).toMatchObject({ consumed: 108, delivered: 108 });
  });
});
