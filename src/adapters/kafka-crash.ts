/** What to do when a kafkajs consumer has given up. */

import { kafkaErrorCode } from './kafka-internals.ts';

/**
 * Failures of the cluster that pass, but which kafkajs takes for final (`CRASH` with `restart: false`): no broker
 * knows the coordinator, or a lock timed out, while brokers restart.
 */
const PASSING: ReadonlySet<string> = new Set([
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSLockTimeout',
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_LOAD_IN_PROGRESS',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
]);

/** Whether a consumer that kafkajs did not restart may be started again by us; anything else ends the process. */
export function canRestart(error: Error): boolean {
  return PASSING.has(error.name) || PASSING.has(kafkaErrorCode(error));
}
