/** `connections verify|list` on the real topics and TikTok: connects, lets `control/` decide, disconnects. */

import { systemClock } from './adapters/clock.ts';
import { KafkaConfigSnapshot } from './adapters/kafka-config-snapshot.ts';
import { unreachable } from './adapters/kafka-refusal.ts';
import { learnNeeded } from './adapters/needed-schemas.ts';
import { readSchemas } from './adapters/schema-files.ts';
import { createEventsApi } from './adapters/tiktok-events-api.ts';
import { createTokens } from './adapters/tokens.ts';
import { createQuietKafka, createRegistry } from './clients.ts';
import type { Config } from './config.ts';
import { withConfigTopic } from './config-topic-command.ts';
import type { TopicSections } from './config-topic-sections.ts';
import type { ExitCode } from './control/exit-codes.ts';
import type { Host } from './control/host.ts';
import { type ListRequest, runList } from './control/list-connections.ts';
import { runVerify, type VerifyRequest } from './control/verify-connection.ts';
import { VERSION } from './control/version.ts';
import type { ConnectionState } from './core/connection-state.ts';
import { createStatusDecoder, statesOf } from './core/connection-status-record.ts';
import { CodedError } from './core/error-codes.ts';
import type { StatusRecords } from './ports.ts';

export async function verifyConnection(
  request: VerifyRequest,
  config: TopicSections & Pick<Config, 'delivery' | 'tiktok' | 'tokens'>,
  host: Host,
): Promise<ExitCode> {
  const { partnerName } = config.tiktok;
  const api = createEventsApi({ ...config.delivery, ...config.tiktok, userAgent: `tiktok-conversion-sync/${VERSION}` });
  const tokens = createTokens(config.tokens, host.env);
  try {
    return await withConfigTopic(
      config,
      topic => runVerify(request, { topic, tokens, api, partnerName }, host),
      host.err,
    );
  } finally {
    await api.destroy();
  }
}

export async function listConnections(request: ListRequest, config: TopicSections, host: Host): Promise<ExitCode> {
  const [stored, states] = await Promise.all([
    withConfigTopic(config, topic => topic.read(), host.err),
    readStates(config),
  ]);
  return runList(request, { stored, states }, host);
}

/** What the status topic tells of each connection; null where there is no such topic. */
async function readStates(config: TopicSections): Promise<ReadonlyMap<string, ConnectionState> | null> {
  const { kafka, topics } = config;
  const client = createQuietKafka(kafka, 'connection-status');
  const snapshot = new KafkaConfigSnapshot(client, topics.connectionStatus, systemClock);
  try {
    await snapshot.connect();
    return await decode(await snapshot.read(), config);
  } catch (error) {
    if (!(error instanceof CodedError)) throw unreachable(kafka.brokers, error);
    if (error.code === 'TOPICS_WRONG') return null;
    throw error;
  } finally {
    await snapshot.disconnect().catch(() => {});
  }
}

async function decode(
  records: StatusRecords,
  { registry }: TopicSections,
): Promise<ReadonlyMap<string, ConnectionState>> {
  const decoder = createStatusDecoder(readSchemas().connectionStatus);
  await learnNeeded(decoder, [...records.values()], createRegistry(registry));
  return statesOf(decoder, records);
}
