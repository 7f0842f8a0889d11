/** Reads the dead-letter topic once, from where it is asked to the end that it had at the start, and holds nothing. */

import type { Kafka } from 'kafkajs';
import type { SourceRecord } from '../core/record.ts';
import type { Clock } from '../ports.ts';
import { KafkaGrouplessTopic } from './kafka-groupless-topic.ts';
import { startFailure } from './kafka-start-failure.ts';

/** A stretch of one partition: offsets from `from` up to, but not including, `to`. */
export interface LetterRange {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** Takes records of one partition in their order; false when no more are wanted. The buffers must not be kept. */
export type TakeLetters = (records: readonly SourceRecord[]) => boolean | Promise<boolean>;

export class KafkaDeadLetterReader {
  readonly #reader: KafkaGrouplessTopic;
  readonly #topic: string;

  /** `kafka`: a client of its own. */
  constructor(kafka: Kafka, topic: string, clock: Clock) {
    this.#reader = new KafkaGrouplessTopic(kafka, topic, clock);
    this.#topic = topic;
  }

  /** @throws CodedError `TOPICS_WRONG` without the topic, `DEPENDENCY_UNREACHABLE` without Kafka. */
  async connect(): Promise<void> {
    await this.#explained(() => this.#reader.connect());
  }

  /**
   * What the topic holds now, from the first letter that was written at `since` (epoch milliseconds; null: from its
   * beginning) on.
   */
  ranges(since: number | null): Promise<LetterRange[]> {
    return this.#explained(() =>
      this.#reader.persist(async () => {
        const [starts, ends] = await Promise.all([this.#reader.offsets(since ?? 'first'), this.#reader.offsets('end')]);
        const ranges = [...ends].map(([partition, to]) => {
          return { partition, from: Math.min(starts.get(partition) ?? 0, to), to };
        });
        return ranges.toSorted((a, b) => a.partition - b.partition);
      }),
    );
  }

  /** Resolves when the ranges have been read, `take` wants no more, or `stop` was aborted. */
  async read(ranges: readonly LetterRange[], take: TakeLetters, stop: AbortSignal): Promise<void> {
    for (const { from, partition, to } of ranges) {
      for (let next = from; next < to && !stop.aborted; ) {
        const fetched = await this.#explained(() => this.#reader.persist(() => this.#reader.fetch(partition, next)));
        const records = fetched.records.filter(({ offset }) => offset < to);
        if (records.length > 0 && !(await take(records))) return;
        next = fetched.nextOffset;
      }
    }
  }

  async close(): Promise<void> {
    await this.#reader.disconnect();
  }

  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw startFailure(error, { topics: [this.#topic], groupId: null });
    }
  }
}
