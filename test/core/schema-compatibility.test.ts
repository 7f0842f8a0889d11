import { describe, expect, test } from 'vitest';
import { isCompatible, readingOf } from '../../scripts/schema-change-table.ts';
import { SCHEMA_CHANGES } from '../../scripts/schema-changes.ts';
import { fieldPaths, misreading, outermost, plainType } from '../../src/core/schema-compatibility.ts';

const record = (fields: readonly object[], rest: object = {}) =>
  plainType({ schema: { type: 'record', name: 'Shop', ...rest, fields }, references: [] });
const ID = { name: 'id', type: 'string' };
const NOTE = { name: 'note', type: ['null', 'string'], default: null };

describe('reading records of one schema with another', () => {
  test('works where the fields fit, whatever namespace and order they have', () => {
    expect(misreading(record([ID, NOTE]), record([NOTE, ID], { namespace: 'com.acme' }))).toBeNull();
    expect(misreading(record([ID, NOTE]), record([ID]))).toBeNull();
    expect(misreading(record([ID]), record([ID, NOTE]))).toBeNull();
  });

  test('fails with the name of the field that is missing, or of another type', () => {
    expect(misreading(record([ID, { name: 'shop', type: 'string' }]), record([ID]))).toBe('the field shop is missing');
    expect(misreading(record([ID]), record([{ name: 'id', type: 'long' }]))).toBe(
      'the field id cannot be read from "long"',
    );
  });

  test('fails for a record of another name', () => {
    expect(misreading(record([ID]), record([ID], { name: 'com.acme.Store' }))).toBe('the record is called Store');
  });
});

describe('the fields of a schema', () => {
  const LINE = {
    type: 'record',
    name: 'Line',
    fields: [ID, { name: 'parts', type: { type: 'array', items: 'Line' } }],
  };

  test('are named with those of records inside it, and a record within itself ends there', () => {
    const lines = { name: 'lines', type: ['null', { type: 'array', items: LINE }], default: null };
    const shop = record([ID, lines, { name: 'first', type: 'Line' }]);
    const first = ['first', 'first.id', 'first.parts'];
    expect(fieldPaths(shop)).toEqual(['id', 'lines', 'lines[].id', 'lines[].parts', ...first]);
    expect(outermost(fieldPaths(shop))).toEqual(['id', 'lines', 'first']);
  });
});

describe('a schema that refers to others', () => {
  const street = { type: 'record', name: 'com.acme.Street', fields: [ID] };
  const address = { type: 'record', name: 'com.acme.Address', fields: [{ name: 'street', type: 'com.acme.Street' }] };
  const schema = { type: 'record', name: 'Shop', fields: [{ name: 'address', type: 'com.acme.Address' }] };

  test('is whole with them, in any order', () => {
    for (const references of [
      [street, address],
      [address, street],
    ]) {
      expect(plainType({ schema, references }).fields.map(({ name }) => name)).toEqual(['address']);
    }
  });

  test('is no schema without them, and neither is a type that is no record', () => {
    expect(() => plainType({ schema, references: [address] })).toThrow('undefined type name');
    expect(() => plainType({ schema: 'string', references: [] })).toThrow('not that of a record');
  });
});

describe('what producers may do to their schema', () => {
  const verdicts = Object.fromEntries(
    SCHEMA_CHANGES.map(change => [change.change, [isCompatible(change), readingOf(change)]]),
  );

  test.each([
    ['Add an optional field, `["null", T]` with `default: null`', true, 'everything but `campaign`'],
    ['Add a required field (no default)', false, 'everything but `campaign`'],
    ['Remove an optional field', true, 'everything'],
    ['Remove a required field', false, 'nothing: dead letter `schema_incompatible`'],
    ['Rename an optional field (`currency` → `currency_code`)', true, 'everything but `currency_code`'],
    ['Rename a required field (`conversion_id` → `id`)', false, 'nothing: dead letter `schema_incompatible`'],
    ['Widen a type (`quantity`: long → double)', false, 'nothing: dead letter `schema_incompatible`'],
    ['Add an enum symbol', true, 'everything with `consent` as `"UNSPECIFIED"`'],
    ['Another decimal scale (4 → 2)', true, 'everything'],
    ['A decimal becomes a double', false, 'nothing: dead letter `schema_incompatible`'],
    ['Rename the record (`ConversionCreated` → `Conversion`)', false, 'nothing: dead letter `record_type_unknown`'],
  ])('%s: allowed %s, the service reads %s', (change, allowed, reading) => {
    expect(verdicts[change]).toEqual([allowed, reading]);
  });
});
