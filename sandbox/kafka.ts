/** Kafka clients of the sandbox: plain kafkajs, quiet, without its idle timer loop (which also prints a warning). */

import { Kafka, logLevel } from 'kafkajs';
import { patchTimerLoop } from '../src/adapters/kafka-patch-timer-loop.ts';

export function sandboxKafka(brokers: string): Kafka {
  patchTimerLoop();
  return new Kafka({ clientId: 'sandbox', brokers: brokers.split(','), logLevel: logLevel.NOTHING });
}
