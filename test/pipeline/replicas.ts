/** Replicas that keep the states of one connection and share them over one status topic, in virtual time. */

import { ConnectionStates } from '../../src/connection-states.ts';
import type { Release, StateAnswer } from '../../src/core/connection-state.ts';
import { createStatusDecoder } from '../../src/core/connection-status-record.ts';
import type { Credentials, CredentialsLookup } from '../../src/ports.ts';
import { StatusSharing } from '../../src/status-sharing.ts';
import { schemas } from '../core/event-records.ts';
import { MemoryStatusTopic, STATUS_SCHEMA_ID } from '../fakes/memory-status-topic.ts';
import { recordingTelemetry } from '../fakes/recording-telemetry.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

export const C = 'connection-1';
export const OLD: Credentials = { configOffset: 4, tokenDigest: 'old' };
export const NEW: Credentials = { configOffset: 4, tokenDigest: 'new' };
export const REFUSED: StateAnswer = { apiCode: 40105, httpStatus: 200, requestId: 'request-1', message: 'revoked' };
export const NO_EVENTS: StateAnswer = {
  apiCode: 40002,
  httpStatus: 200,
  requestId: 'request-2',
  message: 'data: empty',
};
/** Longer than a replica takes to hear of what another one wrote. */
export const HEARD_MS = 1_000;
export const PROBE_INTERVAL_MS = 120_000;

export function shareTopic() {
  const clock = new VirtualClock();
  const topic = new MemoryStatusTopic();
  const registry = { isAway: false };

  async function start(instance: string, inForce: Credentials = OLD) {
    const telemetry = recordingTelemetry();
    const now = { inForce };
    const credentialsNow = (): CredentialsLookup => ({ kind: 'token', token: 'secret', ...now.inForce });
    const states = new ConnectionStates({ credentialsNow, telemetry, probeIntervalMs: PROBE_INTERVAL_MS });
    const releases: Release[] = [];
    states.onReleased(release => releases.push(release));
    const decoder = createStatusDecoder(schemas.connectionStatus);
    const sharing = new StatusSharing({
      ...{ topic, states, decoder, clock, telemetry, instance, random: () => 0.5 },
      learnSchemas: async () => {
        if (registry.isAway) return false;
        decoder.learn(STATUS_SCHEMA_ID, { kind: 'schema', schema: schemas.connectionStatus, references: [] });
        return true;
      },
      workspaceOf: () => 'workspace-1',
    });
    await sharing.start(5_000);
    states.inForce(C, inForce, clock.now());
    /** The token or the entry changes for this replica. */
    const renew = (credentials: Credentials) => {
      now.inForce = credentials;
      states.inForce(C, credentials, clock.now());
    };
    const accepted = (credentials = now.inForce) => states.accepted(C, credentials, clock.now());
    const refused = (credentials = now.inForce, answer = REFUSED) =>
      states.refused(C, credentials, answer, clock.now());
    /** Asked about without events, TikTok found fault with that alone. */
    const unrefused = (credentials = now.inForce) => states.unrefused(C, credentials, NO_EVENTS, clock.now());
    const state = () => states.of(C)?.state ?? null;
    return { states, sharing, telemetry, releases, renew, accepted, refused, unrefused, state };
  }

  /** What the topic tells of the connection. */
  const told = () => topic.written.map(([, record]) => record?.state ?? null);
  return { clock, topic, registry, start, told };
}
