/**
 * Makes sure that every schema a batch needs is known before it is decoded, so that decoding itself never waits.
 *
 * Events and config entries share it, and with it the registry's verdicts: an id that is unknown to a registry which
 * has given us others counts as unknown after a grace period, and the partition waits until then.
 */

import { type FramedRecords, schemaIdOf } from './core/framed-records.ts';
import { SchemaVerdicts } from './core/schema-verdict.ts';
import type { Clock, SchemaFetcher, Telemetry } from './ports.ts';

export class SchemaLearning {
  readonly #registry: SchemaFetcher;
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #verdicts: SchemaVerdicts;

  constructor(registry: SchemaFetcher, clock: Clock, telemetry: Telemetry, unknownSchemaGraceMs: number) {
    this.#registry = registry;
    this.#clock = clock;
    this.#telemetry = telemetry;
    this.#verdicts = new SchemaVerdicts(unknownSchemaGraceMs);
  }

  /** True when `decoder` knows the schema of every record; false when some must wait. Never rejects. */
  async learn<T extends object>(
    decoder: FramedRecords<T>,
    records: readonly { readonly value: Buffer | null }[],
  ): Promise<boolean> {
    const needed = neededSchemas(decoder, records);
    if (needed === null) return true;
    const learned = await Promise.all([...needed].map(schemaId => this.#learnOne(decoder, schemaId)));
    return learned.every(Boolean);
  }

  async #learnOne<T extends object>(decoder: FramedRecords<T>, schemaId: number): Promise<boolean> {
    const startedAt = this.#clock.monotonic();
    const answer = await this.#registry.fetchSchema(schemaId);
    const now = this.#clock.monotonic();
    const verdict = this.#verdicts.judge(schemaId, answer, now);
    if (verdict.kind === 'wait') {
      this.#telemetry.schemaFetchFailed(schemaId, verdict.problem);
      return false;
    }
    decoder.learn(schemaId, verdict.knowledge);
    this.#telemetry.schemaFetched(schemaId, now - startedAt);
    return true;
  }
}

/** Null, without having allocated anything, when nothing is needed: the case of nearly every batch. */
function neededSchemas<T extends object>(
  decoder: FramedRecords<T>,
  records: readonly { readonly value: Buffer | null }[],
): Set<number> | null {
  let needed: Set<number> | null = null;
  let last = -1;
  for (const { value } of records) {
    const schemaId = schemaIdOf(value);
    if (schemaId === null || schemaId === last) continue;
    last = schemaId;
    if (!decoder.knows(schemaId)) needed = (needed ?? new Set()).add(schemaId);
  }
  return needed;
}
