import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigTable } from '../../src/core/config-table.ts';
import type { ConfigChange } from '../../src/core/decode-config.ts';
import { connectionChange } from './config-records.ts';

const KINDS = ['good', 'unusable', 'undecodable', 'tombstone'] as const;
type Kind = (typeof KINDS)[number];

interface Step {
  readonly id: string;
  readonly kind: Kind;
}

const IDS = ['c-1', 'c-2', 'c-3'];
const IGNORED = 'connection:c-3';

function changeOf({ id, kind }: Step, offset: number): ConfigChange {
  if (kind === 'tombstone') return { kind };
  if (kind === 'undecodable') return { kind, problem: `broken at ${offset}` };
  const wire = kind === 'good' ? 'V2' : 'UNSPECIFIED';
  return connectionChange({ connection_id: id, pixel_id: `PIXEL${offset}`, wire });
}

/** What holds for one key after its records, told from the records alone, with nothing remembered in between. */
function expected(kinds: readonly (readonly [number, Kind])[]) {
  const alive = kinds.slice(kinds.findLastIndex(([, kind]) => kind === 'tombstone') + 1);
  const [offset, last] = alive.at(-1) ?? [null, null];
  const inForce = alive.findLast(([, kind]) => kind !== 'undecodable') ?? null;
  const problem = last === 'undecodable' ? 'undecodable' : last === 'unusable' ? 'config_invalid' : null;
  return {
    problem: problem === null ? null : [problem, offset, problem === 'undecodable' && inForce !== null],
    blocks: last === 'undecodable' && inForce === null,
    pixel: inForce?.[1] === 'good' ? `PIXEL${inForce[0]}` : null,
    offset,
  };
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({ id: fc.constantFrom(...IDS), kind: fc.constantFrom(...KINDS) }),
  { maxLength: 25 },
);

function inShort(problem: ReturnType<ConfigTable['problem']>) {
  return problem === null ? null : [problem.kind, problem.offset, problem.earlierVersionInForce];
}

describe('what is wrong with the table', () => {
  it('after any records is what their last good and last bad versions say', () => {
    fc.assert(
      fc.property(steps, given => {
        const table = new ConfigTable([IGNORED]);
        for (const [offset, step] of given.entries()) {
          table.apply(offset, `connection:${step.id}`, changeOf(step, offset));
          const models = IDS.map(id => {
            const own = [...given.entries()].filter(([at, other]) => at <= offset && other.id === id);
            return { id, key: `connection:${id}`, ...expected(own.map(([at, { kind }]) => [at, kind])) };
          });
          for (const model of models) {
            expect(inShort(table.problem(model.key))).toEqual(model.problem);
            expect(table.connection(model.id)?.pixel_id ?? null).toBe(model.pixel);
            expect(table.connectionOffset(model.id)).toBe(model.offset);
          }
          const wrong = models.filter(({ problem }) => problem !== null);
          expect(table.problemCount).toBe(wrong.length);
          expect(table.problems().map(({ key }) => key)).toEqual(expect.arrayContaining(wrong.map(({ key }) => key)));
          expect(table.problems().at(-1)?.key).toBe(newest(wrong)?.key);
          const blocking = models.filter(({ blocks, key }) => blocks && key !== IGNORED).map(({ key }) => key);
          expect(table.blockingKeys().toSorted()).toEqual(blocking);
          expect(table.size).toBe(models.filter(model => model.offset !== null).length);
        }
        expect(table.generation).toBe(given.length);
      }),
      { numRuns: 300 },
    );
  });

  it('is that a bad version keeps the one before it, which the repair replaces, in this very order', () => {
    const table = new ConfigTable();
    const key = 'connection:c-1';
    const seen = (['undecodable', 'good', 'undecodable', 'good', 'tombstone', 'undecodable'] as const).map(
      (kind, offset) => {
        table.apply(offset, key, changeOf({ id: 'c-1', kind }, offset));
        return [inShort(table.problem(key)), table.problemCount, table.blockingKeys()];
      },
    );
    expect(seen).toEqual([
      [['undecodable', 0, false], 1, [key]],
      [null, 0, []],
      [['undecodable', 2, true], 1, []],
      [null, 0, []],
      [null, 0, []],
      [['undecodable', 5, false], 1, [key]],
    ]);
  });
});

function newest<T extends { readonly offset: number | null }>(models: readonly T[]): T | undefined {
  return models.toSorted((a, b) => (a.offset ?? 0) - (b.offset ?? 0)).at(-1);
}
