import { readdirSync, readFileSync } from 'node:fs';
import avro from 'avsc';
import { describe, expect, test } from 'vitest';
import { createEventDecoder } from '../../src/core/decode.ts';
import { createConfigDecoder } from '../../src/core/decode-config.ts';
import { schemas } from './event-records.ts';
import { GOLDEN_FOLDER, type GoldenFile, goldenFiles, textOf } from './golden-records.ts';

const files = goldenFiles(schemas);
const committed = (name: string) => readFileSync(new URL(name, GOLDEN_FOLDER), 'utf8');
const load = (name: string) => JSON.parse(committed(name)) as GoldenFile;

test('there is one golden file for each schema', () => {
  expect(readdirSync(GOLDEN_FOLDER).sort()).toEqual([...files.keys()].sort());
});

test.each([...files])('%s is what the encoder writes (else: node test/core/golden-records.ts)', (name, file) => {
  expect(committed(name)).toBe(textOf(file));
});

describe('a golden record', () => {
  test('of an event decodes to its value, the trigger added and absent fields null', () => {
    for (const [name, schema] of [
      ['conversion-created.json', schemas.conversionCreated],
      ['revenue-updated.json', schemas.revenueUpdated],
    ] as const) {
      const { schema_id, records } = load(name);
      for (const { value, writer_schema, framed } of records) {
        const decoder = createEventDecoder(schemas);
        decoder.learn(schema_id, { kind: 'schema', schema: writer_schema ?? schema, references: [] });
        const { campaign_tags: _unknown, ...known } = value;
        expect(decoder.decode(Buffer.from(framed, 'hex'))).toMatchObject(known);
      }
    }
  });

  test('of the config topic decodes to a usable entry', () => {
    for (const [name, schema] of [
      ['connection.json', schemas.connection],
      ['mapping.json', schemas.mapping],
    ] as const) {
      const { schema_id, records } = load(name);
      const decoder = createConfigDecoder(schemas);
      decoder.learn(schema_id, { kind: 'schema', schema, references: [] });
      for (const { value, framed } of records) {
        const compiled = decoder.decode(Buffer.from(framed, 'hex'));
        expect(compiled).toMatchObject({ problems: [] });
        expect('entry' in compiled && Object.values(compiled.entry)).toContainEqual(expect.objectContaining(value));
      }
    }
  });

  test('is readable by plain Avro, without a line of ours', () => {
    const { records } = load('sync-log-entry.json');
    const type = avro.Type.forSchema(JSON.parse(JSON.stringify(schemas.syncLogEntry)) as avro.Schema);
    const [delivered] = records;
    const read = type.fromBuffer(Buffer.from(delivered?.bare ?? '', 'hex')) as { value: Buffer };
    expect({ ...read, value: read.value.readIntBE(0, read.value.length) }).toEqual({
      ...delivered?.value,
      value: 199_000,
    });
  });
});
