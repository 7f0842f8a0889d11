/**
 * Records as they come from Kafka, and the two business events they carry.
 *
 * Guarantee: plain data only; nothing here reads a clock, a socket or the environment.
 * Field names of decoded events are those of the Avro schemas in `schemas/`, so that a schema, a log entry and
 * this code say the same words.
 */

/**
 * Where a record stands in Kafka. Offsets are JavaScript numbers: Kafka's int64 would need 2^53 records in one
 * partition before a number loses precision; the adapter refuses such an offset.
 */
export interface Coordinates {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** A position in a partition: the next offset to read, which is also what Kafka calls a committed offset. */
export interface PartitionOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Headers as Kafka holds them: several values of one name keep their order, names have none (client limit). */
export type RecordHeaders = Readonly<Record<string, Buffer | readonly Buffer[]>>;

/** One record of a fetched batch. Its buffers are slices of the whole fetch response: copy before keeping. */
export interface SourceRecord extends Coordinates {
  /** Epoch milliseconds, as the broker stores it. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
}

/** Records of one partition in offset order, read under one assignment. */
export interface RecordBatch {
  /** The assignment's number in this process; work tagged with an older one must never commit. */
  readonly epoch: number;
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly SourceRecord[];
  /** The offset that follows the last one of the batch, compacted or control records included. */
  readonly nextOffset: number;
  /** Log end offset at the time of the fetch. */
  readonly highWatermark: number;
}

/** What may set a mapping off; the name of the trigger is the kind of the event. */
export type Trigger = 'CONVERSION_CREATED' | 'EXPECTED_REVENUE_UPDATED' | 'REALIZED_REVENUE_UPDATED';

/** A visit that brought the contact. */
export interface Touch {
  readonly ttclid: string | null;
  readonly ttp: string | null;
  readonly page_url: string | null;
  readonly referrer: string | null;
  readonly ip: string | null;
  readonly user_agent: string | null;
  /** Epoch milliseconds. */
  readonly occurred_at: number | null;
}

/** One line of what was bought. `quantity` counts pieces, `price` is per piece, as a canonical decimal string. */
export interface Content {
  readonly content_id: string | null;
  readonly content_name: string | null;
  readonly content_type: string | null;
  readonly quantity: number | null;
  readonly price: string | null;
}

/** Consent of the contact; `DENIED` is never sent. An unknown symbol reads as `UNSPECIFIED`. */
export type Consent = 'UNSPECIFIED' | 'GRANTED' | 'DENIED';

/** What `ConversionCreated` and `RevenueUpdated` share. Amounts are canonical decimal strings ("19.9"). */
export interface ConversionFields {
  readonly conversion_id: string;
  readonly workspace_id: string;
  readonly contact_id: string | null;
  /** Name of the trigger event (a form's, a meeting type's …), which a mapping may filter on. */
  readonly event_name: string | null;
  /** Epoch milliseconds. */
  readonly occurred_at: number;
  readonly email: string | null;
  readonly phone: string | null;
  readonly country: string | null;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly city: string | null;
  readonly state: string | null;
  readonly zip_code: string | null;
  readonly first_touch: Touch | null;
  readonly last_touch: Touch | null;
  readonly quote_value: string | null;
  readonly sales_value: string | null;
  readonly currency: string | null;
  readonly contents: readonly Content[] | null;
  readonly consent: Consent | null;
  readonly limited_data_use: boolean | null;
  readonly test_event_code: string | null;
}

/** A decoded `ConversionCreated`. */
export interface ConversionCreated extends ConversionFields {
  readonly trigger: 'CONVERSION_CREATED';
}

/** A decoded `RevenueUpdated`; its `kind` has become the trigger. */
export interface RevenueUpdated extends ConversionFields {
  readonly trigger: 'EXPECTED_REVENUE_UPDATED' | 'REALIZED_REVENUE_UPDATED';
  readonly update_id: string;
  /** Epoch milliseconds. */
  readonly updated_at: number;
}

export type BusinessEvent = ConversionCreated | RevenueUpdated;
