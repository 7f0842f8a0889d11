/** kafkajs clients: patched once, with all codecs, TLS and SASL, and its log retold. The only way to one here. */

import type { Kafka, KafkaConfig, RetryOptions, SASLOptions } from 'kafkajs';
import type { Telemetry } from '../ports.ts';
import { registerCodecs } from './kafka-codecs.ts';
import { patchConsumerGroupAccess } from './kafka-consumer-group.ts';
import { requireKafkajs } from './kafka-internals.ts';
import { kafkaLog } from './kafka-log.ts';
import { type OAuthOptions, oauthMechanism } from './kafka-oauth.ts';
import { patchAuthentication } from './kafka-patch-authentication.ts';
import { patchCoordinator } from './kafka-patch-coordinator.ts';
import { patchDecode } from './kafka-patch-decode.ts';
import { patchEncode } from './kafka-patch-encode.ts';
import { patchGrouping } from './kafka-patch-grouping.ts';
import { patchOffsetReset } from './kafka-patch-offset-reset.ts';
import { patchRecord } from './kafka-patch-record.ts';
import { patchTimerLoop } from './kafka-patch-timer-loop.ts';
import { readTlsFiles, type TlsFiles } from './tls-files.ts';

/** Where the brokers are and how to be let in. */
export interface KafkaClientOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly connectionTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly tls: TlsFiles & { readonly enabled: boolean };
  readonly sasl: {
    readonly mechanism: 'none' | 'plain' | 'scram-sha-256' | 'scram-sha-512' | 'oauthbearer';
    readonly username: string | null;
    readonly password: string | null;
    readonly oauth: OAuthOptions;
  };
}

/**
 * About 18 s in all; then a consumer starts afresh and a send fails. Longer only delays the fresh start. The steps stay
 * short: doubled ones overshoot by many seconds when a coordinator comes back after the brokers' 6 to 9 s.
 */
export const KAFKA_RETRY = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 20 } as const;

let kafkajs: typeof import('kafkajs') | null = null;

/** kafkajs itself, patched. */
export function patchedKafkajs(): typeof import('kafkajs') {
  if (kafkajs === null) {
    patchTimerLoop();
    patchAuthentication();
    patchRecord();
    patchDecode();
    patchEncode();
    patchGrouping();
    patchCoordinator();
    patchOffsetReset();
    patchConsumerGroupAccess();
    registerCodecs();
    kafkajs = requireKafkajs();
  }
  return kafkajs;
}

/**
 * A client of its own: clients share committed offsets and metadata when they come from one `Kafka`, so each consumer
 * and producer gets its own. Reads the TLS files now and throws when it cannot.
 */
export function createKafka(
  options: KafkaClientOptions,
  role: string,
  telemetry: Pick<Telemetry, 'notice'>,
  retry: RetryOptions = KAFKA_RETRY,
): Kafka {
  const { Kafka, logLevel } = patchedKafkajs();
  const settings: KafkaConfig = {
    brokers: [...options.brokers],
    clientId: options.clientId,
    connectionTimeout: options.connectionTimeoutMs,
    requestTimeout: options.requestTimeoutMs,
    retry,
    logLevel: logLevel.WARN,
    logCreator: kafkaLog(role, telemetry),
    ...tlsSettings(options.tls),
  };
  const sasl = saslSettings(options.sasl);
  return new Kafka(sasl === null ? settings : { ...settings, sasl });
}

function tlsSettings({ enabled, ...files }: KafkaClientOptions['tls']): Pick<KafkaConfig, 'ssl'> {
  return enabled ? { ssl: readTlsFiles('kafka', files) } : {};
}

function saslSettings(sasl: KafkaClientOptions['sasl']): NonNullable<KafkaConfig['sasl']> | null {
  const { mechanism, username, password, oauth } = sasl;
  if (mechanism === 'none') return null;
  if (mechanism === 'oauthbearer') return oauthMechanism(oauth);
  if (username === null || password === null) {
    throw new Error(`KAFKA_SASL_UNSET: SASL ${mechanism} needs a user name and a password`);
  }
  const credentials: SASLOptions = { mechanism, username, password };
  return credentials;
}
