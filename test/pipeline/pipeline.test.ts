import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { connectionChange, mappingChange } from '../core/config-records.ts';
import { accepted, coded, refusing, timeout, unreached } from '../fakes/scripted-events-api.ts';
import { eventValue, startPipeline, TOPIC, WINDOW_MS } from './whole-pipeline.ts';

const NEVER = new AbortController().signal;

describe('a record', () => {
  it('reaches TikTok when its window closes, is logged, and is committed then and not before', async () => {
    const { api, clock, committed, feed, logged, source } = await startPipeline();
    feed('a');
    expect(await source.deliver()).toBe(1);
    await clock.advance(1);
    expect([api.requests.length, committed()[0]]).toEqual([0, null]);
    await clock.advance(2 * WINDOW_MS);
    expect(api.sent).toEqual([['a']]);
    expect(logged()).toEqual(['a delivered accepted']);
    expect(committed()[0]).toBe(1);
  });

  it('leaves at once with a batch that is full', async () => {
    const { api, clock, feed, source, telemetry } = await startPipeline();
    for (const id of ['a', 'b', 'c', 'd', 'e']) feed(id);
    await source.deliver();
    await clock.idle();
    expect(api.sent).toEqual([['a', 'b', 'c', 'd']]);
    expect(telemetry.told('flushed')).toEqual([['size', 4]]);
  });

  it('ends where it must, and the books balance', async () => {
    const { api, balance, clock, committed, deadLetters, feed, logged, source, telemetry } = await startPipeline();
    api.answer = refusing('bad');
    for (const id of ['a', 'bad', 'a']) feed(id);
    feed('nowhere', { workspace: 'ws-0' });
    source.feed(TOPIC, 0, [{ value: null }, { value: 'not Avro', key: 'k', headers: { h: Buffer.from('v') } }]);
    await source.deliver();
    await clock.advance(2 * WINDOW_MS);
    expect(logged().sort()).toEqual([
      'a delivered accepted',
      'a duplicate pending_elsewhere',
      'bad dead_lettered refused_by_tiktok',
      'null dead_lettered not_framed',
      'null skipped tombstone',
    ]);
    expect(telemetry.totals()).toMatchObject({ consumed: 6, delivered: 1, duplicate: 1, skipped: 2, dead_lettered: 2 });
    expect(balance()).toEqual({ consumed: 6, accounted: 6 });
    expect(committed()[0]).toBe(6);
    const notAvro = deadLetters.letters.find(({ reason }) => reason === 'not_framed');
    expect(notAvro?.source).toMatchObject({ key: Buffer.from('k'), value: Buffer.from('not Avro') });
  });

  it.each([
    ['before', ['TEST1', null]],
    ['after', [null, 'TEST1']],
  ] as const)('that is a test goes alone, and does not block the production event it comes %s', async (_, codes) => {
    const { api, clock, feed, logged, source } = await startPipeline();
    for (const test_event_code of codes) feed('a', { changes: { test_event_code } });
    feed('a', { changes: { test_event_code: 'TEST1' } });
    feed('a');
    await source.deliver();
    await clock.advance(2 * WINDOW_MS);
    const requests = api.requests.map(({ testEventCode, eventIds }) => `${testEventCode} ${eventIds.join()}`);
    expect(requests.toSorted()).toEqual(['TEST1 a', 'null a']);
    expect(logged().sort()).toEqual([
      'a delivered accepted',
      'a delivered accepted',
      'a duplicate pending_elsewhere',
      'a duplicate pending_elsewhere',
    ]);
  });

  it('of a connection with the old wire goes in batches of at most 50', async () => {
    const window = { sizeMs: WINDOW_MS, batchMaxEvents: 1_000, batchMaxBytes: 1_000_000 };
    const { api, clock, feed, source, table } = await startPipeline({ window });
    table.apply(9, 'connection:c-1', connectionChange({ wire: 'V1' }));
    for (let n = 0; n < 120; n++) {
      feed(`v1-${n}`);
      feed(`v2-${n}`, { workspace: 'ws-2' });
    }
    await source.deliver();
    await clock.advance(2 * WINDOW_MS);
    const sizesOf = (path: string) => api.requests.filter(request => request.path === path).map(r => r.eventIds.length);
    expect([sizesOf('pixel/batch/'), sizesOf('event/track/')]).toEqual([[50, 50, 20], [120]]);
  });

  it('counts for how well its events can be matched, once for each event that was built', async () => {
    const { feed, source, telemetry } = await startPipeline();
    const nobody = { contact_id: null };
    feed('a', { changes: { email: 'a@b.example' } });
    feed('b', { changes: { email: 'c@d.example' } });
    feed('c', { changes: nobody });
    feed('d', { workspace: 'ws-2' });
    await source.deliver();
    const told = telemetry.told('eventsMatchable').map(([counts]) => [...counts].map(([id, of]) => [id, [...of]]));
    expect(told).toEqual([
      [
        [
          'c-1',
          [
            [['email', 'external_id'], 2],
            [[], 1],
          ],
        ],
        ['c-2', [[['external_id'], 1]]],
      ],
    ]);
  });

  it('before control records that nobody sees is committed past them', async () => {
    const { feed, pipeline, source } = await startPipeline();
    feed('a');
    await source.deliver();
    const batch = { epoch: source.epoch, topic: TOPIC, partition: 1, records: [], nextOffset: 3, highWatermark: 3 };
    expect(await pipeline.accept(batch)).toEqual({ kind: 'accepted' });
    expect(pipeline.assignment?.ledger.committable()).toEqual([{ topic: TOPIC, partition: 1, offset: 3 }]);
  });

  it('behind a compacted gap is committed past the gap', async () => {
    const { clock, committed, feed, source } = await startPipeline();
    feed('a');
    source.skipOffsets(TOPIC, 0, 5);
    feed('b');
    await source.deliver();
    await clock.advance(2 * WINDOW_MS);
    expect(committed()[0]).toBe(7);
  });
});

