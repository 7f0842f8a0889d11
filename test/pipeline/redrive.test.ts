import { describe, expect, it, vi } from 'vitest';
import { claimKey, pendingValue, sentValue } from '../../src/core/deduplicate.ts';
import { connectionChange } from '../core/config-records.ts';
import { destinationOf, tiktokEvent } from '../core/pending-events.ts';
import { coded, timeout } from '../fakes/scripted-events-api.ts';
import { HOUR, RETENTION_MS, redriveWorld } from './redrives.ts';
import { eventValue, TOPIC } from './whole-pipeline.ts';

/** The claim of an event of `c-1`, as the service makes it. */
function keyOf(id: string): string {
  const destination = destinationOf({ eventSourceId: 'PIXEL1', testEventCode: null });
  return claimKey('', tiktokEvent({ destination, eventName: 'SubmitForm', eventId: id }), {
    ...{ topic: TOPIC, partition: 0, offset: 0 },
  });
}

function at(offset: number) {
  return { topic: TOPIC, partition: 0, offset };
}

const idsSent = (sent: readonly (readonly string[])[]) => sent.flat().sort();

describe('a redrive job', () => {
  it('sends every letter of the topic and ends, with everything committed and no letter written', async () => {
    const world = redriveWorld();
    for (let n = 0; n < 10; n++) world.letter(`e${n}`, { partition: n % 2 });
    const job = world.job();
    expect(await job.run()).toBe('finished');
    expect(idsSent(world.api.sent)).toEqual(Array.from({ length: 10 }, (_, n) => `e${n}`));
    expect(world.committed()).toEqual([5, 5]);
    expect(job.tally.counts()).toMatchObject({ letters: 10, delivered: 10, failed: 0 });
    expect(world.logged().every(line => line.endsWith('delivered accepted'))).toBe(true);
    const counted = world.telemetry.told('eventsRedriven').flatMap(([counts]) => counts);
    expect(counted.reduce((sum, { events }) => sum + events, 0)).toBe(10);
    expect([world.telemetry.told('eventsSettled'), world.telemetry.told('batchConsumed')]).toEqual([[], []]);
  });

  it('claims under the original coordinates, and marks for as long as letters live', async () => {
    const world = redriveWorld();
    const offset = world.letter('e');
    await world.job().run();
    expect(world.claims.peek(keyOf('e'))).toMatch(new RegExp(`^s\\|${TOPIC}\\|0\\|${offset}\\|`));
    expect(world.claims.ttlOf(keyOf('e'))).toBeGreaterThan(RETENTION_MS - HOUR);
    expect(world.syncLog.entries[0]).toMatchObject({ topic: TOPIC, partition: 0, offset });
  });

  it('sends nothing the second time: not as the same job, and not as another one', async () => {
    const world = redriveWorld();
    for (const id of ['a', 'b', 'c']) world.letter(id);
    await world.job().run();
    const again = world.job({ run: 'again' });
    expect(await again.run()).toBe('finished');
    expect(again.tally.counts()).toMatchObject({ letters: 0 });
    const other = redriveWorld();
    for (const id of ['a', 'b', 'c'])
      await other.claims.markSent([{ key: keyOf(id), value: sentValue(at(0), 1), ttlMs: RETENTION_MS }]);
    for (const id of ['a', 'b', 'c']) other.letter(id, { source: { offset: 0 } });
    const second = other.job();
    await second.run();
    expect(other.api.sent).toEqual([]);
    expect(second.tally.counts()).toMatchObject({ letters: 3, delivered: 0, alreadyDelivered: 3 });
  });

  it('goes on behind what was settled when it was killed, and repeats only what was under way', async () => {
    const world = redriveWorld();
    for (let n = 0; n < 12; n++) world.letter(`e${n}`);
    let answers = 0;
    world.api.answer = () => (++answers > 2 ? new Promise(() => {}) : coded(0, 'OK'));
    const killed = world.job();
    const { end } = await killed.start();
    expect(await killed.during(end, 5_000)).toBe('unfinished');
    const [, , underWay] = world.api.sent;
    world.api.answer = () => coded(0, 'OK');
    await world.afterKill();
    world.clock.freeze(16_000);
    const resumed = world.job({ run: 'resumed' });
    expect(await resumed.run()).toBe('finished');
    const sent = world.api.sent.flat();
    const twice = sent.filter((id, index) => sent.indexOf(id) !== index);
    expect(new Set(sent).size).toBe(12);
    expect(twice.sort()).toEqual([...(underWay ?? [])].sort());
  });

  it('lets what fails again stay, says so in the sync log, and gives the claim back', async () => {
    const world = redriveWorld();
    world.letter('bad');
    world.letter('good');
    world.api.answer = ({ eventIds }) => coded(eventIds.includes('bad') ? 40_002 : 0);
    const job = world.job();
    expect(await job.run()).toBe('finished');
    expect(world.logged().sort()).toEqual(['bad dead_lettered refused_by_tiktok', 'good delivered accepted']);
    expect(job.tally.counts()).toMatchObject({ delivered: 1, failed: 1, failedByReason: { refused_by_tiktok: 1 } });
    expect(world.claims.peek(keyOf('bad'))).toBeNull();
    expect(world.telemetry.told('deadLettersWritten')).toEqual([]);
  });

  it('leaves letters of a parked connection, and sends the others', async () => {
    const world = redriveWorld();
    world.letter('parked');
    world.letter('fine', { connectionId: 'c-2', mappingId: 'm-2', source: { value: eventValue('fine', 'ws-2') } });
    world.parked.add('c-1');
    const job = world.job();
    expect(await job.run()).toBe('finished');
    expect(world.api.sent).toEqual([['fine']]);
    expect(job.tally.counts()).toMatchObject({ passed: { connection_parked: 1 } });
    expect(world.logged()).toEqual(['fine delivered accepted']);
  });

  it('counts of a parked connection only the letters that are not delivered', async () => {
    const world = redriveWorld();
    const offset = world.letter('done');
    await world.claims.markSent([{ key: keyOf('done'), value: sentValue(at(offset), 1), ttlMs: HOUR }]);
    world.letter('open');
    world.parked.add('c-1');
    const job = world.job();
    expect(await job.plan()).toMatchObject({ alreadyDelivered: 1, wouldSend: 0, passed: { connection_parked: 1 } });
    expect((await job.plan()).parkedByConnection).toEqual({ 'c-1': 1 });
    expect(await job.run()).toBe('finished');
    expect(job.tally.counts()).toMatchObject({ alreadyDelivered: 1, failed: 0, passed: { connection_parked: 1 } });
    expect([world.api.sent, world.committed()]).toEqual([[], [2, null]]);
  });

  it('takes no more than its filter matches', async () => {
    const world = redriveWorld();
    world.letter('one');
    world.letter('two', { reason: 'config_invalid' });
    const job = world.job({ filter: { reasons: ['config_invalid'] } });
    await job.run();
    expect(world.api.sent).toEqual([['two']]);
    expect(job.tally.counts()).toMatchObject({ letters: 1, passed: { not_selected: 1 } });
    expect(world.committed()).toEqual([2, null]);
  });

  it('commits what it passes over as it goes', async () => {
    const world = redriveWorld();
    for (const id of ['a', 'b', 'c']) world.letter(id, { reason: 'too_old' });
    world.letter('hangs');
    world.api.answer = () => new Promise(() => {});
    const job = world.job({ filter: { reasons: ['connection_parked'] } });
    const { end } = await job.start();
    expect(await job.during(end, 5_000)).toBe('unfinished');
    expect(world.committed()).toEqual([3, null]);
  });

  it('ends at the end that the topic had when it was started', async () => {
    const world = redriveWorld();
    world.letter('before');
    const job = world.job();
    const { end } = await job.start();
    world.letter('after');
    world.letter('later');
    expect(await job.during(end, 10_000)).toBe('finished');
    expect([world.api.sent, world.committed()]).toEqual([[['before']], [1, null]]);
  });

  it('spends its pace and its maximum only on what is really sent', async () => {
    const world = redriveWorld();
    for (let n = 0; n < 300; n++) {
      const offset = world.letter(`done${n}`);
      await world.claims.markSent([{ key: keyOf(`done${n}`), value: sentValue(at(offset), 1), ttlMs: HOUR }]);
    }
    for (let n = 0; n < 100; n++) world.letter(`past${n}`, { firstAttemptAt: world.clock.now() - 50 * HOUR });
    for (let n = 0; n < 4; n++) world.letter(`open${n}`);
    const job = world.job({ perSecond: 1, max: 3 });
    const { end } = await job.start();
    // At one letter a second the 400 alone would have taken almost seven minutes.
    expect(await job.during(end, 6_000)).toBe('exhausted');
    expect(idsSent(world.api.sent)).toEqual(['open0', 'open1', 'open2']);
    expect(job.tally).toMatchObject({ letters: 403, open: 3, sent: 3 });
    expect(job.tally.counts()).toMatchObject({ delivered: 3, alreadyDelivered: 300, failed: 100 });
    expect(world.committed()).toEqual([403, null]);
  });

  it('waits while Redis cannot say what is delivered', async () => {
    const world = redriveWorld();
    world.letter('e');
    const job = world.job();
    const { end } = await job.start();
    world.register.isAway = true;
    await job.during(end, 2_000);
    expect([world.api.sent, job.tally.letters]).toEqual([[], 0]);
    world.register.isAway = false;
    expect(await job.during(end, 10_000)).toBe('finished');
    expect(world.api.sent).toEqual([['e']]);
  });

  it('keeps its pace', async () => {
    const world = redriveWorld();
    for (let n = 0; n < 60; n++) world.letter(`e${n}`);
    const job = world.job({ perSecond: 10 });
    const { end } = await job.start();
    await job.during(end, 3_000);
    expect(job.tally.letters).toBeGreaterThanOrEqual(30);
    expect(job.tally.letters).toBeLessThanOrEqual(40);
    expect(await job.during(end, 10_000)).toBe('finished');
    expect(world.api.sent.flat()).toHaveLength(60);
  });

  it('stops at its maximum, and the next run goes on', async () => {
    const world = redriveWorld();
    for (let n = 0; n < 10; n++) world.letter(`e${n}`);
    expect(await world.job({ max: 4 }).run()).toBe('exhausted');
    expect([world.api.sent.flat().length, world.committed()]).toEqual([4, [4, null]]);
    expect(await world.job({ run: 'next' }).run()).toBe('finished');
    expect(new Set(world.api.sent.flat()).size).toBe(10);
    expect(world.api.sent.flat()).toHaveLength(10);
  });

  it('judges the letters beyond its maximum once, however long those under way take', async () => {
    const world = redriveWorld();
    for (let n = 0; n < 300; n++) world.letter(`e${n}`);
    world.api.answer = () => new Promise(() => {});
    const judged = vi.spyOn(world.register, 'peek');
    const job = world.job({ max: 2 });
    const { end } = await job.start();
    await job.during(end, 1_000);
    const soFar = judged.mock.calls.length;
    await job.during(end, 5_000);
    expect(judged.mock.calls.length).toBe(soFar);
  });

  it('finishes what is under way when it is stopped', async () => {
    const world = redriveWorld();
    for (let n = 0; n < 30; n++) world.letter(`e${n}`);
    const job = world.job({ perSecond: 5 });
    const { end } = await job.start();
    await job.during(end, 1_000);
    job.stop.abort();
    expect(await job.during(end, 30_000)).toBe('stopped');
    expect(world.committed()[0]).toBe(world.api.sent.flat().length);
    expect(world.api.sent.flat().length).toBeLessThan(30);
  });

  it('sends nothing without its lock, and ends when another job has taken it', async () => {
    const world = redriveWorld();
    world.letter('e');
    const job = world.job();
    const { end } = await job.start();
    world.register.isAway = true;
    world.clock.freeze(20_000);
    expect(job.lock.isHeld).toBe(false);
    await job.during(end, 2_000);
    expect(world.api.sent).toEqual([]);
    world.register.isAway = false;
    await world.register.lock({ job: 'other', run: 'other', host: 'elsewhere', since: 0 }, 60_000);
    await expect(job.during(end, 60_000)).rejects.toThrow('the job other on elsewhere');
    expect(world.api.sent).toEqual([]);
  });

  it('goes on when Redis was away for longer than its lock lives and nobody else has taken it', async () => {
    const world = redriveWorld();
    world.letter('e');
    const job = world.job();
    const { end } = await job.start();
    world.register.isAway = true;
    world.clock.freeze(20_000);
    world.register.isAway = false;
    expect(await job.during(end, 30_000)).toBe('finished');
    expect(world.api.sent).toEqual([['e']]);
  });
});

