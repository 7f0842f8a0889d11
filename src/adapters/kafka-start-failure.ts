/** Why a consumer could not be started, in words that say what to do. */

import { CodedError } from '../core/error-codes.ts';
import { kafkaErrorCode, kafkaRootCause } from './kafka-internals.ts';
import { kafkaAdvice, problemOf, unreachable } from './kafka-refusal.ts';
import { tlsAdvice } from './tls-advice.ts';

/** Nobody answered, so nobody refused either. */
const UNREACHED: ReadonlySet<string> = new Set(['KafkaJSConnectionError', 'KafkaJSRequestTimeoutError']);

export function startFailure(
  error: unknown,
  { topics, groupId }: { readonly topics: readonly string[]; readonly groupId: string | null },
): CodedError {
  const code = kafkaErrorCode(error);
  if (code === 'UNKNOWN_TOPIC_OR_PARTITION') {
    const message = `Of the topics ${topics.join(', ')} at least one does not exist. Create it, or run: tiktok-sync topics ensure`;
    return new CodedError('TOPICS_WRONG', message, { cause: error });
  }
  const cause = kafkaRootCause(error);
  if (UNREACHED.has(cause.name) && tlsAdvice(cause, 'kafka.tls') === null) {
    const { broker } = cause as Error & { broker?: unknown };
    return unreachable([typeof broker === 'string' ? broker : 'kafka.brokers'], error);
  }
  const hint = /AUTHORIZATION_FAILED$/.test(code)
    ? `Check the permissions of ${groupId === null ? 'the topics' : 'the group and the topics'}.`
    : kafkaAdvice(error);
  const problem = `${code}: ${problemOf(error)}`;
  const who = groupId === null ? 'this client' : `the group ${groupId}`;
  const message = `Kafka did not let ${who} read ${topics.join(', ')} (${problem}). ${hint}`;
  return new CodedError('DEPENDENCY_UNREACHABLE', message, { cause: error });
}
