/**
 * Makes sure that every schema a batch needs is known before it is decoded, so that decoding itself never waits.
 *
 * An id that counts as unknown is asked for again after a while: a registry that was restored late must not turn the
 * records of days into dead letters. Events and config entries share it, and with it the registry's verdicts: an id that is unknown to a registry which
 * has given us others counts as unknown after a grace period, and the partition waits until then.
 */

import type { FramedRecords } from './core/framed-records.ts';
import { SchemaVerdicts } from './core/schema-verdict.ts';
import type { Clock, SchemaFetcher, Telemetry } from './ports.ts';

export class SchemaLearning {
  readonly #registry: SchemaFetcher;
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #verdicts: SchemaVerdicts;
  readonly #graceMs: number;
  /** Ids that were learned as unknown, and when to ask again (monotonic milliseconds), the oldest first. */
  readonly #askAgain: { readonly at: number; readonly forget: () => void }[] = [];

  constructor(registry: SchemaFetcher, clock: Clock, telemetry: Telemetry, unknownSchemaGraceMs: number) {
    this.#registry = registry;
    this.#clock = clock;
    this.#telemetry = telemetry;
    this.#graceMs = unknownSchemaGraceMs;
    this.#verdicts = new SchemaVerdicts(unknownSchemaGraceMs);
  }

  /** True when `decoder` knows the schema of every record; false when some must wait. Never rejects. */
  async learn<T extends object>(
    decoder: FramedRecords<T>,
    records: readonly { readonly value: Buffer | null }[],
  ): Promise<boolean> {
    this.#forgetOverdue();
    const needed = decoder.unlearned(records);
    if (needed.length === 0) return true;
    const learned = await Promise.all(needed.map(schemaId => this.#learnOne(decoder, schemaId)));
    return learned.every(Boolean);
  }

  #forgetOverdue(): void {
    while ((this.#askAgain[0]?.at ?? Number.POSITIVE_INFINITY) <= this.#clock.monotonic()) {
      this.#askAgain.shift()?.forget();
    }
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
    // Partitions that wait for one schema share one request; the first to get here tells of it.
    const isNews = !decoder.knows(schemaId);
    decoder.learn(schemaId, verdict.knowledge);
    if (verdict.knowledge.kind === 'unknown') {
      this.#askAgain.push({ at: now + this.#graceMs, forget: () => decoder.forget(schemaId) });
    }
    if (isNews && verdict.knowledge.kind === 'schema') this.#telemetry.schemaFetched(schemaId, now - startedAt);
    return true;
  }
}
