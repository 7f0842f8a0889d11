import { describe, expect, it } from 'vitest';
import { adviceOn } from '../../src/core/config-advice.ts';
import type { Connection, Mapping } from '../../src/core/config-entry.ts';
import { connectionOf, mappingOf } from './business-events.ts';

const PLAIN = { include_value: false, trigger: 'CONVERSION_CREATED' } as const;

function advice(mappings: readonly Partial<Mapping>[], connections: readonly Partial<Connection>[] = [{}]) {
  const all = mappings.map((changes, index) => mappingOf({ ...PLAIN, mapping_id: `m${index + 1}`, ...changes }));
  return adviceOn(connections.map(connectionOf), all);
}

describe('two names that TikTok counts as one', () => {
  it.each([
    ['CompletePayment', 'Purchase'],
    ['Purchase', 'CompletePayment'],
    ['SubmitForm', 'Lead'],
  ])('%s and %s on one pixel are told at the later mapping', (first, second) => {
    expect(advice([{ tiktok_event_name: first }, { tiktok_event_name: second }])).toEqual([
      {
        key: 'mapping:m2',
        field: 'tiktok_event_name',
        message: expect.stringMatching(`counts ${second} and ${first} as one event, and mapping m1 sends`),
      },
    ]);
  });

  it('are told across the connections of one pixel, not across pixels', () => {
    const pair = [{ tiktok_event_name: 'SubmitForm' }, { tiktok_event_name: 'Lead', connection_id: 'c2' }];
    expect(advice(pair, [{}, { connection_id: 'c2' }])).toHaveLength(1);
    expect(advice(pair, [{}, { connection_id: 'c2', pixel_id: 'PIXEL2' }])).toEqual([]);
  });

  it.each([
    ['a disabled mapping', [{ enabled: false }], [{}]],
    ['a disabled connection', [{}], [{ enabled: false }]],
    ['a missing connection', [{ connection_id: 'elsewhere' }], [{}]],
  ] as const)('are not told of %s', (_, [changes], connections) => {
    const pair = [
      { tiktok_event_name: 'SubmitForm', ...changes },
      { tiktok_event_name: 'Lead', ...changes },
    ];
    expect(advice(pair, connections)).toEqual([]);
  });

  it('do not disturb each other where one connection only sends test events', () => {
    const pair = [{ tiktok_event_name: 'SubmitForm' }, { tiktok_event_name: 'Lead', connection_id: 'c2' }];
    expect(advice(pair, [{}, { connection_id: 'c2', test_event_code: 'TEST1' }])).toEqual([]);
  });

  it('have nothing to do with two former names that have no successor', () => {
    expect(advice([{ tiktok_event_name: 'PlaceAnOrder' }, { tiktok_event_name: 'ClickButton' }])).toEqual([]);
  });
});

describe('two triggers with one TikTok event name on one pixel', () => {
  const realized = { trigger: 'REALIZED_REVENUE_UPDATED' } as const;

  it('compete, and the first one sent wins', () => {
    expect(advice([{}, realized])).toEqual([
      {
        key: 'mapping:m2',
        field: 'tiktok_event_name',
        message:
          'mapping m1 sends Purchase on the same pixel for CONVERSION_CREATED: the two compete, and the first one sent wins',
      },
    ]);
  });

  it('count twice where the update brings its own id', () => {
    const told = advice([{}, { ...realized, event_id_source: 'UPDATE' }]);
    expect(told.map(({ field }) => field)).toEqual(['event_id_source', 'tiktok_event_name']);
    expect(told[1]?.message).toContain('counts for both');
  });

  it.each([
    ['Form A', 'Form B', 0],
    ['Form A', 'Form A', 1],
    ['Form A', '', 1],
  ])('for events named %j and %j give %i advice', (one, other, count) => {
    expect(advice([{ event_name_filter: one }, { ...realized, event_name_filter: other }])).toHaveLength(count);
  });

  it('are no matter where trigger or name differ', () => {
    expect(advice([{}, { event_name_filter: 'Form' }])).toEqual([]);
    expect(advice([{}, { ...realized, tiktok_event_name: 'Subscribe' }])).toEqual([]);
  });
});

describe('the choice of an event id', () => {
  const update = { trigger: 'EXPECTED_REVENUE_UPDATED', include_value: true } as const;

  it.each([
    [{ ...update }, 'only the first update of a conversion counts'],
    [{ ...update, event_id_source: 'UPDATE' }, 'adds up the full value of every update'],
    [{ ...update, include_value: false, event_id_source: 'UPDATE' }, 'adds up the full value of every update'],
    [{ event_id_source: 'UPDATE' }, 'no effect on this trigger'],
  ] as const)('%j is told: %s', (changes, message) => {
    expect(advice([changes])).toEqual([
      { key: 'mapping:m1', field: 'event_id_source', message: expect.stringContaining(message) },
    ]);
  });

  it('is not told where the first one winning changes no value', () => {
    expect(
      advice([
        { ...update, include_value: false },
        { include_value: true, tiktok_event_name: 'Lead' },
      ]),
    ).toEqual([]);
  });
});

it('advice does not depend on the order of the entries, and is told in the order of its keys', () => {
  const mappings = ['SubmitForm', 'Lead', 'CompletePayment', 'Purchase'].map((tiktok_event_name, index) =>
    mappingOf({ ...PLAIN, mapping_id: `m${index}`, tiktok_event_name }),
  );
  const told = adviceOn([connectionOf()], mappings);
  expect(told.map(({ key }) => key)).toEqual(['mapping:m1', 'mapping:m3']);
  expect(adviceOn([connectionOf()], mappings.toReversed())).toEqual(told);
});
