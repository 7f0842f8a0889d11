import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isolatePoison, type PartAnswer } from '../../src/core/isolate-poison.ts';
import { WholesaleRefusals } from '../../src/core/wholesale-refusals.ts';

/** Which row a refusal names, if any; `poison` holds the rows of the part that are bad. */
type Naming = (part: readonly number[], poison: readonly number[]) => number | null;

interface Course {
  readonly found: readonly number[];
  readonly accepted: readonly number[];
  /** The refused whole is the first of them. */
  readonly requests: number;
  /** It ended because the refusals are held to be about none of the events. */
  readonly isWholesale: boolean;
}

/** Plays an endpoint that takes all of a part or nothing. */
function isolate(size: number, poison: ReadonlySet<number>, naming: Naming): Course {
  const batch = Array.from({ length: size }, (_, index) => index);
  const rowOf = (part: readonly number[]): number | null =>
    naming(
      part,
      part.flatMap((event, row) => (poison.has(event) ? [row] : [])),
    );
  const isolation = isolatePoison(batch, { row: rowOf(batch) }, String, () => refusals.isSuspect);
  const accepted: number[] = [];
  const refusals = new WholesaleRefusals();
  let requests = 1;
  let step = isolation.next();
  while (!step.done) {
    const part = step.value;
    if (part.length === 0) throw new Error('an empty request');
    requests++;
    const good = part.every(event => !poison.has(event));
    if (good) {
      accepted.push(...part);
      refusals.taken();
    }
    if (!good && part.length === 1 && refusals.refusedAlone(40002)) {
      return { found: [], accepted, requests, isWholesale: true };
    }
    const answer: PartAnswer = good ? { accepted: true } : { accepted: false, row: rowOf(part) };
    step = isolation.next(answer);
  }
  return { found: step.value, accepted, requests, isWholesale: false };
}

const silent: Naming = () => null;
const honest: Naming = (_, poison) => poison[0] ?? null;
const firstRow: Naming = () => 0;
const beyond: Naming = part => part.length + 5;
/** Names a good row wherever there is one. */
const lying: Naming = (part, poison) => {
  const good = part.findIndex((_, row) => !poison.includes(row));
  return good === -1 ? null : good;
};

const log2 = (size: number) => Math.ceil(Math.log2(size));
const sorted = (events: readonly number[]) => [...events].sort((a, b) => a - b);

describe('one bad event of n', () => {
  const SIZES = [1, 2, 3, 4, 5, 7, 8, 9, 50, 63, 64, 65];
  const everyPlace = SIZES.flatMap(size => Array.from({ length: size }, (_, bad) => [size, bad] as const));

  it('costs at most 2·⌈log2 n⌉ + 1 requests where no row is named', () => {
    for (const [size, bad] of everyPlace) {
      expect(isolate(size, new Set([bad]), silent).requests).toBeLessThanOrEqual(2 * log2(size) + 1);
    }
    expect(isolate(1_000, new Set([999]), silent).requests).toBeLessThanOrEqual(21);
  });

  it('costs one request a level where it stands last: what must be bad is not sent as a whole again', () => {
    expect(isolate(1_000, new Set([999]), silent).requests).toBeLessThanOrEqual(log2(1_000) + 2);
  });

  it('costs one more request where its row is named', () => {
    for (const [size, bad] of everyPlace.filter(([size]) => size > 1)) {
      expect(isolate(size, new Set([bad]), honest).requests).toBe(2);
    }
  });

  it.each([
    ['a good row', lying],
    ['always the first row', firstRow],
  ])('costs two more than bisecting where %s is named', (_, naming) => {
    for (const [size, bad] of everyPlace) {
      expect(isolate(size, new Set([bad]), naming).requests).toBeLessThanOrEqual(2 * log2(size) + 3);
    }
  });

  it('costs no more where a row is named that the part does not have', () => {
    for (const [size, bad] of everyPlace) {
      expect(isolate(size, new Set([bad]), beyond).requests).toBeLessThanOrEqual(2 * log2(size) + 1);
    }
  });
});

describe('any batch with any bad events', () => {
  const anyCase = fc
    .integer({ min: 1, max: 200 })
    .chain(size =>
      fc.record({ size: fc.constant(size), bad: fc.uniqueArray(fc.nat(size - 1), { minLength: 1, maxLength: 12 }) }),
    );
  const anyNaming = fc.infiniteStream(fc.nat()).map(
    (choices): Naming =>
      (part, poison) => {
        const choice = choices.next().value as number;
        return [null, poison[0] ?? null, choice % part.length, part.length + 1][choice % 4] as number | null;
      },
  );
  const namings = fc.oneof(fc.constantFrom(silent, honest, lying, firstRow, beyond), anyNaming);

  it('ends with exactly the bad ones, and every good one was taken exactly once', () => {
    fc.assert(
      fc.property(anyCase, namings, ({ size, bad }, naming) => {
        const { found, accepted } = isolate(size, new Set(bad), naming);
        expect(sorted(found)).toEqual(sorted(bad));
        const good = Array.from({ length: size }, (_, index) => index).filter(index => !bad.includes(index));
        expect(sorted(accepted)).toEqual(good);
      }),
      { numRuns: 400 },
    );
  });

  it('costs at most 2·⌈log2 n⌉ requests for each bad one, one for the whole, two for a wrong row', () => {
    fc.assert(
      fc.property(anyCase, namings, ({ size, bad }, naming) => {
        const { requests } = isolate(size, new Set(bad), naming);
        expect(requests).toBeLessThanOrEqual(1 + 2 + bad.length * 2 * Math.max(1, log2(size)));
      }),
      { numRuns: 400 },
    );
  });
});

