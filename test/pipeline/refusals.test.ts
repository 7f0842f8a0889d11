import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventsApiAnswer } from '../../src/ports.ts';
import { accepted, coded, refusing } from '../fakes/scripted-events-api.ts';
import { PROBE_INTERVAL_MS, setUpLanes } from './lanes.ts';

/** Any code that nobody understands. */
const STRANGE = 40016;

const lastLetter = ({ settled }: ReturnType<typeof setUpLanes>) => settled.at(-1)?.letter;

describe('an answer that nobody understands', () => {
  it('is waited for to become another one, three attempts in all, and then is a dead letter with what TikTok said', async () => {
    const lanes = setUpLanes();
    const { api, clock, deliver, endings, settled } = lanes;
    api.answer = () => coded(STRANGE, 'biz fc error');
    const startedAt = clock.now();
    const [event] = deliver(1);
    await clock.advance(60_000);
    expect([api.requests.length, endings()]).toEqual([3, ['0 ambiguous_answer']]);
    expect(lastLetter(lanes)).toMatchObject({
      ...{ apiCode: STRANGE, requestId: `req-${STRANGE}`, httpStatus: 200, attempts: 3, firstAttemptAt: startedAt },
      detail: expect.stringContaining('biz fc error'),
    });
    expect(settled[0]?.entry).toMatchObject({ api_code: STRANGE, request_id: `req-${STRANGE}`, attempts: 3 });
    // It may have been taken: a later copy must find the claim.
    expect([event?.claim === undefined, settled[0]?.release]).toEqual([false, null]);
  });

  it('followed by one that is understood is forgotten', async () => {
    const { api, clock, deliver, endings } = setUpLanes();
    const strange = () => coded(STRANGE);
    api.next.push(strange, strange, accepted);
    deliver(1);
    await clock.advance(60_000);
    expect(endings()).toEqual(['0 accepted']);
  });

  it('to a batch takes nobody down but the event that causes it: slices, then single events, three attempts in all', async () => {
    const { api, clock, deliver, endings, settled } = setUpLanes();
    api.answer = ({ eventIds }) => (eventIds.includes('conversion-11') ? coded(STRANGE) : accepted());
    deliver(32);
    await clock.advance(60_000);
    expect(endings().filter(ending => ending.endsWith(' accepted'))).toHaveLength(31);
    expect(endings().at(-1)).toBe('11 ambiguous_answer');
    expect(api.sent.map(({ length }) => length)).toEqual([32, 6, 6, 6, 6, 6, 2, 1, 1, 1, 1, 1, 1]);
    expect(Math.max(...settled.map(({ entry }) => entry?.attempts ?? 0))).toBe(3);
  });

  it('to slice after slice of a batch is about no event: one more attempt with all of it, and then letters', async () => {
    const { api, clock, deliver, endings, states } = setUpLanes();
    api.answer = () => coded(STRANGE);
    deliver(1_000);
    await clock.advance(60_000);
    expect(endings()).toHaveLength(1_000);
    expect(new Set(endings().map(ending => ending.split(' ')[1]))).toEqual(new Set(['ambiguous_answer']));
    expect(api.sent.map(({ length }) => length)).toEqual([
      ...[1_000, ...new Array(16).fill(32)],
      // Spot checks in what is left.
      ...[1, 1, 1, 1],
      1_000,
    ]);
    expect(states.parked().size).toBe(0);
  });

  it('is waited out before the second and before the third attempt, which may be understood', async () => {
    const { api, clock, deliver, endings } = setUpLanes();
    api.next.push(...new Array(1 + 3).fill(() => coded(STRANGE)));
    deliver(9);
    await clock.advance(499);
    expect(api.requests).toHaveLength(1);
    await clock.advance(1);
    expect(api.requests).toHaveLength(4);
    await clock.advance(999);
    expect(api.requests).toHaveLength(4);
    await clock.advance(1);
    expect(endings()).toHaveLength(9);
    expect(new Set(endings().map(ending => ending.split(' ')[1]))).toEqual(new Set(['accepted']));
  });

  it('that says that one event was partly taken is one of them', async () => {
    const { api, clock, deliver, endings } = setUpLanes();
    api.answer = () => coded(20001, 'partial');
    deliver(1);
    await clock.advance(60_000);
    expect([api.requests.length, endings()]).toEqual([3, ['0 ambiguous_answer']]);
  });

  it('to what is left after bad events has none of it asked about twice in one attempt', async () => {
    const { api, clock, deliver, endings, states } = setUpLanes();
    const bad = ['conversion-0', 'conversion-1', 'conversion-2', 'conversion-3'];
    api.answer = ({ eventIds }) => {
      const row = eventIds.findIndex(id => bad.includes(id));
      if (row !== -1) return coded(40002, `data.${row}.user.email: invalid`);
      return eventIds.includes('conversion-9') ? coded(STRANGE) : accepted();
    };
    deliver(20);
    await clock.advance(60_000);
    const ends = (n: number): string => (n < 4 ? 'refused_by_tiktok' : n === 9 ? 'ambiguous_answer' : 'accepted');
    expect(endings().toSorted()).toEqual(Array.from({ length: 20 }, (_, n) => `${n} ${ends(n)}`).toSorted());
    expect(states.parked().size).toBe(0);
  });

  it('to neighbours takes no good event along: far from them others are taken', async () => {
    const { api, clock, deliver, endings } = setUpLanes();
    api.answer = ({ eventIds }) => (eventIds.some(id => Number(id.split('-')[1]) < 20) ? coded(STRANGE) : accepted());
    deliver(1_000);
    await clock.advance(60_000);
    expect(endings().filter(ending => ending.endsWith(' ambiguous_answer'))).toHaveLength(20);
    expect(endings().filter(ending => ending.endsWith(' accepted'))).toHaveLength(980);
  });

  it('to one event in each slice takes no good event along either', async () => {
    const { api, clock, deliver, endings } = setUpLanes();
    api.answer = ({ eventIds }) =>
      eventIds.some(id => Number(id.split('-')[1]) % 32 === 7) ? coded(STRANGE) : accepted();
    deliver(1_000);
    await clock.advance(60_000);
    expect(endings().filter(ending => ending.endsWith(' ambiguous_answer'))).toHaveLength(32);
    expect(endings().filter(ending => ending.endsWith(' accepted'))).toHaveLength(968);
  });

  it('and others that are understood end each as they are, whichever TikTok tells of first', async () => {
    const kinds = fc.array(fc.constantFrom('good', 'good', 'good', 'bad', 'strange'), { minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(kinds, fc.boolean(), async (batch, isNamed) => {
        const wrong = batch.filter(kind => kind !== 'good').length;
        fc.pre(wrong <= batch.length / 3);
        const { api, clock, deliver, endings } = setUpLanes();
        api.answer = ({ eventIds }) => {
          const held = eventIds.map(id => batch[Number(id.split('-')[1])]);
          const row = held.indexOf('bad');
          if (row !== -1) return coded(40002, isNamed ? `data.${row}.user.email: invalid` : 'Invalid params');
          return held.includes('strange') ? coded(STRANGE) : accepted();
        };
        deliver(batch.length);
        await clock.advance(3_600_000);
        const ends = { good: 'accepted', bad: 'refused_by_tiktok', strange: 'ambiguous_answer' };
        const due = batch.map((kind, n) => `${n} ${ends[kind as keyof typeof ends]}`);
        expect(endings().toSorted()).toEqual(due.toSorted());
      }),
      { numRuns: 100 },
    );
  });

  it('to the others proves nothing against the row that a refusal named', async () => {
    const { api, clock, deliver, endings } = setUpLanes();
    api.next.push(
      () => coded(40002, 'data.3.user.email: invalid'),
      () => coded(STRANGE),
    );
    deliver(4);
    await clock.advance(60_000);
    expect(api.sent.slice(1, 3)).toEqual([['conversion-0', 'conversion-1', 'conversion-2'], ['conversion-3']]);
    expect(endings().toSorted()).toEqual([0, 1, 2, 3].map(n => `${n} accepted`));
  });

  it('in the midst of isolating poison is waited for like any other', async () => {
    const { api, clock, deliver, endings } = setUpLanes();
    const refuseOne = refusing('conversion-3');
    api.next.push(refuseOne, () => coded(STRANGE));
    api.answer = refuseOne;
    deliver(4);
    await clock.advance(60_000);
    expect(endings().sort()).toEqual(['0 accepted', '1 accepted', '2 accepted', '3 refused_by_tiktok']);
  });
});

describe('a batch that was taken in part', () => {
  const partly = (...rows: number[]): EventsApiAnswer => {
    const data = { failed_events: rows.map(index => ({ index })) };
    const body = JSON.stringify({ code: 20001, message: 'partial', request_id: 'req-20001', data });
    return { kind: 'response', status: 200, headers: {}, body, durationMs: 5 };
  };

  it('has the rows that the answer lists sent again by themselves, and the others too: only code 0 is delivered', async () => {
    const { api, clock, deliver, endings, settled } = setUpLanes();
    api.next.push(() => partly(1, 3));
    deliver(5);
    deliver(1);
    await clock.idle();
    expect(api.sent.slice(1)).toEqual([
      ['conversion-0', 'conversion-2', 'conversion-4'],
      ['conversion-1', 'conversion-3'],
      ['conversion-5'],
    ]);
    expect(endings()).toHaveLength(6);
    expect(settled.map(({ entry }) => entry?.api_code)).toEqual(new Array(6).fill(0));
  });

  it('has its listed rows judged like any batch', async () => {
    const { api, clock, deliver, endings } = setUpLanes();
    api.next.push(() => partly(1, 3));
    api.answer = refusing('conversion-3');
    deliver(5);
    await clock.idle();
    expect(endings().slice(3)).toEqual(['1 accepted', '3 refused_by_tiktok']);
  });

  it('has its connection parked for none of its listed rows, once others of it were taken', async () => {
    const { api, clock, deliver, endings, states } = setUpLanes();
    const listed = Array.from({ length: 32 }, (_, n) => n * 3);
    const bad = new Set(listed.map(n => `conversion-${n}`));
    api.next.push(() => partly(...listed));
    api.answer = refusing(...bad);
    deliver(100);
    await clock.advance(60_000);
    expect(endings().filter(ending => ending.endsWith(' refused_by_tiktok'))).toHaveLength(32);
    expect(endings()).toHaveLength(100);
    expect(states.parked().size).toBe(0);
  });

  it('in the midst of isolating is parted as well, and the search goes on with what is left', async () => {
    const { api, clock, deliver, endings } = setUpLanes();
    const refuseOne = refusing('conversion-6');
    api.next.push(refuseOne, () => partly(0));
    api.answer = refuseOne;
    deliver(8);
    await clock.idle();
    expect(endings().toSorted()).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].map(n => `${n} ${n === 6 ? 'refused_by_tiktok' : 'accepted'}`),
    );
  });

  it('again after its list was believed has its events asked about one by one, three attempts in all', async () => {
    const { api, clock, deliver, endings } = setUpLanes();
    api.answer = ({ eventIds }) => (eventIds.includes('conversion-5') ? partly(0) : accepted());
    deliver(8);
    await clock.advance(60_000);
    const ids = (...numbers: number[]) => numbers.map(n => `conversion-${n}`);
    expect(api.sent.slice(0, 3)).toEqual([ids(0, 1, 2, 3, 4, 5, 6, 7), ids(1, 2, 3, 4, 5, 6, 7), ids(0)]);
    expect(api.sent.slice(3)).toEqual([1, 2, 3, 4, 5, 6, 7].map(n => ids(n)));
    expect(endings().toSorted()).toEqual([
      ...[0, 1, 2, 3, 4].map(n => `${n} accepted`),
      '5 ambiguous_answer',
      ...[6, 7].map(n => `${n} accepted`),
    ]);
  });

  it.each([10, 100, 1_000])('always, with the list of one row, costs %i events at most 23 requests', async count => {
    const { api, clock, deliver, endings } = setUpLanes();
    api.answer = () => partly(0);
    deliver(count);
    await clock.advance(600_000);
    expect(endings()).toHaveLength(count);
    expect(new Set(endings().map(ending => ending.split(' ')[1]))).toEqual(new Set(['ambiguous_answer']));
    expect(api.requests.length).toBeLessThanOrEqual(1 + 2 + 16 + 4);
  });

  it.each([
    ['lists no row', partly()],
    ['lists every row', partly(0, 1, 2, 3)],
    ['lists a row it does not have', partly(0, 4)],
  ])('is sent again at once in slices where the answer %s', async (_, answer) => {
    const { api, clock, deliver, endings } = setUpLanes();
    api.next.push(() => answer);
    deliver(4);
    await clock.idle();
    expect(api.sent.slice(1)).toEqual([
      ['conversion-0', 'conversion-1'],
      ['conversion-2', 'conversion-3'],
    ]);
    expect(endings()).toHaveLength(4);
  });
});

