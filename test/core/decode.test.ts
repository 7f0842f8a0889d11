import avro from 'avsc';
import { describe, expect, test } from 'vitest';
import type { AvroSchemaJson } from '../../src/core/avro-types.ts';
import { createEventDecoder, type Decoded } from '../../src/core/decode.ts';
import { conversion, frame, framed, revenueUpdate, schemas } from './event-records.ts';

/** Decodes `record` as written by a program that knows nothing of us: plain avsc, its own schema. */
function decodeFrom(writer: object, record: object): Decoded {
  const decoder = createEventDecoder(schemas);
  decoder.learn(1, { kind: 'schema', schema: writer, references: [] });
  const body = avro.Type.forSchema(JSON.parse(JSON.stringify(writer)) as avro.Schema).toBuffer(record);
  return decoder.decode(frame(1, body));
}

/** The least a writer of conversions can declare, plus `fields`. */
function writer(...fields: readonly object[]): AvroSchemaJson {
  return {
    type: 'record',
    name: 'ConversionCreated',
    fields: [
      { name: 'conversion_id', type: 'string' },
      { name: 'workspace_id', type: 'string' },
      { name: 'occurred_at', type: { type: 'long', logicalType: 'timestamp-millis' } },
      ...fields,
    ],
  };
}

function updateWriter(...fields: readonly object[]): AvroSchemaJson {
  const common = writer()['fields'] as object[];
  const own = [
    { name: 'update_id', type: 'string' },
    { name: 'updated_at', type: 'long' },
  ];
  return { type: 'record', name: 'RevenueUpdated', fields: [...common, ...own, ...fields] };
}

const decimal = (scale: number) => ({ type: 'bytes', logicalType: 'decimal', precision: 20, scale });

describe('an event written with our own schema', () => {
  test('is a conversion with its trigger, decimals as strings and absent fields as null', () => {
    const decoder = createEventDecoder(schemas);
    decoder.learn(7, { kind: 'schema', schema: schemas.conversionCreated, references: [] });
    const touch = { ttclid: 'click', ttp: null, page_url: null, referrer: null, ip: null, user_agent: null };
    const record = conversion({
      quote_value: '-1234.5',
      last_touch: { ...touch, occurred_at: 5 },
      contents: [{ content_id: 'sku', content_name: null, content_type: null, quantity: 2, price: '0.0001' }],
      consent: 'GRANTED',
    });
    const decoded = decoder.decode(framed(7, schemas.conversionCreated, record));
    expect(decoded).toMatchObject({
      trigger: 'CONVERSION_CREATED',
      conversion_id: 'conv-1',
      occurred_at: 1_790_000_000_000,
      quote_value: '-1234.5',
      sales_value: null,
      last_touch: { ttclid: 'click', occurred_at: 5 },
      contents: [{ content_id: 'sku', quantity: 2, price: '0.0001' }],
      consent: 'GRANTED',
      email: null,
    });
  });

  test.each([
    ['EXPECTED', 'EXPECTED_REVENUE_UPDATED'],
    ['REALIZED', 'REALIZED_REVENUE_UPDATED'],
  ])('an update of kind %s has the trigger %s', (kind, trigger) => {
    const decoder = createEventDecoder(schemas);
    decoder.learn(7, { kind: 'schema', schema: schemas.revenueUpdated, references: [] });
    const decoded = decoder.decode(framed(7, schemas.revenueUpdated, revenueUpdate({ kind })));
    expect(decoded).toMatchObject({ trigger, update_id: 'upd-1', updated_at: 1_790_000_100_000 });
  });

  test.each([['UNSPECIFIED'], [null]])('an update of kind %s is refused', kind => {
    const decoder = createEventDecoder(schemas);
    decoder.learn(7, { kind: 'schema', schema: schemas.revenueUpdated, references: [] });
    const decoded = decoder.decode(framed(7, schemas.revenueUpdated, revenueUpdate({ kind })));
    expect(decoded).toMatchObject({ deadLetter: 'unknown_symbol' });
  });
});

