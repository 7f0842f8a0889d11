/**
 * Telemetry for a redrive: its requests, claims and troubles count with the others, its events have counts of their own.
 *
 * The books of the service are of its event topics; an event that comes back from the dead-letter topic was counted
 * there once and is not counted again.
 */

import type { OutcomeCount, Telemetry } from './ports.ts';

/** `onEnded` hears how events ended, those of a lost assignment (`handed_over`) left out. */
export function redriveTelemetry(telemetry: Telemetry, onEnded: (counts: readonly OutcomeCount[]) => void): Telemetry {
  const own: Partial<Telemetry> = {
    batchConsumed: () => {},
    eventsSettled(counts) {
      const ended = counts.filter(({ outcome }) => outcome !== 'handed_over');
      telemetry.eventsRedriven(ended);
      onEnded(ended);
    },
    // Days old by now, they say nothing about how quickly events are delivered.
    eventsAccepted: () => {},
    eventNotes: () => {},
    decodeFailed: () => {},
    dedupChecks: () => {},
    flushed: () => {},
    flushFinished: () => {},
    // Those of the service's own group are what readiness and alerts go by.
    assignmentChanged: () => {},
    rebalanceFinished: () => {},
    heartbeat: () => {},
    commitFinished: () => {},
  };
  return Object.assign(Object.create(telemetry) as Telemetry, own);
}
