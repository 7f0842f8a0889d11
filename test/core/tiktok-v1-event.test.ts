import { expect, it } from 'vitest';
import { v1EventJson } from '../../src/core/tiktok-v1-event.ts';

const WHOLE = {
  event: 'CompletePayment',
  eventId: 'conv-"1"',
  eventTime: Date.UTC(2026, 9, 25, 11, 58, 59) / 1000,
  ttclid: 'E.C.P',
  pageUrl: 'https://shop.example/?a="1"',
  userFields: ',"email":"e","ttp":"t"',
  properties: '{"value":19.9,"currency":"EUR"}',
};

it('an event of the 1.0 shape has exactly its fields', () => {
  expect(v1EventJson(WHOLE)).toBe(
    '{"type":"track","event":"CompletePayment","event_id":"conv-\\"1\\"","timestamp":"2026-10-25T11:58:59Z"' +
      ',"context":{"ad":{"callback":"E.C.P"},"page":{"url":"https://shop.example/?a=\\"1\\""}' +
      ',"user":{"email":"e","ttp":"t"}},"properties":{"value":19.9,"currency":"EUR"}}',
  );
});

it.each([
  [{ ttclid: null }, { page: expect.anything(), user: expect.anything() }],
  [{ pageUrl: null }, { ad: expect.anything(), user: expect.anything() }],
  [{ userFields: '' }, { ad: expect.anything(), page: expect.anything() }],
  [{ ttclid: null, pageUrl: null, userFields: '' }, undefined],
])('what %j leaves empty is not there', (changes, context) => {
  expect(JSON.parse(v1EventJson({ ...WHOLE, ...changes })).context).toEqual(context);
});

it('without properties has none', () => {
  expect(JSON.parse(v1EventJson({ ...WHOLE, properties: '' }))).not.toHaveProperty('properties');
});
