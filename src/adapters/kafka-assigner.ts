/**
 * kafkajs's round robin assigner, used as a vantage point: an assigner is told right before every JoinGroup (by
 * `protocol()`), and it is handed the cluster object, whose look-up of the coordinator begins every join. Waiting
 * there is the one way to finish work under the old generation before the group is joined anew.
 */

import type { PartitionAssigner } from 'kafkajs';
import { patchedKafkajs } from './kafka-client.ts';
import type { BrokerInternals, ClusterInternals } from './kafka-internals.ts';

export interface JoinObserver {
  /** The consumer's own cluster; called once, while the consumer is made. */
  clusterKnown(cluster: ClusterInternals): void;
  /** Awaited before each join, retries of a failed one included. Must not reject. JoinGroup follows, or `joinGivenUp`. */
  beforeJoin(): Promise<void>;
  /** No coordinator could be found to join at. */
  joinGivenUp(): void;
  /** A coordinator was found, for a join or for a repair. */
  coordinatorFound(coordinator: BrokerInternals): void;
  /** JoinGroup is about to be sent. A GROUP_JOIN need not follow. */
  joinStarts(): void;
}

/** An assigner for `partitionAssigners`. It keeps the name of kafkajs's own, so that members of both kinds mix. */
export function observedRoundRobin(observer: JoinObserver): PartitionAssigner {
  return config => {
    const assigner = patchedKafkajs().PartitionAssigners.roundRobin(config);
    const cluster = config.cluster as unknown as ClusterInternals;
    const { findGroupCoordinator } = cluster;
    cluster.findGroupCoordinator = async query => {
      // The repair of a lost coordinator looks it up too, and no join follows.
      const isJoin = query.rejoin !== false;
      if (isJoin) await observer.beforeJoin();
      try {
        const coordinator = await findGroupCoordinator.call(cluster, query);
        observer.coordinatorFound(coordinator);
        return coordinator;
      } catch (error) {
        if (isJoin) observer.joinGivenUp();
        throw error;
      }
    };
    observer.clusterKnown(cluster);
    return {
      ...assigner,
      protocol(subscription) {
        observer.joinStarts();
        return assigner.protocol(subscription);
      },
    };
  };
}
