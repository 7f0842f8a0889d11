/** Watches the group's committed offsets from outside, once a second: how long did they stand still while records waited? */

import { setTimeout as pause } from 'node:timers/promises';
import { type Admin, Kafka, logLevel } from 'kafkajs';

export interface CommitWatchOptions {
  readonly brokers: string;
  readonly groupId: string;
  readonly topics: readonly string[];
}

const LOOK_EVERY_MS = 1_000;

export class CommitWatch {
  /** Longest time without progress while records waited; milliseconds. Time in which nothing could be seen counts. */
  longestStallMs = 0;
  readonly #options: CommitWatchOptions;
  #going = true;
  #admin: Admin | null = null;
  readonly #watching: Promise<void>;

  constructor(options: CommitWatchOptions) {
    this.#options = options;
    this.#watching = this.#watch();
  }

  async stop(): Promise<void> {
    this.#going = false;
    await this.#watching;
    await this.#admin?.disconnect().catch(() => {});
  }

  async #watch(): Promise<void> {
    let committed = -1;
    let progressAt = performance.now();
    while (this.#going) {
      const seen = await this.#look();
      const at = performance.now();
      if (seen !== null) {
        // Progress may have come any time since the last look that saw none, so this is the most it can have been.
        if (seen.waiting > 0) this.longestStallMs = Math.max(this.longestStallMs, at - progressAt);
        if (seen.committed > committed || seen.waiting === 0) progressAt = at;
        committed = Math.max(committed, seen.committed);
      }
      await pause(LOOK_EVERY_MS);
    }
  }

  /** Null when the brokers did not answer; the next look asks them anew. */
  async #look(): Promise<{ committed: number; waiting: number } | null> {
    try {
      this.#admin ??= await this.#connect();
      return await this.#sums(this.#admin);
    } catch {
      const admin = this.#admin;
      this.#admin = null;
      await admin?.disconnect().catch(() => {});
      return null;
    }
  }

  async #connect(): Promise<Admin> {
    const { brokers } = this.#options;
    const kafka = new Kafka({
      clientId: 'commit-watch',
      brokers: brokers.split(','),
      logLevel: logLevel.NOTHING,
      connectionTimeout: 1_000,
      requestTimeout: 3_000,
      retry: { retries: 2, initialRetryTime: 100, maxRetryTime: 500 },
    });
    const admin = kafka.admin();
    await admin.connect();
    return admin;
  }

  async #sums(admin: Admin): Promise<{ committed: number; waiting: number }> {
    const { groupId, topics } = this.#options;
    let committed = 0;
    let ends = 0;
    for (const { partitions } of await admin.fetchOffsets({ groupId, topics: [...topics] })) {
      for (const { offset } of partitions) committed += Math.max(0, Number(offset));
    }
    for (const topic of topics) {
      for (const { high } of await admin.fetchTopicOffsets(topic)) ends += Number(high);
    }
    return { committed, waiting: ends - committed };
  }
}
