import { describe, expect, test } from 'vitest';
import { SchemaVerdicts } from '../../src/core/schema-verdict.ts';

const schema = { kind: 'schema', schema: 'string', references: [] } as const;
const unknown = { kind: 'unknown' } as const;
const GRACE_MS = 60_000;

describe('an id the registry does not know', () => {
  test('is waited for through the grace period, then it is unknown', () => {
    const verdicts = new SchemaVerdicts(GRACE_MS);
    verdicts.judge(1, schema, 0);
    expect(verdicts.judge(2, unknown, 1000).kind).toBe('wait');
    expect(verdicts.judge(2, unknown, 1000 + GRACE_MS - 1).kind).toBe('wait');
    expect(verdicts.judge(2, unknown, 1000 + GRACE_MS)).toEqual({ kind: 'learn', knowledge: unknown });
  });

  test('is waited for without end by a process that never had a schema: the registry may be the wrong one', () => {
    const verdicts = new SchemaVerdicts(GRACE_MS);
    expect(verdicts.judge(2, unknown, 0).kind).toBe('wait');
    const late = verdicts.judge(2, unknown, 10 * GRACE_MS);
    expect(late).toMatchObject({ kind: 'wait', problem: expect.stringContaining('right one') });
    verdicts.judge(1, schema, 10 * GRACE_MS);
    expect(verdicts.judge(2, unknown, 10 * GRACE_MS).kind).toBe('learn');
  });

  test('has a grace period of its own', () => {
    const verdicts = new SchemaVerdicts(GRACE_MS);
    verdicts.judge(1, schema, 0);
    verdicts.judge(2, unknown, 0);
    expect(verdicts.judge(3, unknown, GRACE_MS).kind).toBe('wait');
  });

  test('that turns up begins a new period when it vanishes again', () => {
    const verdicts = new SchemaVerdicts(GRACE_MS);
    verdicts.judge(2, schema, 0);
    verdicts.judge(3, unknown, 0);
    verdicts.judge(3, schema, 10);
    expect(verdicts.judge(3, unknown, GRACE_MS + 5).kind).toBe('wait');
  });
});

test('a registry that cannot be asked is waited for, however long', () => {
  const verdicts = new SchemaVerdicts(GRACE_MS);
  verdicts.judge(1, schema, 0);
  verdicts.judge(2, unknown, 0);
  expect(verdicts.judge(2, { kind: 'unavailable', problem: 'down' }, 2 * GRACE_MS)).toEqual({
    kind: 'wait',
    problem: 'down',
  });
});

test('a schema of another language is learned as such', () => {
  const foreign = { kind: 'foreign', schemaType: 'JSON' } as const;
  expect(new SchemaVerdicts(GRACE_MS).judge(1, foreign, 0)).toEqual({ kind: 'learn', knowledge: foreign });
});
