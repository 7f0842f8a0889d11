import fc from 'fast-check';
import { expect, it } from 'vitest';
import { judgeResponse, type Verdict } from '../../src/core/judge-response.ts';
import { verdictOfEvent } from '../../src/core/verdict-of-event.ts';

function judged(body: unknown, status = 200): Verdict {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return judgeResponse({ kind: 'response', status, headers: {}, body: text, durationMs: 1 }, 0);
}

function perEvent(verdict: Verdict, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => verdictOfEvent(verdict, index, count));
}

it.each<[string, unknown, readonly string[]]>([
  ['a named row', { code: 40002, message: 'data.1.event_id: bad' }, ['retry', 'poison', 'retry']],
  ['a row in brackets', { code: 40002, message: 'data[2].user.email' }, ['retry', 'retry', 'poison']],
  ['a row of the 1.0 shape', { code: 40002, message: 'Batch.0.timestamp: bad' }, ['poison', 'retry', 'retry']],
  ['a row by index', { code: 40000, message: 'bad event at index 0' }, ['poison', 'retry', 'retry']],
  ['no row', { code: 40002, message: 'Invalid params' }, ['poison', 'poison', 'poison']],
  ['a row beyond the request', { code: 40002, message: 'data.3.event_id' }, ['poison', 'poison', 'poison']],
  ['all taken', { code: 0 }, ['delivered', 'delivered', 'delivered']],
  ['taken in part', { code: 20001 }, ['partial', 'partial', 'partial']],
  ['failed rows', { code: 20001, data: { failed_events: [{ index: 2 }] } }, ['partial', 'partial', 'partial']],
  ['failed rows beyond the request', { code: 20001, data: { errors: [1, 3] } }, ['partial', 'partial', 'partial']],
  ['too large', { code: 40061 }, ['split', 'split', 'split']],
  ['a row where the token is refused', { code: 40105, message: 'data.1' }, new Array(3).fill('connection-refused')],
  ['no code', 'data.1.event_id', ['ambiguous', 'ambiguous', 'ambiguous']],
])('with %s', (_, body, classes) => {
  expect(perEvent(judged(body), 3)).toEqual(classes);
});

it('delivers an event only with its whole request', () => {
  const anyBody = fc.oneof(
    fc.json(),
    fc.record({ code: fc.constantFrom(0, 20001, 40002, 40105), message: fc.string(), data: fc.jsonValue() }),
  );
  fc.assert(
    fc.property(anyBody, fc.integer({ min: 1, max: 5 }), (body, count) => {
      const verdict = judged(body);
      const classes = perEvent(verdict, count);
      expect(classes.includes('delivered')).toBe(verdict.class === 'delivered');
      expect(new Set(classes).size === 1 || verdict.class === 'poison').toBe(true);
    }),
  );
});