describe('the same event in several letters', () => {
  it('of one record is on its way once', async () => {
    const world = redriveWorld();
    world.letter('e', { source: { offset: 7 } });
    world.letter('e', { source: { offset: 7 } });
    world.letter('e', { partition: 1, source: { offset: 7 } });
    const job = world.job();
    expect(await job.run()).toBe('finished');
    expect(world.api.sent).toEqual([['e']]);
    expect(job.tally.counts()).toMatchObject({ letters: 3, delivered: 1, alreadyDelivered: 2 });
    expect(world.committed()).toEqual([2, 1]);
  });

  it('of two records is sent once, also by another redrive days later', async () => {
    const world = redriveWorld();
    const failedAt = world.clock.now();
    for (const offset of [1, 2]) world.letter('e', { failedAt, source: { offset } });
    await world.job().run();
    world.clock.freeze(3 * 24 * HOUR);
    // Another job meets the one that was not sent, alone: nothing else on its way keeps it back.
    world.letter('e', { failedAt, source: { offset: 2 } });
    const later = world.job({ run: 'later' });
    expect(await later.plan()).toMatchObject({ wouldSend: 0, alreadyDelivered: 3 });
    expect(await later.run()).toBe('finished');
    expect(later.tally.counts()).toMatchObject({ letters: 1, delivered: 0, alreadyDelivered: 1 });
    expect(world.api.sent).toEqual([['e']]);
  });

  it('of two records is on its way once, also when the first waits for longer than a claim is waited for', async () => {
    const world = redriveWorld();
    world.letter('e', { source: { offset: 1 } });
    for (let n = 0; n < 3; n++) world.letter(`filler${n}`, { source: { offset: 10 + n } });
    world.letter('e', { source: { offset: 2 } });
    // Throttled for two hours: the takeover age is one.
    const until = world.clock.now() + 2 * HOUR;
    const taken: string[] = [];
    world.api.answer = ({ eventIds }) => {
      if (world.clock.now() < until) return coded(40_100);
      taken.push(...eventIds);
      return coded(0);
    };
    const job = world.job({ perSecond: 1 });
    const { end } = await job.start();
    await job.during(end, 2_000);
    await world.clock.advance(90 * 60_000);
    await job.during(end, 60_000);
    await world.clock.advance(HOUR);
    expect(await job.during(end, 120_000)).toBe('finished');
    expect(taken.filter(id => id === 'e')).toHaveLength(1);
    expect(world.logged().filter(line => line.startsWith('e '))).toEqual(
      expect.arrayContaining(['e delivered accepted', 'e duplicate pending_elsewhere']),
    );
  });
});