describe('an event of a writer in another language', () => {
  test('may have a short record name and only the required fields', () => {
    expect(decodeFrom(writer(), conversion())).toMatchObject({
      conversion_id: 'conv-1',
      email: null,
      last_touch: null,
    });
  });

  test('may have another namespace, other names of nested types, another order, more fields and no unions', () => {
    const visit = {
      type: 'record',
      name: 'LandingVisit',
      namespace: 'org.acme.web',
      fields: [
        { name: 'device', type: { type: 'array', items: 'int' } },
        { name: 'ttclid', type: 'string' },
      ],
    };
    const schema = {
      type: 'record',
      name: 'org.acme.ConversionCreated',
      fields: [
        { name: 'first_touch', type: ['null', visit], default: null },
        { name: 'extra', type: { type: 'map', values: 'string' } },
        { name: 'email', type: 'string' },
        { name: 'last_touch', type: 'org.acme.web.LandingVisit' },
        { name: 'occurred_at', type: 'long' },
        { name: 'workspace_id', type: { type: 'string', 'avro.java.string': 'String' } },
        { name: 'phone', type: ['string', 'null'] },
        { name: 'conversion_id', type: ['null', 'string'] },
      ],
    };
    const decoded = decodeFrom(schema, {
      first_touch: null,
      extra: { a: 'b' },
      email: 'a@example.com',
      last_touch: { device: [1, 2], ttclid: 'click' },
      occurred_at: 12,
      workspace_id: 'ws-9',
      phone: '+491511',
      conversion_id: 'conv-9',
    });
    expect(decoded).toMatchObject({
      conversion_id: 'conv-9',
      workspace_id: 'ws-9',
      occurred_at: 12,
      email: 'a@example.com',
      phone: '+491511',
      first_touch: null,
      last_touch: { ttclid: 'click', ttp: null },
    });
  });

  test('may have a field named trigger of any type without deciding about ours', () => {
    const decoded = decodeFrom(writer({ name: 'trigger', type: 'int' }), conversion({ trigger: 3 }));
    expect(decoded).toMatchObject({ trigger: 'CONVERSION_CREATED' });
    const text = decodeFrom(
      writer({ name: 'trigger', type: 'string' }),
      conversion({ trigger: 'REALIZED_REVENUE_UPDATED' }),
    );
    expect(text).toMatchObject({ trigger: 'CONVERSION_CREATED' });
  });

  test.each([['toString'], ['constructor'], ['__proto__'], ['valueOf']])('may have a field named %s', name => {
    const schema = { ...writer(), fields: [{ name, type: 'string' }, ...(writer()['fields'] as object[])] };
    const decoder = createEventDecoder(schemas);
    decoder.learn(1, { kind: 'schema', schema, references: [] });
    const body = avro.Type.forSchema(writer() as unknown as avro.Schema).toBuffer(conversion());
    const decoded = decoder.decode(frame(1, Buffer.concat([Buffer.from([4, 0x68, 0x69]), body])));
    expect(decoded).toMatchObject({ conversion_id: 'conv-1', workspace_id: 'ws-1' });
  });

  test('may refer to types of another subject', () => {
    const touch = { type: 'record', name: 'Visit', namespace: 'org.acme', fields: [{ name: 'ttp', type: 'string' }] };
    const schema = writer({ name: 'last_touch', type: ['null', 'org.acme.Visit'], default: null });
    const decoder = createEventDecoder(schemas);
    decoder.learn(1, { kind: 'schema', schema, references: [touch] });
    const whole = writer({ name: 'last_touch', type: ['null', touch] });
    const body = avro.Type.forSchema(whole as unknown as avro.Schema).toBuffer(
      conversion({ last_touch: { ttp: 'cookie' } }),
    );
    expect(decoder.decode(frame(1, body))).toMatchObject({ last_touch: { ttp: 'cookie' } });
  });
});

describe('money', () => {
  test.each([
    [decimal(4), Buffer.from('030958', 'hex'), '19.9'],
    [decimal(2), Buffer.from('030958', 'hex'), '1990'],
    [decimal(6), Buffer.from('030958', 'hex'), '0.199'],
    [decimal(0), Buffer.from('ff', 'hex'), '-1'],
    [{ type: 'bytes', logicalType: 'decimal', precision: 9 }, Buffer.from('07', 'hex'), '7'],
    [
      { type: 'fixed', name: 'Money', size: 4, logicalType: 'decimal', precision: 9, scale: 2 },
      Buffer.from('0000c350', 'hex'),
      '500',
    ],
  ])('of %j is read at its own scale', (type, bytes, expected) => {
    expect(decodeFrom(writer({ name: 'quote_value', type }), conversion({ quote_value: bytes }))).toMatchObject({
      quote_value: expected,
    });
  });

  test.each([
    ['double', 1.5],
    ['long', 15],
    ['bytes', Buffer.from([1])],
    ['string', '1.5'],
    [{ type: 'bytes', logicalType: 'big-decimal' }, Buffer.from([1])],
    [{ type: 'bytes', logicalType: 'decimal', precision: 4, scale: -2 }, Buffer.from([1])],
    [['null', 'double'], null],
  ])('of %j is refused, never assumed', (type, value) => {
    const decoded = decodeFrom(writer({ name: 'sales_value', type }), conversion({ sales_value: value }));
    expect(decoded).toMatchObject({
      deadLetter: 'schema_incompatible',
      detail: expect.stringContaining('sales_value'),
    });
  });
});

