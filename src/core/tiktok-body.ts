/**
 * The request: which path, and the exact body around the JSON of its events.
 *
 * Guarantee: events keep their order and every byte they were built with; `test_event_code` and event source stand
 * once at the top level, never inside an event. Source: TikTok's Events API documentation, 2.0 and 1.0.
 */

import type { Destination } from './tiktok-event.ts';

/** The most events TikTok takes in one request, per wire; above it the whole request is refused. */
export const MAX_EVENTS_PER_REQUEST: Readonly<Record<Destination['wire'], number>> = { V2: 1000, V1: 50 };

const PATHS: Readonly<Record<Destination['wire'], string>> = { V2: 'event/track/', V1: 'pixel/batch/' };

/** Path below `/open_api/v1.3/`, with the slash every documented path ends in. */
export function trackPath(destination: Destination): string {
  return PATHS[destination.wire];
}

/** The body of one request with these events, in this order. */
export function trackBody(destination: Destination, jsons: readonly string[]): string {
  const { eventSource, eventSourceId, partnerName, testEventCode } = destination;
  const partner = partnerName === undefined ? '' : `"partner_name":${JSON.stringify(partnerName)},`;
  const testCode = testEventCode === null ? '' : `"test_event_code":${JSON.stringify(testEventCode)},`;
  const id = JSON.stringify(eventSourceId);
  switch (destination.wire) {
    case 'V2':
      return `{"event_source":"${eventSource}","event_source_id":${id},${testCode}${partner}"data":[${jsons.join(',')}]}`;
    case 'V1':
      return `{"pixel_code":${id},${testCode}"batch":[${jsons.join(',')}]}`;
  }
}