describe('a batch that is held', () => {
  it.each([
    ['the registry is away', 'schema_registry'],
    ['the claim store is away', 'claims'],
  ])('because %s leaves no trace, and goes on when it is back', async (_, reason) => {
    const { api, balance, claims, clock, feed, logged, pipeline, source, state } = await startPipeline();
    const away = (is: boolean) => {
      state.registryAway = is && reason === 'schema_registry';
      claims.failure = is && reason === 'claims' ? 'lost-reply' : null;
    };
    away(true);
    feed('a');
    expect(await source.deliver()).toBe(0);
    expect(source.status().partitions[0]).toMatchObject({ held: reason, position: 0 });
    expect([balance(), pipeline.assignment?.budget.events]).toEqual([{ consumed: 0, accounted: 0 }, 0]);
    expect(pipeline.assignment?.ledger.committable()).toEqual([]);
    away(false);
    await clock.advance(1_000);
    expect(await source.deliver()).toBe(1);
    await clock.advance(2 * WINDOW_MS);
    expect([logged(), api.sent]).toEqual([['a delivered accepted'], [['a']]]);
  });

  it('because a rebalance came while it was claimed belongs to its next owner', async () => {
    const { api, balance, clock, feed, logged, pipeline, source } = await startPipeline();
    feed('a');
    const delivering = source.deliver();
    // The batch is being claimed: `deliver` has gone as far as it can without a turn of waiting.
    source.suspend();
    expect(await delivering).toBe(0);
    expect([balance().consumed, pipeline.assignment?.inFlightTotal]).toEqual([0, 0]);
    source.crash();
    await source.deliver();
    await clock.advance(2 * WINDOW_MS);
    expect([logged(), api.sent]).toEqual([['a delivered accepted'], [['a']]]);
  });

  it('is one of a former assignment, or of a partition that is not ours', async () => {
    const { feed, pipeline, source } = await startPipeline();
    feed('a');
    const batch = { topic: TOPIC, partition: 0, records: [], nextOffset: 1, highWatermark: 1 };
    const held = { kind: 'held', reason: 'suspended' };
    expect(await pipeline.accept({ ...batch, epoch: source.epoch - 1 })).toMatchObject(held);
    expect(await pipeline.accept({ ...batch, epoch: source.epoch, partition: 9 })).toMatchObject(held);
  });
});

