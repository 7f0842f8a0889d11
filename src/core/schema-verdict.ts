/**
 * What the registry's answer about a schema id means for the records that carry it.
 *
 * Guarantee: a registry that is away, or the wrong one, never turns records into dead letters. Only an id that a
 * registry we have had schemas from denies for the whole grace period counts as unknown.
 */

import type { SchemaKnowledge } from './framed-records.ts';

/** The registry's answer: knowledge, or that it could not be asked. */
export type RegistryAnswer = SchemaKnowledge | { readonly kind: 'unavailable'; readonly problem: string };

/** `learn`: give it to the decoder. `wait`: the partitions concerned wait and ask again. */
export type SchemaVerdict =
  | { readonly kind: 'learn'; readonly knowledge: SchemaKnowledge }
  | { readonly kind: 'wait'; readonly problem: string };

export class SchemaVerdicts {
  readonly #graceMs: number;
  readonly #firstDeniedAt = new Map<number, number>();
  #hasHadSchemas = false;

  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  /** Judges an answer about `schemaId`. `now`: epoch or monotonic milliseconds, always the same of the two. */
  judge(schemaId: number, answer: RegistryAnswer, now: number): SchemaVerdict {
    if (answer.kind === 'unavailable') return { kind: 'wait', problem: answer.problem };
    if (answer.kind !== 'unknown') {
      this.#hasHadSchemas = true;
      this.#firstDeniedAt.delete(schemaId);
      return { kind: 'learn', knowledge: answer };
    }
    const firstDeniedAt = this.#firstDeniedAt.get(schemaId) ?? now;
    this.#firstDeniedAt.set(schemaId, firstDeniedAt);
    if (!this.#hasHadSchemas) {
      const problem = `the registry does not know schema ${schemaId} and has not given any schema yet: is it the right one?`;
      return { kind: 'wait', problem };
    }
    if (now - firstDeniedAt < this.#graceMs) {
      return {
        kind: 'wait',
        problem: `the registry does not know schema ${schemaId} (asked again until the grace period ends)`,
      };
    }
    return { kind: 'learn', knowledge: answer };
  }
}
