/**
 * The admission rule for one owned partition: which part of a fetched batch may be taken.
 *
 * Guarantee: no offset is taken twice under one assignment, and none is passed over unless the broker was asked for it
 * and had nothing to give. kafkajs delivers batches that were fetched at positions it has left meanwhile (after a
 * rejoin, or from two brokers at once); resolving one of those would skip records for good.
 *
 * A batch above the expected offset is either such a stale one, or follows offsets that hold no record (compaction,
 * control records). Asking once more at the expected offset tells them apart.
 */

/** `from` is the first offset to take; lower ones were taken before. `seek` puts the reader where it should be. */
export type Admissible =
  | { readonly kind: 'take'; readonly from: number }
  | { readonly kind: 'refuse' }
  | { readonly kind: 'seek'; readonly offset: number };

/** Where one partition stands under one assignment. */
export class PartitionPosition {
  #expected: number | null = null;
  #probedAt: number | null = null;

  /** The next offset to take; `null` until the start is known. */
  get expected(): number | null {
    return this.#expected;
  }

  /** The offset this assignment begins at. */
  begin(offset: number): void {
    this.#expected = offset;
    this.#probedAt = null;
  }

  /**
   * Judges a batch that was fetched at `fetchedOffset` and reaches up to `nextOffset`. The caller has to see to it
   * that a batch whose fetch began before the last `seek` never gets here: it would answer a question that was not asked.
   */
  judge(fetchedOffset: number, nextOffset: number): Admissible {
    const expected = this.#expected;
    if (expected === null) return { kind: 'refuse' };
    if (fetchedOffset > expected) {
      if (this.#probedAt === expected) return { kind: 'take', from: fetchedOffset };
      this.#probedAt = expected;
      return { kind: 'seek', offset: expected };
    }
    if (nextOffset <= expected) return { kind: 'seek', offset: expected };
    return { kind: 'take', from: expected };
  }

  /** A batch without records was fetched: goes past it if it follows on what was taken. */
  stepOver({ fetchedOffset, nextOffset }: { readonly fetchedOffset: number; readonly nextOffset: number }): void {
    if (this.#expected !== null && fetchedOffset <= this.#expected && nextOffset > this.#expected)
      this.advance(nextOffset);
  }

  /** A batch up to `nextOffset` was taken. */
  advance(nextOffset: number): void {
    this.#expected = nextOffset;
    this.#probedAt = null;
  }
}
