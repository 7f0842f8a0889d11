/**
 * Where the events of a connection go: event source, source id and test event code of the request.
 *
 * Guarantee: the same connection object and test code give the same destination object, so that comparing and
 * grouping cost nothing. Source of the request shape: TikTok's Events API 2.0 documentation.
 */

import type { Connection } from './config-entry.ts';
import { present } from './normalise.ts';
import type { Destination } from './tiktok-event.ts';

/** Test codes come from the connection or from events; a producer that makes up new ones must not fill the memory. */
const MAX_KEPT_PER_CONNECTION = 64;

/** Finds the destination for a connection and the event's own test code, which wins over the connection's. */
export type FindDestination = (connection: Connection, eventTestCode: string | null) => Destination;

/** `partnerName`: sent with every request of Events API 2.0; null sends none. */
export function createDestinations(partnerName: string | null): FindDestination {
  const known = new WeakMap<Connection, Map<string | null, Destination>>();
  return (connection, eventTestCode) => {
    const code = present(eventTestCode) ?? present(connection.test_event_code);
    let ofConnection = known.get(connection);
    if (ofConnection === undefined) {
      ofConnection = new Map();
      known.set(connection, ofConnection);
    }
    const found = ofConnection.get(code);
    if (found !== undefined) return found;
    const made = destinationOf(connection, code, partnerName);
    if (ofConnection.size < MAX_KEPT_PER_CONNECTION) ofConnection.set(code, made);
    return made;
  };
}

function destinationOf(connection: Connection, testEventCode: string | null, partnerName: string | null): Destination {
  const { connection_id: connectionId, wire, event_source, pixel_id: eventSourceId } = connection;
  const eventSource = event_source === 'OFFLINE' ? 'offline' : 'web';
  // JSON keeps the parts apart whatever they contain.
  const key = JSON.stringify([connectionId, wire, eventSource, eventSourceId, testEventCode]);
  const destination = { key, connectionId, wire, eventSource, eventSourceId, testEventCode } as const;
  return Object.freeze(partnerName === null || wire === 'V1' ? destination : { ...destination, partnerName });
}
