/**
 * Reads the dead-letter topic once, from where it is asked to the end that it had at the start, and holds nothing.
 *
 * Kafka's client reads as a member of a group, so this is one of its own, used once and deleted afterwards (where that
 * is not allowed, the broker forgets it by itself).
 */

import { randomUUID } from 'node:crypto';
import type { Admin, Kafka } from 'kafkajs';
import type { RecordBatch, SourceRecord } from '../core/record.ts';
import type { Admission, Clock, RecordConsumer, Telemetry } from '../ports.ts';
import { ADMIN_RETRY } from './kafka-group-offsets.ts';
import type { MembershipOptions } from './kafka-membership.ts';
import { KafkaRecordSource } from './kafka-record-source.ts';
import { startFailure } from './kafka-start-failure.ts';

export type LetterReaderOptions = Omit<MembershipOptions, 'topics'> & { readonly topic: string };

export interface LetterReaderParts {
  /** A client of its own. */
  readonly kafka: Kafka;
  readonly clock: Clock;
  readonly telemetry: Pick<Telemetry, 'notice'>;
}

/** A stretch of one partition: offsets from `from` up to, but not including, `to`. */
export interface LetterRange {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** Takes records of one partition in their order; false when no more are wanted. The buffers must not be kept. */
export type TakeLetters = (records: readonly SourceRecord[]) => boolean;

const LOOK_EVERY_MS = 50;

export class KafkaDeadLetterReader {
  readonly #options: LetterReaderOptions;
  readonly #groupId: string;
  readonly #parts: LetterReaderParts;
  readonly #admin: Admin;

  constructor(options: LetterReaderOptions, parts: LetterReaderParts) {
    this.#options = options;
    this.#groupId = `${options.groupId}.dead-letters.${randomUUID()}`;
    this.#parts = parts;
    this.#admin = parts.kafka.admin({ retry: ADMIN_RETRY });
  }

  /**
   * What the topic holds now, from the first letter that was written at `since` (epoch milliseconds; null: from its
   * beginning) on. @throws CodedError `TOPICS_WRONG` without the topic, `DEPENDENCY_UNREACHABLE` without Kafka.
   */
  async ranges(since: number | null): Promise<LetterRange[]> {
    const { topic } = this.#options;
    try {
      await this.#admin.connect();
      const ends = await this.#admin.fetchTopicOffsets(topic);
      const starts = since === null ? [] : await this.#admin.fetchTopicOffsetsByTimestamp(topic, since);
      return ends.map(({ partition, low, high }) => {
        const start = starts.find(candidate => candidate.partition === partition);
        const from = Math.max(Number(low), Number(start?.offset ?? low));
        return { partition, from: Math.min(from, Number(high)), to: Number(high) };
      });
    } catch (error) {
      throw startFailure(error, { topics: [topic], groupId: this.#groupId });
    }
  }

  /** Resolves when the ranges have been read, `take` wants no more, or `stop` was aborted. */
  async read(ranges: readonly LetterRange[], take: TakeLetters, stop: AbortSignal): Promise<void> {
    const wanted = ranges.filter(({ from, to }) => from < to);
    if (wanted.length === 0 || stop.aborted) return;
    const { topic, ...membership } = this.#options;
    const { clock, kafka, telemetry } = this.#parts;
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => {});
    const source = new KafkaRecordSource(
      {
        ...membership,
        groupId: this.#groupId,
        topics: [topic],
        startFrom: ranges.map(({ partition, from }) => ({ topic, partition, offset: from })),
      },
      { kafka, clock, telemetry: quiet(telemetry), onFatal: failed.reject },
    );
    const pass = new OnePass(wanted, take, (partition: number) => positionOf(source, partition));
    try {
      await source.start(pass);
      while (!pass.isOver && !stop.aborted) await Promise.race([pause(clock), failed.promise]);
    } finally {
      await source.stop();
      await this.#admin.deleteGroups([this.#groupId]).catch(() => {});
    }
  }

  async close(): Promise<void> {
    await this.#admin.disconnect();
  }
}

/** Hands each record over once, also when a rebalance has them read again. */
class OnePass implements RecordConsumer {
  readonly #ranges: readonly LetterRange[];
  readonly #next: Map<number, number>;
  readonly #take: TakeLetters;
  readonly #positionOf: (partition: number) => number;
  #isEnough = false;

  constructor(ranges: readonly LetterRange[], take: TakeLetters, positionOf: (partition: number) => number) {
    this.#ranges = ranges;
    this.#next = new Map(ranges.map(({ partition, from }) => [partition, from]));
    this.#take = take;
    this.#positionOf = positionOf;
  }

  /** The source's position passes offsets that hold no record; this pass hears only of records. */
  get isOver(): boolean {
    if (this.#isEnough) return true;
    return this.#ranges.every(
      ({ partition, to }) => Math.max(this.#next.get(partition) ?? 0, this.#positionOf(partition)) >= to,
    );
  }

  accept({ partition, records, nextOffset }: RecordBatch): Promise<Admission> {
    const range = this.#ranges.find(candidate => candidate.partition === partition);
    const next = this.#next.get(partition) ?? Number.POSITIVE_INFINITY;
    const fresh = records.filter(({ offset }) => offset >= next && offset < (range?.to ?? 0));
    if (fresh.length > 0 && !this.#isEnough) this.#isEnough = !this.#take(fresh);
    if (nextOffset > next) this.#next.set(partition, nextOffset);
    return Promise.resolve({ kind: 'accepted' });
  }

  assigned(): void {}
  suspended(): void {}
  resumed(): void {}
  beforeRejoin(): Promise<void> {
    return Promise.resolve();
  }
}

function positionOf(source: KafkaRecordSource, partition: number): number {
  const found = source.status().partitions.find(candidate => candidate.partition === partition);
  return found?.position ?? 0;
}

/** Heartbeats and commits of this group are nobody's concern. */
function quiet(telemetry: Pick<Telemetry, 'notice'>) {
  return {
    notice: telemetry.notice.bind(telemetry),
    heartbeat: () => {},
    commitFinished: () => {},
    rebalanceFinished: () => {},
  };
}

function pause(clock: Clock): Promise<void> {
  return new Promise(resolve => clock.after(LOOK_EVERY_MS, resolve));
}
