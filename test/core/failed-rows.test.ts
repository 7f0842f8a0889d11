import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failedRows, partsRequest } from '../../src/core/failed-rows.ts';

describe('failed rows are read from', () => {
  it.each([
    [{ failed_events: [2, 0, 2] }, [0, 2]],
    [{ failed_events: [{ index: 3, code: 40002 }] }, [3]],
    [{ errors: [{ row: 1, message: 'bad' }, { event_index: 5 }] }, [1, 5]],
    [{ errors: ['data.4.event_id: Not a valid string.', 'Batch.7.timestamp'] }, [4, 7]],
    [{ failures: [{ message: 'data[9].user.email is bad' }] }, [9]],
    [{ error_list: [{ path: 'data.0.event' }] }, [0]],
    [{ failed_events: [], errors: [{ index: 1 }] }, [1]],
  ])('%j', (data, rows) => {
    expect(failedRows(data)).toEqual(rows);
  });
});

describe('no failed rows are known from', () => {
  it.each([
    [null],
    ['data.4.event_id'],
    [[{ index: 1 }]],
    [{}],
    [{ failed_events: [] }],
    [{ failed_events: 2 }],
    [{ failed_events: [1, 'one of the others'] }],
    [{ failed_events: [{ index: 1 }, { event_id: 'conv-1' }] }],
    [{ failed_events: [-1] }],
    [{ failed_events: [0.5] }],
    [{ failed_events: [{ index: '1' }] }],
    [{ failed_events: [1e9] }],
    [{ failed_events: [null] }],
    [{ failed_events: new Array(2_001).fill(1) }],
  ])('%j', data => {
    expect(failedRows(data)).toBeNull();
  });
});

it('never throws, and names rows in order, each once', () => {
  const anyData = fc.oneof(
    fc.jsonValue(),
    fc.record({ failed_events: fc.array(fc.oneof(fc.nat(3_000), fc.record({ index: fc.nat(50) }), fc.string())) }),
  );
  fc.assert(
    fc.property(anyData, data => {
      const rows = failedRows(data);
      if (rows !== null) expect(rows).toEqual([...new Set(rows)].toSorted((a, b) => a - b));
    }),
  );
});

it.each<[string, readonly number[] | null, boolean]>([
  ['some of its rows', [0, 2], true],
  ['no row', [], false],
  ['nothing', null, false],
  ['every row', [0, 1, 2], false],
  ['a row it does not have', [0, 3], false],
])('a list of %s parts a request of three: %j', (_, rows, parts) => {
  expect(partsRequest(rows, 3)).toBe(parts);
});