describe('what TikTok may have taken', () => {
  it('is sent with the time of that first attempt, and keeps its claim when it fails again', async () => {
    const world = redriveWorld();
    const firstAttemptAt = world.clock.now() - HOUR;
    const offset = world.letter('e', { reason: 'connection_backpressure', firstAttemptAt });
    world.api.answer = () => coded(40_002);
    await world.job().run();
    // Refused by itself: it was surely not taken before either.
    expect(world.claims.peek(keyOf('e'))).toBeNull();
    expect(world.syncLog.entries[0]).toMatchObject({ offset, reason: 'refused_by_tiktok' });
    const other = redriveWorld();
    const at47 = other.clock.now() - 46.9 * HOUR;
    const second = other.letter('e', { firstAttemptAt: at47 });
    other.api.answer = timeout;
    const job = other.job();
    expect(await job.run(20 * 60_000)).toBe('finished');
    expect(job.tally.counts()).toMatchObject({ failedByReason: { ambiguous_past_dedup: 1 } });
    expect(other.claims.peek(keyOf('e'))).toBe(pendingValue(at(second), at47));
  });

  it('longer ago than it remembers is sent only where double counts are accepted', async () => {
    const world = redriveWorld();
    const firstAttemptAt = world.clock.now() - 60 * HOUR;
    const offset = world.letter('e', { reason: 'ambiguous_past_dedup', firstAttemptAt });
    await world.claims.markSent([{ key: keyOf('e'), value: pendingValue(at(offset), firstAttemptAt), ttlMs: HOUR }]);
    const careful = world.job();
    await careful.run();
    expect([world.api.sent, careful.tally.counts().failedByReason]).toEqual([[], { ambiguous_past_dedup: 1 }]);
    world.letter('e', { reason: 'ambiguous_past_dedup', firstAttemptAt, source: { offset } });
    const accepting = world.job({ run: 'accepting', acceptDoubleCount: true });
    await accepting.run();
    expect(world.api.sent).toEqual([['e']]);
  });
});

