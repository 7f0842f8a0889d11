/**
 * Patch of kafkajs 2.2.4: commits that stay dead after the group's coordinator moved.
 *
 * When the coordinator moves (any rolling restart of brokers), kafkajs looks the new one up, fails to join while it
 * loads, and goes on with the old generation: heartbeats reach the new coordinator and succeed, so nothing ever
 * rejoins, but the offset manager keeps the old broker and every commit fails, without a limit in time.
 *
 * So: on any sign of trouble with the coordinator it is looked up again, for heartbeats and commits alike. A
 * heartbeat's error is swallowed meanwhile, because the group moves with its members; once no heartbeat has got
 * through for a session timeout the membership is in doubt and the error goes its usual way. A commit's error is
 * rethrown: the caller repeats commits on its own schedule.
 */

import { type ConsumerGroupInternals, kafkaErrorCode, type Patchable, requireInternal } from './kafka-internals.ts';

const COORDINATOR_TROUBLE: ReadonlySet<string> = new Set([
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSBrokerNotFound',
  'KafkaJSRequestTimeoutError',
]);

/** What is known of one consumer group's trouble. */
interface Trouble {
  /** Monotonic milliseconds of the first failure since the last good heartbeat. */
  since: number | null;
  /** The look-up under way, shared by all who wait for it. */
  lookup: Promise<void> | null;
}

const troubles = new WeakMap<ConsumerGroupInternals, Trouble>();

/** Wraps heartbeat and commit of every consumer group. */
export function patchCoordinator(): void {
  const { prototype } = requireInternal<Patchable<ConsumerGroupInternals>>('consumer/consumerGroup.js');
  const { heartbeat, commitOffsets } = prototype;

  prototype.heartbeat = async function heartbeatOrFindCoordinator(options): Promise<void> {
    const trouble = troubleOf(this);
    const before = this.lastRequest;
    try {
      await heartbeat.call(this, options);
      // Within the interval kafkajs sends nothing and still succeeds; only a real answer ends the trouble.
      if (this.lastRequest !== before) trouble.since = null;
    } catch (error) {
      if (!COORDINATOR_TROUBLE.has(kafkaErrorCode(error))) throw error;
      trouble.since ??= performance.now();
      await findCoordinatorAgain(this, trouble);
      if (performance.now() - trouble.since > this.sessionTimeout) throw error;
    }
  };

  prototype.commitOffsets = async function commitOrFindCoordinator(offsets): Promise<void> {
    try {
      await commitOffsets.call(this, offsets);
    } catch (error) {
      if (COORDINATOR_TROUBLE.has(kafkaErrorCode(error))) await findCoordinatorAgain(this, troubleOf(this));
      throw error;
    }
  };
}

function troubleOf(group: ConsumerGroupInternals): Trouble {
  const known = troubles.get(group);
  if (known !== undefined) return known;
  const trouble: Trouble = { since: null, lookup: null };
  troubles.set(group, trouble);
  return trouble;
}

function findCoordinatorAgain(group: ConsumerGroupInternals, trouble: Trouble): Promise<void> {
  trouble.lookup ??= lookUp(group).finally(() => {
    trouble.lookup = null;
  });
  return trouble.lookup;
}

/** Never rejects: where the look-up fails too, the caller's own error says more. */
async function lookUp(group: ConsumerGroupInternals): Promise<void> {
  try {
    await group.cluster.refreshMetadata();
    const coordinator = await group.cluster.findGroupCoordinator({ groupId: group.groupId, rejoin: false });
    group.coordinator = coordinator;
    if (group.offsetManager !== null) group.offsetManager.coordinator = coordinator;
  } catch {
    // The next heartbeat or commit fails as this one did and looks again.
  }
}