describe('sixteen events refused by themselves with one code, and none taken', () => {
  it('mean that the connection is refused: it is parked, and its events say so', async () => {
    const lanes = setUpLanes();
    const { api, clock, deliver, endings, settled, states } = lanes;
    api.answer = () => coded(40002, 'Invalid params');
    const events = deliver(100);
    await clock.idle();
    expect(api.sent.filter(({ length }) => length === 1)).toHaveLength(16);
    expect(endings()).toHaveLength(100);
    expect(new Set(endings().map(ending => ending.split(' ')[1]))).toEqual(new Set(['connection_parked']));
    expect(settled.every(({ letter }) => letter?.apiCode === 40002 && letter.requestId === 'req-40002')).toBe(true);
    expect(settled.map(({ release }) => release?.key).sort()).toEqual(events.map(({ claim }) => claim.key).sort());
    expect([...states.parked().keys()]).toEqual(['connection-1']);

    // What comes before the next probe takes the refusal along.
    deliver(1);
    await clock.idle();
    expect(lastLetter(lanes)).toMatchObject({ reason: 'connection_parked', apiCode: 40002, requestId: 'req-40002' });

    api.answer = accepted;
    await clock.advance(PROBE_INTERVAL_MS);
    deliver(1);
    await clock.idle();
    expect([endings().at(-1), states.parked().size]).toEqual(['101 accepted', 0]);
  });

  it('are no release when a probe of the parked connection hears the same again', async () => {
    const { api, clock, deliver, endings, states, telemetry } = setUpLanes();
    const released: unknown[] = [];
    states.onReleased(release => released.push(release));
    api.answer = () => coded(40002, 'Invalid params');
    deliver(100);
    await clock.idle();
    const before = api.requests.length;
    for (let window = 0; window < 3; window++) {
      await clock.advance(PROBE_INTERVAL_MS);
      deliver(40);
      await clock.idle();
    }
    // Each probe is searched like any batch, for only some of them might be bad: 40, 20, 10, 5, 3, 2 and 1 on the way
    // to the first, 2 before the next two, and 16 in all alone.
    expect(api.requests.length - before).toBe(3 * 23);
    expect(new Set(endings().map(ending => ending.split(' ')[1]))).toEqual(new Set(['connection_parked']));
    expect(endings()).toHaveLength(220);
    expect(released).toEqual([]);
    expect(telemetry.told('connectionState').map(([, state]) => state)).toEqual(['active', 'parked']);
  });

  it.each([0, 1, 17, 39].flatMap(bad => [[bad, 1] as const, [bad, 15] as const]))(
    'are over once one event passes, though from event %i of that batch on %i are bad for the same code',
    async (first, count) => {
      const { api, clock, deliver, endings, states } = setUpLanes();
      const released: unknown[] = [];
      states.onReleased(release => released.push(release));
      api.answer = () => coded(40002, 'Invalid params');
      deliver(100);
      await clock.idle();
      const bad = new Set(Array.from({ length: count }, (_, n) => `conversion-${100 + ((first + n) % 40)}`));
      api.answer = ({ eventIds }) => (eventIds.some(id => bad.has(id)) ? coded(40002, 'Invalid params') : accepted());
      await clock.advance(PROBE_INTERVAL_MS);
      deliver(40);
      await clock.idle();
      expect([released.length, states.parked().size]).toEqual([1, 0]);
      const ends = endings().slice(100).toSorted();
      expect(ends.filter(end => end.endsWith(' accepted'))).toHaveLength(40 - count);
      expect(ends.filter(end => end.endsWith(' refused_by_tiktok'))).toHaveLength(count);
    },
  );

  it.each([40000, 40002, 40061])(
    'are over with any other answer about the events: here %i to one of them',
    async code => {
      const { api, clock, deliver, endings, states } = setUpLanes();
      api.answer = () => coded(40001, 'No permission');
      deliver(40);
      await clock.idle();
      expect(states.parked().size).toBe(1);
      api.answer = ({ eventIds }) => (eventIds.includes('conversion-45') ? coded(code) : accepted());
      await clock.advance(PROBE_INTERVAL_MS);
      deliver(20);
      await clock.idle();
      expect(states.parked().size).toBe(0);
      expect(endings().filter(end => end.endsWith(' accepted'))).toHaveLength(19);
    },
  );

  it('leave the event that is a probe by itself a letter of the parked connection', async () => {
    const { api, clock, deliver, endings, states } = setUpLanes();
    api.answer = () => coded(40002, 'Invalid params');
    deliver(100);
    await clock.idle();
    await clock.advance(PROBE_INTERVAL_MS);
    deliver(1);
    await clock.idle();
    expect([endings().at(-1), states.parked().size]).toEqual(['100 connection_parked', 1]);
  });

  it.each([
    ['fifteen are bad', 15, () => coded(40002)],
    ['their codes differ', 24, (id: string) => coded(Number(id.split('-')[1]) % 2 === 0 ? 40000 : 40002)],
  ])('do not where %s', async (_, count, answer) => {
    const { api, clock, deliver, endings, states } = setUpLanes();
    api.answer = ({ eventIds }) => answer(eventIds[0]!);
    deliver(count);
    await clock.idle();
    expect(new Set(endings().map(ending => ending.split(' ')[1]))).toEqual(new Set(['refused_by_tiktok']));
    expect([endings().length, states.parked().size]).toEqual([count, 0]);
  });

  it.each([
    ['named rows', (row: number) => coded(40002, `data.${row}.user.email: bad`)],
    ['no names', () => coded(40002, 'Invalid params')],
  ])('do not come of seventeen or more bad events in a thousand: %s', async (_, refusal) => {
    for (const bad of [17, 50, 100].flatMap(count => [1, 9].map(step => ({ count, step })))) {
      const { api, clock, deliver, endings, states } = setUpLanes();
      const ids = new Set(Array.from({ length: bad.count }, (_, n) => `conversion-${n * bad.step}`));
      api.answer = ({ eventIds }) => {
        const row = eventIds.findIndex(id => ids.has(id));
        return row === -1 ? accepted() : refusal(row);
      };
      deliver(1_000);
      await clock.idle();
      const ends = Map.groupBy(endings(), ending => ending.split(' ')[1]);
      expect([ends.get('accepted')?.length, ends.get('refused_by_tiktok')?.length]).toEqual([
        1_000 - bad.count,
        bad.count,
      ]);
      expect(states.parked().size).toBe(0);
      expect(new Set(endings()).size).toBe(1_000);
      expect(api.requests.length).toBeLessThanOrEqual(1 + bad.count * 2 * 10);
    }
  });

  it('do not where one before them was taken: then the connection is none of it', async () => {
    const { api, clock, deliver, endings, states } = setUpLanes();
    api.answer = ({ eventIds }) => (eventIds.every(id => id === 'conversion-0') ? accepted() : coded(40002));
    deliver(40);
    await clock.idle();
    expect(endings().filter(ending => ending.endsWith(' refused_by_tiktok'))).toHaveLength(39);
    expect(states.parked().size).toBe(0);
  });
});