describe('a plan', () => {
  it('says what a job would do, and sends and claims nothing', async () => {
    const world = redriveWorld();
    world.letter('fresh');
    world.letter('again', { reason: 'refused_by_tiktok' });
    const done = world.letter('done');
    await world.claims.markSent([{ key: keyOf('done'), value: sentValue(at(done), 1), ttlMs: HOUR }]);
    world.letter('old', { source: { value: eventValue('old', 'ws-1', world.clock.now() - 40 * 24 * HOUR) } });
    world.letter('unreadable', { mappingId: null, source: { value: Buffer.from('{}') } });
    world.letter('gone', { mappingId: 'm-9' });
    world.letter('past', { firstAttemptAt: world.clock.now() - 50 * HOUR });
    world.letter('whole', { source: { value: Buffer.alloc(0) } });
    const job = world.job();
    expect(await job.plan()).toEqual({
      letters: 8,
      wouldSend: 2,
      wouldSendByReason: { connection_parked: 1, refused_by_tiktok: 1 },
      wouldSendByConnection: { 'c-1': 2 },
      beyondMax: 0,
      alreadyDelivered: 1,
      wouldFail: { ambiguous_past_dedup: 1, not_framed: 1, too_old: 1 },
      wouldSkip: { no_mapping: 1 },
      passed: { no_source: 1 },
      parkedByConnection: {},
    });
    expect([world.api.sent, world.claims.peek(keyOf('fresh'))]).toEqual([[], null]);
    const run = world.job();
    await run.run();
    expect(run.tally.counts()).toMatchObject({
      ...{ letters: 7, delivered: 2, alreadyDelivered: 1, skipped: 1, passed: { no_source: 1 } },
      failedByReason: { ambiguous_past_dedup: 1, not_framed: 1, too_old: 1 },
    });
  });

  it('says that an event whose token is not there would fail, as it does', async () => {
    const world = redriveWorld();
    world.letter('e');
    world.withoutToken.add('c-1');
    expect(await world.job().plan()).toMatchObject({ letters: 1, wouldSend: 0, wouldFail: { token_missing: 1 } });
    const job = world.job({ max: 1 });
    expect(await job.run()).toBe('finished');
    expect(job.tally.counts()).toMatchObject({ delivered: 0, failedByReason: { token_missing: 1 } });
  });

  it('counts letters that are left where they are among those that match', async () => {
    const world = redriveWorld();
    for (const id of ['a', 'b']) world.letter(id);
    world.letter('c', { connectionId: 'c-2', mappingId: 'm-2', source: { value: eventValue('c', 'ws-2') } });
    world.parked.add('c-1');
    const { letters, passed, wouldSend } = await world.job({ filter: { connectionId: 'c-1' } }).plan();
    expect([letters, passed, wouldSend]).toEqual([2, { connection_parked: 2, not_selected: 1 }, 0]);
  });

  it('says of no more letters than the run may send that they would be sent', async () => {
    const world = redriveWorld();
    for (let n = 0; n < 9; n++) world.letter(`e${n}`, { partition: n % 2 });
    expect(await world.job({ max: 4 }).plan()).toMatchObject({
      ...{ letters: 9, wouldSend: 4, beyondMax: 5, wouldSendByConnection: { 'c-1': 4 } },
      wouldSendByReason: { connection_parked: 4 },
    });
  });

  it('goes by the configuration of today', async () => {
    const world = redriveWorld();
    world.letter('e');
    world.table.apply(
      9,
      'connection:c-1',
      connectionChange({ connection_id: 'c-1', workspace_id: 'ws-1', enabled: false }),
    );
    expect(await world.job().plan()).toMatchObject({ wouldSend: 0, wouldSkip: { no_mapping: 1 } });
  });
});