describe('a batch with many bad events', () => {
  const SIZE = 1_000;
  const from = (count: number, at: (nth: number) => number) => new Set(Array.from({ length: count }, (_, n) => at(n)));
  const namings = [silent, honest, lying, firstRow];
  const alwaysFound = (size: number, bad: ReadonlySet<number>, naming: Naming) => {
    const course = isolate(size, bad, naming);
    expect(course.isWholesale).toBe(false);
    expect(sorted(course.found)).toEqual(sorted([...bad]));
    expect(course.accepted).toHaveLength(size - bad.size);
    expect(new Set(course.accepted).size).toBe(size - bad.size);
    expect(course.requests).toBeLessThanOrEqual(1 + 2 + bad.size * 2 * log2(size));
  };

  it.each<[string, ReadonlySet<number>]>([
    ['sixteen at its beginning', from(16, n => n)],
    ['seventeen spread over it', from(17, n => n * 19 + 3)],
    ['fifty spread over it', from(50, n => n * 19 + 3)],
    ['a hundred at its end', from(100, n => SIZE - 1 - n)],
    ['every second one', from(500, n => 2 * n)],
    ['the first half', from(500, n => n)],
    ['the second half', from(500, n => 500 + n)],
  ])('%s, has them found and the good ones taken', (_, bad) => {
    for (const naming of namings) alwaysFound(SIZE, bad, naming);
  });

  it('is not held to be refused as a whole where half of it is good and the bad ones stand in five runs at most', () => {
    // Twelve spot checks stand one in each twelfth, so five runs that hold half of it hardly ever hold them all.
    const runs = fc.array(fc.tuple(fc.nat(SIZE - 1), fc.integer({ min: 1, max: 300 })), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(runs, fc.constantFrom(...namings), (given, naming) => {
        const bad = new Set(given.flatMap(([at, length]) => [...from(length, n => Math.min(at + n, SIZE - 1))]));
        fc.pre(bad.size <= SIZE / 2);
        alwaysFound(SIZE, bad, naming);
      }),
      { numRuns: 100, seed: 4 },
    );
  });

  it('is not held to be so where the bad ones stand at equal distances, whatever the distance', () => {
    for (const size of [100, 240, 288]) {
      for (let distance = 2; distance * 16 <= size; distance++) {
        for (const first of [0, 1]) {
          const bad = from(Math.ceil((size - first) / distance), n => first + n * distance);
          for (const naming of [silent, honest]) alwaysFound(size, bad, naming);
        }
      }
    }
  });

  it('is not held to be so where its first four are bad and the middle of each twelfth of the others', () => {
    for (const size of [100, 240, SIZE]) {
      const bad = new Set([0, 1, 2, 3, ...from(12, n => 4 + Math.floor(((n + 0.5) * (size - 4)) / 12))]);
      for (const naming of namings) alwaysFound(size, bad, naming);
    }
  });

  it('is not held to be so wherever up to a hundred of a thousand stand, as chance has it', () => {
    const anywhere = fc.uniqueArray(fc.nat(SIZE - 1), { minLength: 16, maxLength: 100 });
    fc.assert(
      fc.property(anywhere, fc.constantFrom(...namings), (bad, naming) => alwaysFound(SIZE, new Set(bad), naming)),
      { numRuns: 100, seed: 4 },
    );
  });

  it.each([16, 17, 50, 1_000])('all %i of them bad, is held to be so within ⌈log2 n⌉ + 22 requests', size => {
    for (const naming of namings) {
      const { accepted, isWholesale, requests } = isolate(
        size,
        from(size, n => n),
        naming,
      );
      expect([accepted, isWholesale]).toEqual([[], true]);
      expect(requests).toBeLessThanOrEqual(log2(size) + 22);
    }
  });
});

it('a part that was too large has both its halves tried as a whole', () => {
  const isolation = isolatePoison(['a', 'b', 'c', 'd'], { row: null, isTooLarge: true }, String);
  expect(isolation.next().value).toEqual(['a', 'b']);
  expect(isolation.next({ accepted: true }).value).toEqual(['c', 'd']);
  expect(isolation.next({ accepted: true })).toEqual({ done: true, value: [] });
});

it('a refused batch of nothing but good events ends without poison: the refusal was not an event’s', () => {
  const isolation = isolatePoison(['a', 'b'], { row: null }, String);
  expect(isolation.next().value).toEqual(['a']);
  expect(isolation.next({ accepted: true }).value).toEqual(['b']);
  expect(isolation.next({ accepted: true })).toEqual({ done: true, value: [] });
});
