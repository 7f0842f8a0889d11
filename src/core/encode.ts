/**
 * Records of ours → framed Avro.
 *
 * Guarantee: encoding a sync log entry never fails over an odd number from outside: what is no integer is left out.
 */

import type avro from 'avsc';
import { type AvroSchemaJson, encodingType } from './avro-types.ts';
import type { SyncLogEntry } from './sync-log-entry.ts';

const HEADER_BYTES = 5;
const SCRATCH_BYTES = 4096;

/** Encodes records of one schema. Times are epoch milliseconds, decimals canonical strings, absent fields defaults. */
export class RecordEncoder {
  readonly #type: avro.types.RecordType;
  #scratch = Buffer.alloc(SCRATCH_BYTES);

  constructor(schema: AvroSchemaJson) {
    this.#type = encodingType(schema);
  }

  /** The Avro body alone. Throws for a value that does not fit the schema. */
  bare(record: object): Buffer {
    return this.#type.toBuffer(record);
  }

  /** The body behind a zero byte and the id under which the registry knows the schema. */
  framed(schemaId: number, record: object): Buffer {
    let end = this.#type.encode(record, this.#scratch, HEADER_BYTES);
    if (end < 0) {
      // avsc answers how many bytes were missing, negated; whatever it wrote is written again.
      this.#scratch = Buffer.alloc((this.#scratch.length - end) * 2);
      end = this.#type.encode(record, this.#scratch, HEADER_BYTES);
    }
    this.#scratch.writeInt32BE(schemaId, 1);
    return Buffer.from(this.#scratch.subarray(0, end));
  }
}

/** Encodes sync log entries: the hot path's only encoder. */
export class SyncLogEncoder {
  readonly #encoder: RecordEncoder;
  readonly #schemaId: number;

  constructor(schema: AvroSchemaJson, schemaId: number) {
    this.#encoder = new RecordEncoder(schema);
    this.#schemaId = schemaId;
  }

  encode(entry: SyncLogEntry): Buffer {
    const { api_code, http_status, event_time } = entry;
    const sound = isWhole(api_code) && isWhole(http_status) && isWhole(event_time);
    return this.#encoder.framed(this.#schemaId, sound ? entry : onlyWholeNumbers(entry));
  }
}

function isWhole(value: number | null): boolean {
  return value === null || Number.isSafeInteger(value);
}

/** TikTok's body is not ours: a code that is no integer must not stop the log. */
function onlyWholeNumbers(entry: SyncLogEntry): SyncLogEntry {
  const whole = (value: number | null) => (isWhole(value) ? value : null);
  const { api_code, http_status, event_time } = entry;
  return { ...entry, api_code: whole(api_code), http_status: whole(http_status), event_time: whole(event_time) };
}
