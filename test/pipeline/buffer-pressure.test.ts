import { describe, expect, it } from 'vitest';
import { accepted } from '../fakes/scripted-events-api.ts';
import { startPipeline } from './whole-pipeline.ts';

const budget = { maxEvents: 60, maxBytes: 10_000_000, pressureRatio: 0.5, resumeRatio: 0.5 };
const window = { sizeMs: 600_000, batchMaxEvents: 15, batchMaxBytes: 1_000_000 };

/** TikTok does not answer the first connection until `release`, one request at a time. */
async function startWithHangingConnection() {
  const pipeline = await startPipeline({ budget, window });
  const { api, clock, feed, source } = pipeline;
  const hanging: (() => void)[] = [];
  api.answer = ({ accessToken }) => {
    if (accessToken !== 'file:c-1') return accepted();
    return new Promise(resolve => hanging.push(() => resolve(accepted())));
  };
  let fed = 0;
  const read = async (count: number, workspace: string): Promise<void> => {
    for (let i = 0; i < count; i++) feed(`${workspace}-${fed++}`, { workspace });
    await source.deliver();
    await clock.idle();
  };
  const release = async (): Promise<void> => {
    hanging.shift()?.();
    await clock.idle();
  };
  return { ...pipeline, read, release };
}

describe('a buffer under pressure', () => {
  it('leaves the windows alone while they hold less than a quarter of it: a dead connection holds the rest', async () => {
    const { pipeline, read, telemetry } = await startWithHangingConnection();
    await read(30, 'ws-1');
    for (let i = 0; i < 9; i++) await read(1, 'ws-2');
    expect(pipeline.assignment?.budget.underPressure).toBe(true);
    expect(telemetry.told('flushed')).toEqual([
      ['size', 15],
      ['size', 15],
    ]);
    expect(pipeline.assignment?.windows.events).toBe(9);
  });

  it('empties them once they hold a quarter of it', async () => {
    const { pipeline, read, telemetry } = await startWithHangingConnection();
    await read(30, 'ws-1');
    await read(9, 'ws-2');
    await read(1, 'ws-2');
    expect(telemetry.told('flushed').at(-1)).toEqual(['pressure', 10]);
    expect([pipeline.assignment?.windows.events, pipeline.assignment?.budget.events]).toEqual([0, 30]);
  });

  it('stops reading when it is full, though the windows are empty, and goes on when it has drained', async () => {
    const { pipeline, read, release, source, telemetry } = await startWithHangingConnection();
    await read(60, 'ws-1');
    const paused = () => [pipeline.assignment?.budget.events, source.status().paused];
    expect(paused()).toEqual([60, ['buffer']]);
    expect(telemetry.told('flushed').map(([trigger]) => trigger)).toEqual(new Array(4).fill('size'));
    await read(5, 'ws-2');
    await release();
    expect(paused()).toEqual([45, ['buffer']]);
    await release();
    expect(paused()).toEqual([30, []]);
    expect(await source.deliver()).toBe(5);
  });
});
