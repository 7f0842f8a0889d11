/** Reads the dead-letter topic once, from where it is asked to the end that it had at the start, and holds nothing. */

import type { Kafka } from 'kafkajs';
import type { SourceRecord } from '../core/record.ts';
import type { Clock } from '../ports.ts';
import { type Fetched, KafkaGrouplessTopic } from './kafka-groupless-topic.ts';
import { kafkaErrorCode } from './kafka-internals.ts';
import { startFailure } from './kafka-start-failure.ts';

/** A stretch of one partition: offsets from `from` up to, but not including, `to`. */
export interface LetterRange {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** A broker's clock, by which letters may be filed, may be behind that of the process that wrote them. */
const CLOCKS_DIFFER_MS = 600_000;

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
   * What the topic holds now, from the first letter that can have failed at `since` (epoch milliseconds; null: from its
   * beginning) on.
   */
  ranges(since: number | null): Promise<LetterRange[]> {
    return this.#explained(() =>
      this.#reader.persist(async () => {
        const from = since === null ? 'first' : since - CLOCKS_DIFFER_MS;
        const [starts, ends] = await Promise.all([this.#reader.offsets(from), this.#reader.offsets('end')]);
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
        const at = await this.#explained(() => this.#reader.persist(() => this.#fetchAt(partition, next)));
        const records = at.records.filter(({ offset }) => offset < to);
        if (records.length > 0 && !(await take(records))) return;
        next = at.nextOffset;
      }
    }
  }

  /** What expired while others were being read is passed over. */
  async #fetchAt(partition: number, offset: number): Promise<Fetched> {
    try {
      return await this.#reader.fetch(partition, offset);
    } catch (error) {
      if (kafkaErrorCode(error) !== 'OFFSET_OUT_OF_RANGE') throw error;
      const first = (await this.#reader.offsets('first')).get(partition) ?? offset;
      if (first <= offset) throw error;
      return { records: [], nextOffset: first };
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
