/** What `dead-letters redrive` needs around its job: the service's surroundings, without the service. */

import { systemClock as clock } from './adapters/clock.ts';
import { KafkaConnectionStatus } from './adapters/kafka-connection-status.ts';
import { KafkaSyncLog } from './adapters/kafka-sync-log.ts';
import { createTelemetry } from './adapters/telemetry.ts';
import { createTikTok, shareStates } from './assembly.ts';
import type { Config } from './config.ts';
import type { ConfigFollowing } from './config-following.ts';
import type { Host } from './control/host.ts';
import { commitOf, VERSION } from './control/version.ts';
import { CodedError } from './core/error-codes.ts';
import { Lifecycle } from './lifecycle.ts';
import type { SyncLog } from './ports.ts';
import type { RedriveSurroundings } from './redrive-assembly.ts';
import {
  createKnowledge,
  followConfigTopic,
  type Opening,
  openProducer,
  openRedis,
  STATUS_WAIT_MS,
  syncLogEncoding,
  untilComplete,
} from './surroundings.ts';

/** Everything but the sync log, which only a job that sends has to write. */
export interface CommandSurroundings extends Omit<RedriveSurroundings, 'syncLog'> {
  openSyncLog(): Promise<SyncLog>;
  close(): Promise<void>;
}

/** After that the configuration counts as incomplete. */
const CONFIG_WITHIN_MS = 60_000;
const CLOSE_WITHIN_MS = 5_000;

/**
 * Connects in order.
 * @throws CodedError `DEPENDENCY_UNREACHABLE` when something is away, `INPUT_INVALID` when the config topic cannot be
 * read completely.
 */
export async function openSurroundings(config: Config, host: Host, stop: AbortSignal): Promise<CommandSurroundings> {
  const telemetry = createTelemetry({
    ...{ level: 'warn', format: 'text', write: text => host.err.write(text), now: clock.now },
    ...{ version: VERSION, commit: commitOf(host.env), nodeVersion: host.nodeVersion },
    ...{ ...config.metrics, topics: [] },
  });
  const lifecycle = new Lifecycle(() => {});
  const close = (): Promise<void> => lifecycle.stopWithin(CLOSE_WITHIN_MS, clock);
  const opening = { config, clock, telemetry, lifecycle };
  try {
    const { claims, limits, register } = await openRedis(opening);
    const knowledge = createKnowledge(opening);
    await follow(opening, knowledge.following, stop);
    const { learning, schemas, table } = knowledge;
    // States are no news to a job; its plan says which of its letters they hold back.
    const quiet = Object.assign(Object.create(telemetry) as typeof telemetry, { connectionState: () => {} });
    const tiktok = createTikTok(config, host.env, { table, telemetry: quiet });
    lifecycle.started('events api', () => tiktok.api.destroy());
    await learnStates(opening, { schemas, table, learning, tiktok });
    const openSyncLog = async () => {
      const encode = await syncLogEncoding(opening, knowledge);
      return new KafkaSyncLog(await openProducer(opening), config.topics.syncLog, encode);
    };
    return {
      ...{ config, schemas, table, learning, tiktok, telemetry, clock },
      ...{ claims, limits, register, openSyncLog, close },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Reads the config topic to its end, and then on: a token that is rotated while the job runs is used at once. */
async function follow(opening: Opening, following: ConfigFollowing, stop: AbortSignal): Promise<void> {
  await followConfigTopic(opening, following);
  const giveUpAt = clock.monotonic() + CONFIG_WITHIN_MS;
  await untilComplete(following, clock, stop, unreadable => {
    if (clock.monotonic() <= giveUpAt) return;
    const why = unreadable === '' ? 'its end was not reached in time' : `no readable version of ${unreadable}`;
    const message = `The config topic ${opening.config.topics.config} cannot be read completely: ${why}`;
    throw new CodedError('INPUT_INVALID', `${message}. Repair or delete the entry, or list it in config.ignore`);
  });
}

/** Hears what the service finds out about connections, and tells it nothing: that is left to those who serve. */
async function learnStates(
  { config: { kafka, topics }, lifecycle, telemetry }: Opening,
  parts: Pick<RedriveSurroundings, 'schemas' | 'table' | 'learning' | 'tiktok'>,
): Promise<void> {
  const status = { kafka, topic: topics.connectionStatus, schema: parts.schemas.connectionStatus };
  const nobody = { write: () => Promise.resolve(), idOf: () => Promise.resolve(0) };
  const topic = new KafkaConnectionStatus(status, { producer: nobody, registry: nobody, clock });
  const statusTopic = { read: () => topic.read(), write: () => Promise.resolve() };
  const sharing = shareStates({ ...parts, clock, statusTopic, telemetry }, parts.tiktok.states);
  lifecycle.started('connection states', async () => {
    sharing.stop();
    await topic.close();
  });
  await sharing.start(STATUS_WAIT_MS);
}
