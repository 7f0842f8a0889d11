/**
 * Access to the consumer group object inside a kafkajs consumer, which holds what the public API hides: the generation
 * a commit is made under, the coordinator, and when a fetch began. kafkajs makes a new one at each start, crash
 * restarts included.
 */

import {
  type ClusterInternals,
  type ConsumerGroupInternals,
  type Patchable,
  requireInternal,
} from './kafka-internals.ts';

type GroupListener = (group: ConsumerGroupInternals) => void;

const listeners = new WeakMap<ClusterInternals, GroupListener>();

/** Makes every consumer group known to who follows its cluster. To be called once, before any consumer runs. */
export function patchConsumerGroupAccess(): void {
  const { prototype } = requireInternal<Patchable<ConsumerGroupInternals>>('consumer/consumerGroup.js');
  const { connect } = prototype;
  prototype.connect = function announceAndConnect(): Promise<void> {
    listeners.get(this.cluster)?.(this);
    return connect.call(this);
  };
}

/** Calls `listener` with each consumer group that is made on `cluster`, before it joins. */
export function followConsumerGroup(cluster: ClusterInternals, listener: GroupListener): void {
  listeners.set(cluster, listener);
}
