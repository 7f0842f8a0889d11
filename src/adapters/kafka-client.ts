/** kafkajs clients: patched once, with all codecs, TLS and SASL, and its log retold. The only way to one here. */

import { readFileSync } from 'node:fs';
import type { Kafka, KafkaConfig, SASLOptions } from 'kafkajs';
import type { Telemetry } from '../ports.ts';
import { registerCodecs } from './kafka-codecs.ts';
import { patchConsumerGroupAccess } from './kafka-consumer-group.ts';
import { requireKafkajs } from './kafka-internals.ts';
import { kafkaLog } from './kafka-log.ts';
import { type OAuthOptions, oauthTokenProvider } from './kafka-oauth.ts';
import { patchCoordinator } from './kafka-patch-coordinator.ts';
import { patchDecode } from './kafka-patch-decode.ts';
import { patchEncode } from './kafka-patch-encode.ts';
import { patchOffsetReset } from './kafka-patch-offset-reset.ts';
import { patchTimerLoop } from './kafka-patch-timer-loop.ts';

/** Where the brokers are and how to be let in. */
export interface KafkaClientOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly connectionTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly tls: {
    readonly enabled: boolean;
    readonly caFile: string | null;
    readonly certFile: string | null;
    readonly keyFile: string | null;
    readonly rejectUnauthorized: boolean;
  };
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
    patchDecode();
    patchEncode();
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
export function createKafka(options: KafkaClientOptions, role: string, telemetry: Pick<Telemetry, 'notice'>): Kafka {
  const { Kafka, logLevel } = patchedKafkajs();
  const settings: KafkaConfig = {
    brokers: [...options.brokers],
    clientId: options.clientId,
    connectionTimeout: options.connectionTimeoutMs,
    requestTimeout: options.requestTimeoutMs,
    retry: KAFKA_RETRY,
    logLevel: logLevel.WARN,
    logCreator: kafkaLog(role, telemetry),
    ...tlsSettings(options.tls),
  };
  const sasl = saslSettings(options.sasl);
  return new Kafka(sasl === null ? settings : { ...settings, sasl });
}

function tlsSettings(tls: KafkaClientOptions['tls']): Pick<KafkaConfig, 'ssl'> {
  if (!tls.enabled) return {};
  const { caFile, certFile, keyFile, rejectUnauthorized } = tls;
  const files = { ca: caFile, cert: certFile, key: keyFile };
  const contents: Record<string, string> = {};
  for (const [name, path] of Object.entries(files)) {
    if (path !== null) contents[name] = readFileSync(path, 'utf8');
  }
  return { ssl: { ...contents, rejectUnauthorized } };
}

function saslSettings(sasl: KafkaClientOptions['sasl']): SASLOptions | null {
  const { mechanism, username, password, oauth } = sasl;
  if (mechanism === 'none') return null;
  if (mechanism === 'oauthbearer') return { mechanism, oauthBearerProvider: oauthTokenProvider(oauth) };
  if (username === null || password === null) {
    throw new Error(`KAFKA_SASL_UNSET: SASL ${mechanism} needs a user name and a password`);
  }
  return { mechanism, username, password };
}