describe('time', () => {
  const withTime = (type: unknown) => {
    const schema = writer();
    const fields = (schema['fields'] as { name: string }[]).map(field =>
      field.name === 'occurred_at' ? { ...field, type } : field,
    );
    return { ...schema, fields };
  };

  test.each([
    ['long', 1_790_000_000_123, 1_790_000_000_123],
    [{ type: 'long', logicalType: 'timestamp-millis' }, 1_790_000_000_123, 1_790_000_000_123],
    [{ type: 'long', logicalType: 'timestamp-micros' }, 1_790_000_000_123_999, 1_790_000_000_123],
    [['null', { type: 'long', logicalType: 'timestamp-micros' }], 1_790_000_000_123_000, 1_790_000_000_123],
  ])('of %j is read as milliseconds', (type, written, expected) => {
    expect(decodeFrom(withTime(type), conversion({ occurred_at: written }))).toMatchObject({ occurred_at: expected });
  });

  test.each([
    [{ type: 'long', logicalType: 'timestamp-nanos' }, 1],
    [{ type: 'long', logicalType: 'local-timestamp-millis' }, 1],
    [{ type: 'long', logicalType: 'time-micros' }, 1],
    [{ type: 'int', logicalType: 'date' }, 1],
    ['int', 1],
    ['string', '2026-01-01T00:00:00Z'],
    ['double', 1.5],
  ])('of %j is refused', (type, written) => {
    expect(decodeFrom(withTime(type), conversion({ occurred_at: written }))).toMatchObject({
      deadLetter: 'schema_incompatible',
    });
  });
});

describe('symbols', () => {
  const kind = (symbols: string[]) => ({ name: 'kind', type: { type: 'enum', name: 'UpdateType', symbols } });

  test('of a newer writer are refused where they decide, known ones still read', () => {
    const schema = updateWriter(kind(['REFUNDED', 'REALIZED']));
    expect(decodeFrom(schema, revenueUpdate({ kind: 'REFUNDED' }))).toMatchObject({ deadLetter: 'unknown_symbol' });
    expect(decodeFrom(schema, revenueUpdate({ kind: 'REALIZED' }))).toMatchObject({
      trigger: 'REALIZED_REVENUE_UPDATED',
    });
  });

  test('may be plain strings', () => {
    const schema = updateWriter({ name: 'kind', type: 'string' });
    expect(decodeFrom(schema, revenueUpdate({ kind: 'EXPECTED' }))).toMatchObject({
      trigger: 'EXPECTED_REVENUE_UPDATED',
    });
    expect(decodeFrom(schema, revenueUpdate({ kind: 'expected' }))).toMatchObject({ deadLetter: 'unknown_symbol' });
  });

  test('of consent read as UNSPECIFIED when unknown', () => {
    const consent = { name: 'consent', type: ['null', { type: 'enum', name: 'Opt', symbols: ['IMPLIED', 'DENIED'] }] };
    expect(decodeFrom(writer(consent), conversion({ consent: 'IMPLIED' }))).toMatchObject({ consent: 'UNSPECIFIED' });
    expect(decodeFrom(writer(consent), conversion({ consent: 'DENIED' }))).toMatchObject({ consent: 'DENIED' });
  });

  test('a writer without kind is refused, not taken for one of them', () => {
    expect(decodeFrom(updateWriter(), revenueUpdate())).toMatchObject({ deadLetter: 'unknown_symbol' });
  });
});

describe('ids', () => {
  test.each([['conversion_id'], ['workspace_id']])('%s null or empty is refused', name => {
    const schema = writer();
    const fields = (schema['fields'] as { name: string }[]).map(field =>
      field.name === name ? { name, type: ['null', 'string'] } : field,
    );
    for (const value of [null, '']) {
      const decoded = decodeFrom({ ...schema, fields }, conversion({ [name]: value }));
      expect(decoded).toMatchObject({ deadLetter: 'undecodable', detail: expect.stringContaining(name) });
    }
  });

  test('an update without update_id or time is refused', () => {
    const decoder = createEventDecoder(schemas);
    decoder.learn(7, { kind: 'schema', schema: schemas.revenueUpdated, references: [] });
    const decoded = decoder.decode(framed(7, schemas.revenueUpdated, revenueUpdate({ update_id: '' })));
    expect(decoded).toMatchObject({ deadLetter: 'undecodable', detail: expect.stringContaining('update_id') });
  });
});

describe('an id that is too long', () => {
  const LONGEST = 1_024;

  function decoded(name: string, id: string): Decoded {
    const schema = name === 'update_id' ? schemas.revenueUpdated : schemas.conversionCreated;
    const record = name === 'update_id' ? revenueUpdate({ [name]: id }) : conversion({ [name]: id });
    const decoder = createEventDecoder(schemas);
    decoder.learn(7, { kind: 'schema', schema, references: [] });
    return decoder.decode(framed(7, schema, record));
  }

  test.each(['conversion_id', 'workspace_id', 'update_id'])('as %s is refused without being quoted', name => {
    const id = 'secret-'.repeat(200).slice(0, LONGEST + 1);
    const refusal = decoded(name, id);
    expect(refusal).toMatchObject({ deadLetter: 'undecodable', detail: expect.stringContaining(name) });
    expect(JSON.stringify(refusal)).not.toContain('secret');
  });

  test.each(['conversion_id', 'workspace_id', 'update_id'])('as %s begins above 1,024 characters', name => {
    const id = '😀'.repeat(LONGEST / 2);
    expect(decoded(name, id)).toMatchObject({ [name]: id });
  });
});
