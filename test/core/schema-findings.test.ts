import { describe, expect, test } from 'vitest';
import type { AvroSchemaJson } from '../../src/core/avro-types.ts';
import { judgeCandidate, judgeSubject, type SubjectState } from '../../src/core/schema-findings.ts';
import { subjects } from './contract-subjects.ts';
import { schemas } from './event-records.ts';

const conversions = subjects[0] ?? expect.fail('there is no first subject');
const fields = schemas.conversionCreated['fields'] as readonly AvroSchemaJson[];
const without = (...names: readonly string[]) => ({
  ...schemas.conversionCreated,
  fields: fields.filter(({ name }) => !names.includes(String(name))),
});
const plus = (field: AvroSchemaJson) => ({ ...schemas.conversionCreated, fields: [...fields, field] });

function stateOf(versions: readonly unknown[], rest: Partial<SubjectState> = {}): SubjectState {
  return {
    rule: 'FULL_TRANSITIVE',
    schemaId: 1,
    refusedBeside: [],
    versions: versions.map((schema, index) => ({
      version: index + 1,
      id: index + 1,
      knowledge: { kind: 'schema', schema, references: [] },
    })),
    ...rest,
  };
}

const codes = (state: SubjectState) => judgeSubject(conversions, state).map(({ code }) => code);

describe('a subject of the contract', () => {
  test('is well with the schema of this version, its elders and its own rule', () => {
    expect(codes(stateOf([without('email'), schemas.conversionCreated]))).toEqual([]);
  });

  test('is missing while nothing is registered', () => {
    expect(codes(stateOf([], { rule: null, schemaId: null }))).toEqual(['SUBJECT_MISSING']);
  });

  test('wants FULL_TRANSITIVE, of its own', () => {
    expect(codes(stateOf([schemas.conversionCreated], { rule: null }))).toEqual(['RULE_NOT_SET']);
    for (const rule of ['NONE', 'BACKWARD', 'FULL', 'BACKWARD_TRANSITIVE']) {
      expect(codes(stateOf([schemas.conversionCreated], { rule }))).toEqual(['RULE_TOO_WEAK']);
    }
  });

  test('may lack the schema of this version for a while', () => {
    const [finding] = judgeSubject(conversions, stateOf([without('email')], { schemaId: null }));
    expect(finding).toMatchObject({ level: 'warning', code: 'SCHEMA_NOT_REGISTERED', subject: 'conversions-value' });
  });

  test('holds no version that the service cannot read, and the finding names it and its field', () => {
    const [finding] = judgeSubject(conversions, stateOf([without('workspace_id')]));
    expect(finding).toMatchObject({ level: 'error', code: 'VERSION_UNREADABLE' });
    expect(finding?.message).toContain('version 1 (id 1)');
    expect(finding?.message).toContain('the field workspace_id is missing');
  });

  test('holds no version that breaks the rule, although the service can read it', () => {
    const findings = judgeSubject(conversions, stateOf([plus({ name: 'campaign', type: 'string' })]));
    expect(findings.map(({ code }) => code)).toEqual(['VERSION_INCOMPATIBLE']);
    expect(findings[0]?.message).toContain('(the field campaign is missing)');
  });

  test('may hold the other kind of event', () => {
    expect(codes(stateOf([schemas.conversionCreated, schemas.revenueUpdated]))).toEqual([]);
  });

  test('is not well where the registry would refuse the schema of this version', () => {
    const state = stateOf([without('email')], { schemaId: null, refusedBeside: [1] });
    expect(codes(state)).toEqual(['SCHEMA_NOT_REGISTERED', 'REGISTRY_REFUSES']);
  });

  test('holds Avro only', () => {
    const knowledge = { kind: 'foreign', schemaType: 'PROTOBUF' } as const;
    expect(codes(stateOf([], { versions: [{ version: 1, id: 9, knowledge }] }))).toEqual(['VERSION_UNREADABLE']);
  });
});

describe("a producer's schema", () => {
  const judge = (schema: AvroSchemaJson, state: SubjectState | null = null) =>
    judgeCandidate(schema, conversions, 'conversions-value', state);

  test('is well when it is ours, in another namespace', () => {
    expect(judge({ ...schemas.conversionCreated, namespace: 'com.acme' })).toEqual([]);
  });

  test('with a field renamed passes every check of compatibility, and gets a warning that names the right one', () => {
    const [currency] = fields.filter(({ name }) => name === 'currency');
    const findings = judge({
      ...without('currency'),
      fields: [...without('currency').fields, { ...currency, name: 'curency' }],
    });
    expect(findings.map(({ level, code }) => [level, code])).toEqual([
      ['warning', 'FIELD_UNKNOWN'],
      ['warning', 'FIELD_MISSING'],
    ]);
    expect(findings[0]?.message).toContain('curency: did you mean currency?');
  });

  test('with a field renamed inside a record gets the same warning, wherever that record stands', () => {
    const renamed = JSON.parse(JSON.stringify(schemas.conversionCreated).replaceAll('"ttclid"', '"tt_clid"'));
    const messages = judge(renamed).map(({ level, message }) => `${level}: ${message}`);
    expect(messages).toEqual([
      'warning: the service does not know the field first_touch.tt_clid: did you mean first_touch.ttclid?',
      'warning: the service does not know the field last_touch.tt_clid: did you mean last_touch.ttclid?',
      'warning: these fields would always be null: first_touch.ttclid, last_touch.ttclid',
    ]);
  });

  test('with a record missing as a whole is not told of each field inside it', () => {
    expect(judge(without('contents'))).toMatchObject([{ message: 'these fields would always be null: contents' }]);
  });

  test('is not said to go with a subject that has nothing: its name may be misspelt', () => {
    const [finding] = judge(schemas.conversionCreated, stateOf([], { rule: null, schemaId: null }));
    expect(finding).toMatchObject({ level: 'warning', code: 'SUBJECT_MISSING', subject: 'conversions-value' });
  });

  test('without a required field would make dead letters', () => {
    const [finding] = judge(without('conversion_id'));
    expect(finding).toMatchObject({ level: 'error', code: 'SCHEMA_UNREADABLE' });
    expect(finding?.message).toContain('the field conversion_id is missing');
  });

  test('of another record belongs elsewhere', () => {
    expect(judge(schemas.mapping)).toMatchObject([{ code: 'SCHEMA_UNREADABLE' }]);
  });

  test('must go with every version, not only with ours', () => {
    const first = plus({ name: 'campaign', type: ['null', 'string'], default: null });
    const candidate = plus({ name: 'campaign', type: ['null', 'long'], default: null });
    const [finding] = judge(candidate, stateOf([first, schemas.conversionCreated]));
    expect(finding).toMatchObject({ level: 'error', code: 'SCHEMA_INCOMPATIBLE' });
    expect(finding?.message).toContain('version 1 (id 1)');
    expect(judge(candidate)).toMatchObject([{ level: 'warning', code: 'FIELD_UNKNOWN' }]);
  });

  test('is not well where the registry would refuse it', () => {
    const state = stateOf([schemas.conversionCreated], { refusedBeside: [1] });
    expect(judge(schemas.conversionCreated, state)).toMatchObject([{ level: 'error', code: 'REGISTRY_REFUSES' }]);
  });
});