it('a batch that is too large is halved until its parts pass, and no further', async () => {
  const { api, clock, deliver, endings } = setUpLanes();
  const tooLarge: EventsApiAnswer = { kind: 'response', status: 413, headers: {}, body: '', durationMs: 5 };
  api.answer = ({ eventIds }) => (eventIds.length > 100 ? tooLarge : accepted());
  deliver(1_000);
  await clock.idle();
  expect(endings().filter(ending => ending.endsWith(' accepted'))).toHaveLength(1_000);
  // 1, 2, 4 and 8 that are too large, and 16 that pass.
  expect(api.requests).toHaveLength(31);
});

it('the answer that parked the connection is in its letters also where this process never got it', async () => {
  const lanes = setUpLanes();
  const { clock, connections, deliver, states } = lanes;
  const credentials = { tokenDigest: connections.get('connection-1')?.access_token ?? '', configOffset: 0 };
  const answer = { httpStatus: 200, apiCode: 40105, requestId: 'req-of-another', message: 'revoked' };
  states.refused('connection-1', credentials, answer, clock.now());
  deliver(1);
  await clock.idle();
  const detail = expect.stringContaining('code 40105, HTTP 200, revoked');
  expect(lastLetter(lanes)).toMatchObject({ apiCode: 40105, requestId: 'req-of-another', detail });
});

