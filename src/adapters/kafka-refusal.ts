/** Why no broker let us in, and which option to look at. */

import { CodedError } from '../core/error-codes.ts';
import { kafkaErrorCode, kafkaRootCause } from './kafka-internals.ts';
import { tlsAdvice } from './tls-advice.ts';

/** A command could not connect to the cluster. The message never holds a password or a token. */
export function unreachable(brokers: readonly string[], error: unknown): CodedError {
  const hint = `Kafka cannot be reached at ${brokers.join(', ')} (${problemOf(error)}). ${kafkaAdvice(error)}`;
  return new CodedError('DEPENDENCY_UNREACHABLE', hint, { cause: error });
}

/** What a listener without SASL answers to a client that begins with it. */
export const NO_SASL_THERE = 'ILLEGAL_SASL_STATE';

/** What to do about a failure of a Kafka client, in a sentence or two. */
export function kafkaAdvice(error: unknown): string {
  const cause = kafkaRootCause(error);
  if (cause.name === 'KafkaJSSASLAuthenticationError') return saslAdvice(cause.message);
  // The message itself says which option.
  if (cause.message.startsWith('KAFKA_OAUTH_UNAVAILABLE')) return 'Check kafka.sasl.oauth.';
  if (cause.name === 'KafkaJSConnectionClosedError') {
    return 'The broker hung up: check that kafka.tls.enabled and kafka.sasl.mechanism are what its listener wants.';
  }
  if (kafkaErrorCode(error) === NO_SASL_THERE) {
    return 'The listener takes no SASL: set kafka.sasl.mechanism to none, or use the port of one that does.';
  }
  return (
    tlsAdvice(cause, 'kafka.tls')?.text ??
    'Check host and port in kafka.brokers, and that kafka.tls.enabled is what the listener wants.'
  );
}

/** What happened, on one line: OpenSSL's own messages end in a source file and a line break. */
export function problemOf(error: unknown): string {
  const cause = kafkaRootCause(error);
  const code = 'code' in cause ? String(cause.code) : '';
  return code.startsWith('ERR_SSL_') ? code : cause.message;
}

function saslAdvice(message: string): string {
  if (message.includes('not supported by the server')) return 'Check kafka.sasl.mechanism.';
  if (message.includes('OAUTHBEARER')) return 'Check kafka.sasl.oauth and what the brokers accept.';
  return 'Check kafka.sasl.username and kafka.sasl.password.';
}