describe('a buffer that fills', () => {
  const budget = { maxEvents: 10, maxBytes: 10_000_000, pressureRatio: 0.8, resumeRatio: 0.5 };
  const window = { sizeMs: 600_000, batchMaxEvents: 1_000, batchMaxBytes: 1_000_000 };

  it('lets the fullest batches leave early', async () => {
    const { api, clock, feed, source, telemetry } = await startPipeline({ budget, window });
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) feed(id);
    for (const id of ['x', 'y']) feed(id, { workspace: 'ws-2' });
    await source.deliver();
    await clock.idle();
    expect(telemetry.told('flushed')).toEqual([['pressure', 6]]);
    expect(api.sent).toEqual([['a', 'b', 'c', 'd', 'e', 'f']]);
    expect(source.status().paused).toEqual([]);
  });

  it('stops reading at its end and goes on when it has drained', async () => {
    const { api, clock, feed, pipeline, source } = await startPipeline({ budget, window });
    api.answer = unreached;
    source.batchSize = 5;
    for (let i = 0; i < 30; i++) feed(`e${i}`);
    await source.deliver();
    await clock.idle();
    expect(source.status().paused).toEqual(['buffer']);
    expect(pipeline.assignment?.budget.events).toBe(10);
    await clock.advance(30_000);
    expect(source.status().paused).toEqual(['buffer']);
    api.answer = accepted;
    await clock.advance(60_000);
    expect(source.status().paused).toEqual([]);
    expect(await source.deliver()).toBeGreaterThan(0);
  });

  it('counts the copy of a record once, however many events it makes', async () => {
    const { feed, pipeline, source, table } = await startPipeline({ window });
    feed('a');
    await source.deliver();
    const one = pipeline.assignment!.budget.bytes;
    for (const name of ['Lead', 'Contact', 'Download']) {
      const mapping = { mapping_id: name, connection_id: 'c-1', tiktok_event_name: name };
      table.apply(9, `mapping:${name}`, mappingChange(mapping));
    }
    source.feed(TOPIC, 0, [{ value: eventValue('b'), headers: { large: Buffer.alloc(50_000) } }]);
    await source.deliver();
    const four = pipeline.assignment!.budget.bytes - one;
    expect(four).toBeGreaterThan(50_000);
    expect(four).toBeLessThan(60_000);
  });

  it('is empty again with the next assignment', async () => {
    const { api, clock, feed, pipeline, source } = await startPipeline({ budget, window });
    api.answer = unreached;
    for (let i = 0; i < 12; i++) feed(`e${i}`);
    await source.deliver();
    await clock.idle();
    source.crash();
    expect([source.status().paused, pipeline.assignment?.budget.events]).toEqual([[], 0]);
  });
});

describe('a rebalance', () => {
  it('is preceded by delivering and committing what is there, so that nothing is read again', async () => {
    const { balance, clock, committed, feed, logged, source, telemetry } = await startPipeline();
    feed('a');
    feed('b', { workspace: 'ws-2' });
    await source.deliver();
    await source.rebalance();
    expect(committed()[0]).toBe(2);
    expect(await source.deliver()).toBe(0);
    await clock.advance(2 * WINDOW_MS);
    expect(logged()).toHaveLength(2);
    expect(telemetry.told('flushed')).toEqual([
      ['revoke', 1],
      ['revoke', 1],
    ]);
    expect([telemetry.totals().handed_over, balance()]).toEqual([0, { consumed: 2, accounted: 2 }]);
  });

  it('hands over what waits for a retry, at once, and its next owner goes on under the same claim', async () => {
    const { api, balance, clock, feed, logged, source, telemetry } = await startPipeline();
    api.answer = timeout;
    feed('a');
    await source.deliver();
    await clock.advance(2 * WINDOW_MS);
    const before = clock.now();
    await source.rebalance();
    expect(clock.now()).toBe(before);
    expect([telemetry.totals().handed_over, balance()]).toEqual([1, { consumed: 1, accounted: 1 }]);
    api.answer = accepted;
    await source.deliver();
    await clock.advance(2 * WINDOW_MS);
    expect(logged()).toEqual(['a delivered accepted']);
    expect(telemetry.told('dedupChecks').at(-1)).toEqual([{ fresh: 0, replay: 1, duplicate: 0, takenOver: 0 }]);
  });

  it('takes no longer than its budget', async () => {
    const { api, clock, feed, source } = await startPipeline();
    api.answer = () => new Promise(() => {});
    feed('a');
    await source.deliver();
    source.rejoinBudgetMs = 3_000;
    let over = false;
    void source.rebalance().then(() => {
      over = true;
    });
    await clock.advance(2_000);
    expect(over).toBe(false);
    await clock.advance(1_000);
    expect(over).toBe(true);
  });

  it('that comes without warning loses nothing and sends nothing twice that was marked', async () => {
    const { api, clock, feed, logged, source } = await startPipeline();
    feed('a');
    await source.deliver();
    source.commitAnswers.push(...new Array<'retry'>(20).fill('retry'));
    await clock.advance(2 * WINDOW_MS);
    feed('b');
    source.crash();
    source.commitAnswers.length = 0;
    await source.deliver();
    await clock.advance(2 * WINDOW_MS);
    expect(logged()).toEqual(['a delivered accepted', 'a delivered replayed', 'b delivered accepted']);
    expect(api.sent).toEqual([['a'], ['b']]);
  });

  it('that turns out to be a false alarm changes nothing but a delay', async () => {
    const { api, clock, feed, logged, source, telemetry } = await startPipeline();
    feed('a');
    await source.deliver();
    source.suspend();
    await clock.advance(5 * WINDOW_MS);
    expect([api.requests.length, source.commits.length, telemetry.told('flushed')]).toEqual([0, 0, []]);
    source.unsuspend();
    await clock.advance(WINDOW_MS);
    expect(logged()).toEqual(['a delivered accepted']);
  });
});

