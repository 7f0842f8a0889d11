import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDestinations } from '../../src/core/destination.ts';
import { connectionOf } from './business-events.ts';

describe('the destination', () => {
  it('is the connection’s pixel', () => {
    expect(createDestinations(null)(connectionOf(), null)).toEqual({
      key: '["connection-1","V2","web","PIXEL1",null]',
      connectionId: 'connection-1',
      wire: 'V2',
      eventSource: 'web',
      eventSourceId: 'PIXEL1',
      testEventCode: null,
    });
  });

  it('names the partner that TikTok knows, on the wire that can say so', () => {
    const find = createDestinations('SourceLoop');
    expect(find(connectionOf(), null).partnerName).toBe('SourceLoop');
    expect(find(connectionOf({ wire: 'V1' }), null)).not.toHaveProperty('partnerName');
    expect(createDestinations(null)(connectionOf(), null)).not.toHaveProperty('partnerName');
  });

  it('of an offline connection is an event set', () => {
    const offline = connectionOf({ event_source: 'OFFLINE' });
    expect(createDestinations(null)(offline, null)).toMatchObject({ eventSource: 'offline', eventSourceId: 'PIXEL1' });
  });

  it.each([
    ['TEST1', 'TEST9', 'TEST1'],
    [' TEST1 ', null, 'TEST1'],
    [null, 'TEST9', 'TEST9'],
    ['  ', ' TEST9', 'TEST9'],
    [null, ' ', null],
    ['', null, null],
  ])('for the event’s test code %j and the connection’s %j has %j', (ofEvent, ofConnection, expected) => {
    const connection = connectionOf({ test_event_code: ofConnection });
    expect(createDestinations(null)(connection, ofEvent).testEventCode).toBe(expected);
  });

  it('is the same object for the same connection and code, and a new one for a changed connection', () => {
    const find = createDestinations(null);
    const connection = connectionOf();
    const found = find(connection, 'TEST1');
    expect(find(connection, ' TEST1')).toBe(found);
    expect(find(connection, null)).not.toBe(found);
    expect(find(connectionOf({ pixel_id: 'PIXEL2' }), 'TEST1').eventSourceId).toBe('PIXEL2');
    expect(Object.isFrozen(found)).toBe(true);
  });

  it('keeps no more than 64 a connection, and goes on finding the right ones', () => {
    const find = createDestinations(null);
    const connection = connectionOf();
    const codes = Array.from({ length: 100 }, (_, n) => `TEST${n}`);
    const found = codes.map(code => find(connection, code));
    expect(codes.filter((code, n) => find(connection, code) === found[n])).toEqual(codes.slice(0, 64));
    expect(codes.map(code => find(connection, code))).toEqual(found);
  });

  it('has equal keys only where all of it is equal, whatever stands in the ids', () => {
    const text = fc.stringMatching(/^[ab",[\]]{1,4}$/);
    const parts = fc.record({ connection_id: text, pixel_id: text, code: fc.option(text) });
    const find = createDestinations(null);
    const made = ({ code, ...ids }: { connection_id: string; pixel_id: string; code: string | null }) =>
      find(connectionOf(ids), code);
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        const { key, ...rest } = made(one);
        const { key: otherKey, ...otherRest } = made(other);
        expect(key === otherKey).toBe(JSON.stringify(rest) === JSON.stringify(otherRest));
      }),
    );
  });
});