it('the last answer is in the letter also where an event ends for another reason than that answer', async () => {
  const lanes = setUpLanes();
  const { api, clock, connections, deliver, settled } = lanes;
  api.answer = () => coded(50002, 'system busy');
  deliver(1);
  await clock.advance(10);
  connections.clear();
  await clock.advance(60_000);
  const detail = expect.stringContaining('system busy');
  const told = { reason: 'connection_removed', api_code: 50002, request_id: 'req-50002', detail };
  expect(settled[0]?.entry).toMatchObject(told);
});

it('a batch of good events, bad ones and ones that nobody understands ends with each as it is, within the bound', async () => {
  const kinds = fc.array(fc.constantFrom('good', 'good', 'good', 'bad', 'strange'), { minLength: 1, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(kinds, async batch => {
      const wrong = batch.filter(kind => kind !== 'good').length;
      // With more of them it may be the connection.
      fc.pre(wrong < 16 || wrong <= batch.length / 2);
      const { api, clock, deliver, endings } = setUpLanes();
      api.answer = ({ eventIds }) => {
        const held = eventIds.map(id => batch[Number(id.split('-')[1])]);
        if (held.includes('strange')) return coded(STRANGE);
        return held.includes('bad') ? coded(40002, 'Invalid params') : accepted();
      };
      deliver(batch.length);
      await clock.advance(3_600_000);
      const ends = { good: 'accepted', bad: 'refused_by_tiktok', strange: 'ambiguous_answer' };
      expect(endings().toSorted()).toEqual(
        batch.map((kind, n) => `${n} ${ends[kind as keyof typeof ends]}`).toSorted(),
      );
      // Each request of the search may be one that is waited for, three times in all.
      const levels = Math.max(1, Math.ceil(Math.log2(batch.length)));
      expect(api.requests.length).toBeLessThanOrEqual(3 * (1 + wrong * 2 * levels));
    }),
    { numRuns: 60 },
  );
});