describe('a stop', () => {
  it('delivers and commits what is there', async () => {
    const { clock, committed, feed, logged, pipeline, source, telemetry } = await startPipeline();
    feed('a');
    await source.deliver();
    source.quiesce();
    await pipeline.drain(10_000, NEVER);
    expect([committed()[0], logged()]).toEqual([1, ['a delivered accepted']]);
    expect([telemetry.told('flushed'), telemetry.totals().handed_over]).toEqual([[['shutdown', 1]], 0]);
    expect(pipeline.assignment).toBeNull();
    expect(clock.pendingTimers).toBe(0);
  });

  it('lets nothing start beside its last commit, which would be cut off and sent again', async () => {
    const { feed, pipeline, source } = await startPipeline();
    feed('a');
    await source.deliver();
    source.quiesce();
    const activeAtCommit: (boolean | undefined)[] = [];
    const commit = source.commit.bind(source);
    source.commit = (epoch, offsets) => {
      activeAtCommit.push(pipeline.assignment?.isActive);
      return commit(epoch, offsets);
    };
    await pipeline.drain(10_000, NEVER);
    expect(activeAtCommit).toEqual([false]);
  });

  it('hands over what TikTok does not take, within its deadline or when it is told to hurry', async () => {
    for (const hurried of [false, true]) {
      const { api, balance, clock, committed, feed, pipeline, source, telemetry } = await startPipeline();
      api.answer = () => new Promise(() => {});
      feed('a');
      await source.deliver();
      const stop = new AbortController();
      let over = false;
      void pipeline.drain(10_000, stop.signal).then(() => {
        over = true;
      });
      await clock.advance(5_000);
      expect(over).toBe(false);
      if (hurried) stop.abort();
      else await clock.advance(5_000);
      await clock.idle();
      expect([over, telemetry.totals().handed_over, committed()[0]]).toEqual([true, 1, null]);
      expect(balance()).toEqual({ consumed: 1, accounted: 1 });
    }
  });

  it('does not wait at all when it is told to hurry beforehand', async () => {
    const { api, clock, feed, pipeline, source } = await startPipeline();
    api.answer = () => new Promise(() => {});
    feed('a');
    await source.deliver();
    let over = false;
    void pipeline.drain(10_000, AbortSignal.abort()).then(() => {
      over = true;
    });
    await clock.idle();
    expect(over).toBe(true);
  });
});

