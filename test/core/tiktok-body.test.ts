import { describe, expect, it } from 'vitest';
import { MAX_EVENTS_PER_REQUEST, trackBody, trackPath } from '../../src/core/tiktok-body.ts';
import type { Destination } from '../../src/core/tiktok-event.ts';

const WEB: Destination = {
  key: 'k',
  connectionId: 'connection-1',
  wire: 'V2',
  eventSource: 'web',
  eventSourceId: 'PIX"1',
  testEventCode: null,
};
const OLD: Destination = { ...WEB, wire: 'V1' };

describe('a request of Events API 2.0', () => {
  it('goes to event/track/ and holds its events byte for byte and in order', () => {
    expect(trackPath(WEB)).toBe('event/track/');
    expect(trackBody(WEB, ['{"value":0.10}', '{"b":2}'])).toBe(
      '{"event_source":"web","event_source_id":"PIX\\"1","data":[{"value":0.10},{"b":2}]}',
    );
    expect(MAX_EVENTS_PER_REQUEST.V2).toBe(1000);
  });

  it('carries a test event code at its top level', () => {
    expect(JSON.parse(trackBody({ ...WEB, testEventCode: 'TEST "1"' }, ['{}']))).toEqual({
      event_source: 'web',
      event_source_id: 'PIX"1',
      test_event_code: 'TEST "1"',
      data: [{}],
    });
  });
});

it('a request of Events API 2.0 names the partner at its top level', () => {
  expect(JSON.parse(trackBody({ ...WEB, partnerName: 'A "b"' }, ['{}']))).toEqual({
    event_source: 'web',
    event_source_id: 'PIX"1',
    partner_name: 'A "b"',
    data: [{}],
  });
});

describe('a request of Events API 1.0', () => {
  it('goes to pixel/batch/ with the pixel code at its top level', () => {
    expect(trackPath(OLD)).toBe('pixel/batch/');
    expect(JSON.parse(trackBody({ ...OLD, testEventCode: 'T' }, ['{"type":"track"}']))).toEqual({
      pixel_code: 'PIX"1',
      test_event_code: 'T',
      batch: [{ type: 'track' }],
    });
    expect(MAX_EVENTS_PER_REQUEST.V1).toBe(50);
  });
});
