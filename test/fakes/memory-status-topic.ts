/** The status topic as several replicas share it: compacted at once, in memory. */

import { type StatusRecord, statusKey } from '../../src/core/connection-status-record.ts';
import { RecordEncoder } from '../../src/core/encode.ts';
import type { ConnectionStatusTopic, StatusRecords } from '../../src/ports.ts';
import { schemas } from '../core/event-records.ts';

export const STATUS_SCHEMA_ID = 9;

export class MemoryStatusTopic implements ConnectionStatusTopic {
  readonly #encoder = new RecordEncoder(schemas.connectionStatus);
  readonly #records = new Map<string, { readonly offset: number; readonly value: Buffer }>();
  #end = 0;
  /** Every record written, in order; null deletes. */
  readonly written: [string, StatusRecord | null][] = [];
  /** What reads and writes reject with; null: they work. */
  failure: Error | null = null;
  writeFailure: Error | null = null;

  async read(): Promise<StatusRecords> {
    if (this.failure !== null) throw this.failure;
    return new Map(this.#records);
  }

  async write(changes: ReadonlyMap<string, StatusRecord | null>): Promise<void> {
    const failure = this.failure ?? this.writeFailure;
    if (failure !== null) throw failure;
    for (const [connectionId, record] of changes) {
      this.written.push([connectionId, record]);
      this.put(statusKey(connectionId), record === null ? null : this.#encoder.framed(STATUS_SCHEMA_ID, record));
    }
  }

  put(key: string, value: Buffer | null): void {
    const offset = this.#end++;
    if (value === null) this.#records.delete(key);
    else this.#records.set(key, { offset, value });
  }
}