/** One thing that happens to the pipeline. */
const anyStep = fc.oneof(
  { weight: 6, arbitrary: fc.record({ feed: fc.nat(7), workspace: fc.nat(2), partition: fc.nat(1) }) },
  { weight: 6, arbitrary: fc.constant('deliver' as const) },
  { weight: 6, arbitrary: fc.record({ pass: fc.integer({ min: 1, max: 4_000 }) }) },
  fc.constantFrom('rebalance', 'lose partitions', 'suspend', 'unsuspend', 'lose lease', 'regain lease'),
  fc.constantFrom('TikTok up', 'TikTok down', 'TikTok mute', 'TikTok refuses the token', 'TikTok refuses some'),
  fc.constantFrom('Redis mute once', 'Redis away', 'Redis back', 'registry away', 'registry back'),
  fc.constantFrom('letters fail', 'log fails', 'commit fails', 'commit is fenced', 'tombstone'),
);
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;
type Running = Awaited<ReturnType<typeof startPipeline>>;

const ANSWERS: Readonly<Record<string, Running['api']['answer']>> = {
  'TikTok up': accepted,
  'TikTok down': unreached,
  'TikTok mute': timeout,
  'TikTok refuses the token': () => coded(40105),
  'TikTok refuses some': refusing('e2', 'e5'),
};

async function take(step: Step, running: Running): Promise<void> {
  const { api, claims, clock, deadLetters, feed, source, state, syncLog } = running;
  if (typeof step === 'object') {
    if ('pass' in step) await clock.advance(step.pass);
    else feed(`e${step.feed}`, { workspace: `ws-${step.workspace}`, partition: step.partition });
    return;
  }
  if (step in ANSWERS) api.answer = ANSWERS[step]!;
  if (step === 'deliver') await source.deliver();
  if (step === 'rebalance') await driven(clock, source.rebalance());
  if (step === 'lose partitions') source.crash((_, partition) => partition === 0);
  if (step === 'suspend') source.suspend();
  if (step === 'unsuspend') source.unsuspend();
  if (step === 'lose lease' || step === 'regain lease') source.lease = step === 'regain lease';
  if (step === 'Redis mute once') claims.failNext('lost-reply');
  if (step === 'Redis away' || step === 'Redis back') claims.failure = step === 'Redis away' ? 'lost-request' : null;
  if (step === 'registry away' || step === 'registry back') state.registryAway = step === 'registry away';
  if (step === 'letters fail') deadLetters.failures.push(new Error('away'));
  if (step === 'log fails') syncLog.failures.push(new Error('away'));
  if (step === 'commit fails') source.commitAnswers.push('retry');
  if (step === 'commit is fenced') source.commitAnswers.push('fenced');
  if (step === 'tombstone') source.feed(TOPIC, 0, [{ value: null }]);
}

/** Lets time pass until it is done. */
async function driven(clock: Running['clock'], work: Promise<void>): Promise<void> {
  let done = false;
  const ended = work.then(() => {
    done = true;
  });
  while (!done) await clock.advance(500);
  return ended;
}

async function recover(running: Running): Promise<void> {
  const { api, claims, clock, source, state } = running;
  api.answer = accepted;
  claims.failure = null;
  state.registryAway = false;
  source.lease = true;
  source.crash(() => true);
  for (let round = 0; round < 6; round++) {
    await source.deliver();
    await clock.advance(6_000);
  }
}

describe('whatever happens, in whatever order', () => {
  it('what was consumed is settled, handed over or in flight, and in the end nothing is lost', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 40 }), async steps => {
        const running = await startPipeline();
        const { balance, deadLetters, logged, pipeline, source } = running;
        const fed = new Set<string>();
        for (const step of steps) {
          await take(step, running);
          if (typeof step === 'object' && 'feed' in step && step.workspace > 0) fed.add(`e${step.feed}`);
          const { consumed, accounted } = balance();
          expect(accounted).toBe(consumed);
        }
        await recover(running);
        expect(balance().accounted).toBe(balance().consumed);
        expect(pipeline.assignment?.inFlightTotal).toBe(0);
        expect([pipeline.assignment?.budget.events, pipeline.assignment?.budget.bytes]).toEqual([0, 0]);
        for (const { committed, highWatermark } of source.status().partitions) {
          expect(committed ?? 0).toBe(highWatermark);
        }
        const settledWell = new Set(deadLetters.letters.map(({ eventId }) => eventId));
        for (const line of logged()) if (line.includes(' delivered ')) settledWell.add(line.split(' ')[0]!);
        for (const id of fed) expect(settledWell).toContain(id);
      }),
      { numRuns: 120 },
    );
  });
});
