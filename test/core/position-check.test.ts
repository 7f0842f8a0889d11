import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PartitionPosition } from '../../src/core/position-check.ts';

function at(offset: number): PartitionPosition {
  const position = new PartitionPosition();
  position.begin(offset);
  return position;
}

describe('the position check', () => {
  it('refuses everything until the start is known', () => {
    expect(new PartitionPosition().judge(0, 10)).toEqual({ kind: 'refuse' });
  });

  it('takes a batch that was fetched where the last one ended', () => {
    expect(at(5).judge(5, 9)).toEqual({ kind: 'take', from: 5 });
  });

  it('cuts off what lies below the expected offset', () => {
    expect(at(5).judge(2, 9)).toEqual({ kind: 'take', from: 5 });
  });

  it('never takes a batch that ends below the expected offset, however often it comes', () => {
    const position = at(5);
    expect(position.judge(2, 5)).toEqual({ kind: 'seek', offset: 5 });
    expect(position.judge(2, 5)).toEqual({ kind: 'seek', offset: 5 });
  });

  it('asks once at the expected offset when a batch lies above it, then takes what comes', () => {
    const position = at(5);
    expect(position.judge(8, 12)).toEqual({ kind: 'seek', offset: 5 });
    expect(position.judge(8, 12)).toEqual({ kind: 'take', from: 8 });
  });

  it('asks again at each new position', () => {
    const position = at(5);
    position.judge(8, 12);
    position.advance(12);
    expect(position.judge(15, 16)).toEqual({ kind: 'seek', offset: 12 });
    position.begin(5);
    expect(position.judge(15, 16)).toEqual({ kind: 'seek', offset: 5 });
  });

  it('steps over a batch without records only where it follows on what was taken', () => {
    const position = at(5);
    position.stepOver({ fetchedOffset: 6, nextOffset: 9 });
    position.stepOver({ fetchedOffset: 2, nextOffset: 5 });
    expect(position.expected).toBe(5);
    position.stepOver({ fetchedOffset: 3, nextOffset: 9 });
    expect(position.expected).toBe(9);
    const unknown = new PartitionPosition();
    unknown.stepOver({ fetchedOffset: 0, nextOffset: 9 });
    expect(unknown.expected).toBeNull();
  });

  it('loses and repeats nothing, whatever stale batches come between', () => {
    fc.assert(fc.property(fc.infiniteStream(fc.nat()), fc.uniqueArray(fc.nat(60), { minLength: 1 }), readsAllOnce));
  });
});

/** A log with holes, read by a client that now and then delivers a batch from a position it has left. */
function readsAllOnce(choices: Iterator<number>, offsets: number[]): void {
  const choose = (below: number) => (choices.next().value as number) % below;
  const log = offsets.toSorted((a, b) => a - b);
  const end = log.at(-1)! + 1;
  const position = at(0);
  const taken: number[] = [];
  let client = 0;
  for (let step = 0; position.expected !== end && step < 10_000; step += 1) {
    const stale = choose(4) === 0;
    const fetched = stale ? choose(end) : client;
    const records = log.filter(offset => offset >= fetched).slice(0, 1 + choose(5));
    // Offsets without a record are stepped over by the client itself, before a batch is handed over.
    const first = choose(2) === 0 ? fetched : (records[0] ?? end);
    if (records.length === 0) {
      client = stale ? client : end;
      if (client === end) break;
      continue;
    }
    const next = records.at(-1)! + 1;
    // A batch fetched before the last seek is held back by the caller; only a batch of the present may probe.
    if (stale && first > position.expected!) continue;
    const verdict = position.judge(first, next);
    if (verdict.kind === 'seek') client = verdict.offset;
    if (verdict.kind !== 'take') continue;
    taken.push(...records.filter(offset => offset >= verdict.from));
    position.advance(next);
    client = next;
  }
  expect(taken).toEqual(log);
}
