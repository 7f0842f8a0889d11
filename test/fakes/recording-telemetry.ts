/** Telemetry that only remembers what it was told. */

import type { OutcomeCount, Telemetry } from '../../src/ports.ts';

export interface RecordingTelemetry extends Telemetry {
  /** The arguments of every call of one method, in order. */
  told<Method extends keyof Telemetry>(method: Method): Parameters<Telemetry[Method]>[];
  /** Events by outcome, over all connections and reasons; `consumed` counts what was admitted. */
  totals(): Record<OutcomeCount['outcome'] | 'consumed', number>;
}

export function recordingTelemetry(): RecordingTelemetry {
  const calls: { readonly method: PropertyKey; readonly given: unknown }[] = [];
  const told = <Method extends keyof Telemetry>(method: Method) =>
    calls.filter(call => call.method === method).map(call => call.given as Parameters<Telemetry[Method]>);
  const totals = () => {
    const sums = { consumed: 0, delivered: 0, duplicate: 0, skipped: 0, dead_lettered: 0, handed_over: 0 };
    for (const [{ eventsByConnection }] of told('batchConsumed')) {
      for (const events of eventsByConnection.values()) sums.consumed += events;
    }
    for (const [counts] of told('eventsSettled')) for (const { outcome, events } of counts) sums[outcome] += events;
    return sums;
  };
  return new Proxy({ told, totals } as RecordingTelemetry, {
    get: (own, method) =>
      method in own ? Reflect.get(own, method) : (...given: unknown[]) => void calls.push({ method, given }),
  });
}
