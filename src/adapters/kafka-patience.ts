/**
 * Asks Kafka again for as long as the trouble is one that passes: a coordinator that starts, a leader that moves, a
 * connection that broke.
 */

import { pause } from '../pause.ts';
import type { Clock } from '../ports.ts';
import { kafkaErrorCode } from './kafka-internals.ts';

const ATTEMPTS = 20;
const RETRY_MS = 500;
/** kafkajs calls some of these an end and does not ask again, though a topic just made or a broker restarted brings them. */
const PASSING = new RegExp(
  `^(${[
    'GROUP_LOAD_IN_PROGRESS|GROUP_COORDINATOR_NOT_AVAILABLE|NOT_COORDINATOR_FOR_GROUP',
    'NOT_LEADER_|LEADER_NOT_|REPLICA_NOT_AVAILABLE|UNKNOWN_LEADER_EPOCH|FENCED_LEADER_EPOCH',
    'OFFSET_NOT_AVAILABLE|OFFSET_OUT_OF_RANGE',
    'KafkaJSConnection|KafkaJSBrokerNotFound|KafkaJSRequestTimeout|KafkaJSMetadataNotLoaded|KafkaJSLockTimeout',
  ].join('|')})`,
);

/**
 * Rejects with the last error when it does not pass, or is of another kind. `between` runs before each further attempt,
 * to learn who leads now; what goes wrong in it is for the attempt to meet.
 */
export async function patiently<T>(
  clock: Clock,
  attempt: () => Promise<T>,
  between: () => Promise<unknown> = () => Promise.resolve(),
): Promise<T> {
  for (let count = 1; ; count++) {
    try {
      return await attempt();
    } catch (error) {
      if (count === ATTEMPTS || !PASSING.test(kafkaErrorCode(error))) throw error;
    }
    await pause(clock, RETRY_MS);
    await between().catch(() => {});
  }
}
