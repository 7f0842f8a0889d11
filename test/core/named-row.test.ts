import { expect, it } from 'vitest';
import { namedRow } from '../../src/core/named-row.ts';

it.each([
  ['data.0.event_id: Not a valid string.', 0],
  ['data.17.event_id: Not a valid string.', 17],
  ['data[3].user.email', 3],
  ['Invalid params: data.999.properties.value', 999],
  ['Batch.4.properties.contents.0.content_id: Not a valid string', 4],
  ['batch[2].timestamp', 2],
  ['the event at index 3 is bad', 3],
  ['Invalid Price Field', null],
  ['metadata.3 is bad', null],
  ['data.3x is bad', null],
  ['data.12345 is beyond any batch', null],
  ['', null],
])('%j names row %j', (message, row) => {
  expect(namedRow(message)).toBe(row);
});
