/**
 * The dead-letter topic: the source record byte for byte, with our headers.
 *
 * A letter that the topic will not take for its size is written without its value, then without key and source
 * headers: coordinates and reason always fit, and the record itself is still in its topic.
 */

import { type DeadLetter, deadLetterHeaders, HEADER_PREFIX, type LetterWriter } from '../core/dead-letter.ts';
import type { RecordHeaders } from '../core/record.ts';
import type { DeadLetters } from '../ports.ts';
import { isTooLarge, type KafkaProducer, type OutgoingRecord } from './kafka-producer.ts';

const REASON = `${HEADER_PREFIX}reason`;
const TOO_LARGE = Buffer.from('source_too_large');
const EMPTY = Buffer.alloc(0);

export class KafkaDeadLetters implements DeadLetters {
  readonly #producer: KafkaProducer;
  readonly #topic: string;
  readonly #writer: LetterWriter;

  constructor(producer: KafkaProducer, topic: string, writer: LetterWriter) {
    this.#producer = producer;
    this.#topic = topic;
    this.#writer = writer;
  }

  async write(letters: readonly DeadLetter[]): Promise<void> {
    const records = letters.map(letter => this.#record(letter));
    try {
      await this.#producer.write(this.#topic, records);
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      // One of them, or too many at once: alone each either fits or is the one.
      for (const record of records) await this.#writeAlone(record);
    }
  }

  #record(letter: DeadLetter): OutgoingRecord {
    const { key, value } = letter.source;
    return { key, value, headers: deadLetterHeaders(letter, this.#writer) };
  }

  async #writeAlone(record: OutgoingRecord): Promise<void> {
    const headers = { ...record.headers, [REASON]: TOO_LARGE };
    const smaller = [record, { ...record, value: EMPTY, headers }, { key: null, value: EMPTY, headers: own(headers) }];
    for (const [index, candidate] of smaller.entries()) {
      try {
        return await this.#producer.write(this.#topic, [candidate]);
      } catch (error) {
        if (!isTooLarge(error) || index === smaller.length - 1) throw error;
      }
    }
  }
}

function own(headers: RecordHeaders): RecordHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith(HEADER_PREFIX)));
}
