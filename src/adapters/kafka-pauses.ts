/**
 * Our own truth of what is paused, brought to kafkajs whenever it changes. kafkajs forgets its pauses when it restarts
 * after a crash, and knows no reasons: two who paused would undo each other.
 */

import type { Consumer } from 'kafkajs';
import type { Clock, HoldReason } from '../ports.ts';
import type { OwnedPartition, Ownership } from './kafka-ownership.ts';

export class PartitionPauses {
  readonly #consumer: Pick<Consumer, 'pause' | 'resume'>;
  readonly #clock: Clock;
  readonly #reasons = new Set<HoldReason>();
  #quiesced = false;
  #ownership: Ownership | null = null;

  constructor(consumer: Pick<Consumer, 'pause' | 'resume'>, clock: Clock) {
    this.#consumer = consumer;
    this.#clock = clock;
  }

  /** Why all partitions stand still. */
  get reasons(): readonly HoldReason[] {
    return [...this.#reasons];
  }

  /** A new assignment, or none: all of it is paused until it has begun. */
  own(ownership: Ownership | null): void {
    this.#ownership = ownership;
    this.apply();
  }

  pauseAll(reason: HoldReason): void {
    this.#reasons.add(reason);
    this.apply();
  }

  resumeAll(reason: HoldReason): void {
    if (this.#reasons.delete(reason)) this.apply();
  }

  /** Pauses everything for good. */
  quiesce(): void {
    this.#quiesced = true;
    this.apply();
  }

  /** Pauses one partition for a while, as long as its assignment lasts. */
  hold(ownership: Ownership, partition: OwnedPartition, reason: HoldReason, forMs: number): void {
    partition.held = reason;
    this.apply();
    this.#clock.after(forMs, () => {
      partition.held = null;
      if (this.#ownership === ownership) this.apply();
    });
  }

  isPaused(partition: OwnedPartition): boolean {
    const begun = this.#ownership?.begun ?? false;
    return !begun || this.#quiesced || this.#reasons.size > 0 || partition.held !== null;
  }

  /** Tells kafkajs. Pausing what is paused, and resuming what runs, changes nothing there. */
  apply(): void {
    const partitions = this.#ownership?.partitions ?? [];
    const byState = Object.groupBy(partitions, partition => (this.isPaused(partition) ? 'paused' : 'running'));
    if (byState.paused !== undefined) this.#consumer.pause(byState.paused.map(toKafka));
    if (byState.running !== undefined) this.#consumer.resume(byState.running.map(toKafka));
  }
}

function toKafka({ topic, partition }: OwnedPartition): { topic: string; partitions: number[] } {
  return { topic, partitions: [partition] };
}
