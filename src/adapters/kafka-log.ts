/**
 * The log of kafkajs, retold as notices. Only the message and an allow-list of fields pass: kafkajs puts whole errors,
 * requests and offsets beside them.
 */

import type { LogEntry, logLevel } from 'kafkajs';
import type { Telemetry } from '../ports.ts';

/** kafkajs's levels; debug (5) and its many infos (4) are left out. */
const ERROR = 1;
const WARN = 2;
const FIELDS = ['broker', 'groupId', 'topic', 'partition', 'retryCount', 'retryTime'] as const;
/** While a broker is away kafkajs repeats itself many times a second. */
const SAME_MESSAGE_EVERY_MS = 10_000;
const REMEMBERED_MESSAGES = 100;

type LogCreator = (level: logLevel) => (entry: LogEntry) => void;

/** For kafkajs's `logCreator`; `role` says which of the clients speaks. */
export function kafkaLog(role: string, telemetry: Pick<Telemetry, 'notice'>): LogCreator {
  const saidAt = new Map<string, number>();
  return () => entry => {
    if (entry.level !== ERROR && entry.level !== WARN) return;
    const { message } = entry.log;
    const now = performance.now();
    if (now - (saidAt.get(message) ?? Number.NEGATIVE_INFINITY) < SAME_MESSAGE_EVERY_MS) return;
    if (saidAt.size >= REMEMBERED_MESSAGES) saidAt.clear();
    saidAt.set(message, now);
    telemetry.notice('warn', 'KAFKA_CLIENT', `kafkajs (${role}): ${message}`, allowed(entry));
  };
}

function allowed({ namespace, log }: LogEntry): Record<string, string | number> {
  const fields: Record<string, string | number> = { part: namespace };
  for (const name of FIELDS) {
    const value: unknown = log[name];
    if (typeof value === 'string' || typeof value === 'number') fields[name] = value;
  }
  return fields;
}
