/**
 * The golden records of `schemas/golden`: encoded once, committed, and compared by `golden.test.ts`, so that a writer
 * or reader in any language can test itself. Run this file to write them anew after a deliberate change:
 *
 *   node test/core/golden-records.ts
 */

import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { readSchemas, type Schemas } from '../../src/adapters/schema-files.ts';
import { type AvroSchemaJson, encodingType } from '../../src/core/avro-types.ts';
import { RecordEncoder } from '../../src/core/encode.ts';

export interface GoldenRecord {
  readonly name: string;
  /** Plain JSON: decimals as strings, times as epoch milliseconds, unions unwrapped; absent fields have the default. */
  readonly value: Readonly<Record<string, unknown>>;
  /** Set where the record was not written with the schema in `schemas/`, but with this one. */
  readonly writer_schema?: AvroSchemaJson;
  /** Avro's own JSON encoding: unions named by their branch, bytes as characters 0 to 255. */
  readonly avro_json: string;
  /** The Avro body, hexadecimal. */
  readonly bare: string;
  /** The same behind a zero byte and `schema_id`, hexadecimal. */
  readonly framed: string;
}

export interface GoldenFile {
  readonly schema: string;
  readonly schema_id: number;
  readonly records: readonly GoldenRecord[];
}

type Case = Pick<GoldenRecord, 'name' | 'value' | 'writer_schema'>;

export const GOLDEN_FOLDER = new URL('../../schemas/golden/', import.meta.url);

const CONVERSION = { conversion_id: 'conv-0001', workspace_id: 'ws-7', occurred_at: 1_790_000_000_123 };
const VISIT = {
  ttclid: 'E.C.P.Cj0abc',
  ttp: '94e2a4j9-h3ss-k2h5-98cc-c84n745mk090',
  page_url: 'https://shop.example/landing?utm_source=tiktok',
  referrer: 'https://www.tiktok.com/',
  ip: '2001:db8::1',
  user_agent: 'Mozilla/5.0 (X11; Linux x86_64)',
  occurred_at: 1_789_999_000_000,
};
const PERSON = {
  contact_id: 'contact-42',
  event_name: 'Démo réservée ✓',
  email: 'someone@example.com',
  phone: '+4915112345678',
  country: 'DE',
  first_name: 'Zoë',
  last_name: 'Müller',
  city: 'Köln',
  state: 'NW',
  zip_code: '50667',
};
const MONEY = {
  quote_value: '12345678901234.5678',
  sales_value: '-0.0001',
  currency: 'EUR',
  contents: [
    { content_id: 'sku-1', content_name: 'Abo', content_type: 'product', quantity: 3, price: '19.9' },
    { content_id: null, content_name: null, content_type: null, quantity: null, price: null },
  ],
};
const FULL = {
  ...CONVERSION,
  ...PERSON,
  ...MONEY,
  first_touch: VISIT,
  last_touch: { ...VISIT, ttclid: null, ip: '203.0.113.9' },
  consent: 'GRANTED',
  limited_data_use: false,
  test_event_code: 'TEST12345',
};

/** A writer of tomorrow: one field more, an order of its own, and no optional field but one. */
const NEWER_WRITER: AvroSchemaJson = {
  type: 'record',
  name: 'ConversionCreated',
  namespace: 'org.example.newer',
  fields: [
    { name: 'campaign_tags', type: { type: 'array', items: 'string' } },
    { name: 'occurred_at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'workspace_id', type: 'string' },
    { name: 'sales_value', type: { type: 'bytes', logicalType: 'decimal', precision: 12, scale: 2 } },
    { name: 'conversion_id', type: 'string' },
  ],
};

const CASES: Readonly<Record<keyof Schemas, readonly Case[]>> = {
  conversionCreated: [
    { name: 'only the required fields', value: CONVERSION },
    { name: 'every field', value: FULL },
    { name: 'negative, zero and whole amounts', value: { ...CONVERSION, quote_value: '-1234.5', sales_value: '0' } },
    {
      name: 'unknown fields, another order, another scale',
      value: { ...CONVERSION, campaign_tags: ['spring', 'b2b'], sales_value: '99.95' },
      writer_schema: NEWER_WRITER,
    },
  ],
  revenueUpdated: [
    {
      name: 'expected revenue, only the required fields and the amount',
      value: { ...CONVERSION, quote_value: '500', update_id: 'upd-1', kind: 'EXPECTED', updated_at: 1_790_000_100_000 },
    },
    {
      name: 'realized revenue, every field',
      value: { ...FULL, update_id: 'upd-2', kind: 'REALIZED', updated_at: 1_790_000_200_000 },
    },
  ],
  connection: [
    {
      name: 'only what is needed',
      value: { connection_id: 'acme-eu', workspace_id: 'ws-7', pixel_id: 'CABCDEFGHIJK', access_token: 'file:acme-eu' },
    },
    {
      name: 'every field',
      value: {
        connection_id: 'acme-us',
        workspace_id: 'ws-7',
        advertiser_name: 'Acme Inc.',
        pixel_id: 'CLMNOPQRSTUV',
        access_token: 'env:TIKTOK_TOKEN_ACME_US',
        test_event_code: 'TEST12345',
        event_source: 'WEB',
        wire: 'V2',
        default_country: 'US',
        fallback_page_url: 'https://acme.example/',
        max_requests_per_second: 2.5,
        enabled: true,
      },
    },
  ],
  mapping: [
    {
      name: 'only what is needed',
      value: {
        mapping_id: 'm-1',
        connection_id: 'acme-eu',
        trigger: 'CONVERSION_CREATED',
        tiktok_event_name: 'SubmitForm',
      },
    },
    {
      name: 'every field',
      value: {
        mapping_id: 'm-2',
        connection_id: 'acme-eu',
        trigger: 'REALIZED_REVENUE_UPDATED',
        event_name_filter: 'Demo Booked',
        attribution: 'FIRST_TOUCH',
        tiktok_event_name: 'CompletePayment',
        include_value: true,
        value_source: 'FIXED',
        fixed_value: '49.9',
        currency: 'EUR',
        currency_policy: 'DEAD_LETTER',
        dedup_window_minutes: 0,
        event_id_source: 'UPDATE',
        event_time: 'CONVERSION',
        enabled: false,
      },
    },
  ],
  syncLogEntry: [
    {
      name: 'delivered',
      value: {
        event_id: 'conv-0001',
        workspace_id: 'ws-7',
        connection_id: 'acme-eu',
        mapping_id: 'm-1',
        conversion_id: 'conv-0001',
        tiktok_event_name: 'SubmitForm',
        event_time: 1_790_000_000_000,
        value: '19.9',
        currency: 'EUR',
        test_event_code: null,
        match_keys: ['ttclid', 'email'],
        match_quality: 'near_perfect',
        outcome: 'delivered',
        reason: 'accepted',
        detail: null,
        http_status: 200,
        api_code: 0,
        request_id: '20261122093000ABCDEF',
        attempts: 1,
        topic: 'sourceloop.conversions',
        partition: 3,
        offset: 4_294_967_296,
        claimant: null,
        settled_at: 1_790_000_120_000,
      },
    },
    { name: 'a tombstone', value: { outcome: 'skipped', reason: 'tombstone', settled_at: 1_790_000_120_000 } },
  ],
  connectionStatus: [
    {
      name: 'active',
      value: { connection_id: 'acme-eu', since: 1_790_000_000_000, state: 'active', updated_at: 1_790_000_000_001 },
    },
    {
      name: 'released',
      value: {
        connection_id: 'acme-eu',
        state: 'active',
        since: 1_790_000_600_000,
        config_offset: 17,
        token_digest: '9f86d081884c7d65',
        revision: 4,
        troubled_since: 1_790_000_000_000,
        release_cause: 'probe',
        updated_at: 1_790_000_600_001,
      },
    },
    {
      name: 'token_invalid',
      value: {
        connection_id: 'acme-eu',
        workspace_id: 'ws-7',
        state: 'token_invalid',
        since: 1_790_000_000_000,
        reason: 'TikTok refuses the connection: code 40105, HTTP 200, Access token is incorrect',
        config_offset: 17,
        token_digest: '9f86d081884c7d65',
        http_status: 200,
        api_code: 40_105,
        request_id: '20261122093000ABCDEF',
        revision: 3,
        troubled_since: 1_790_000_000_000,
        instance: 'pod-1',
        updated_at: 1_790_000_000_001,
      },
    },
  ],
};

/** What the files must contain. */
export function goldenFiles(schemas: Schemas): ReadonlyMap<string, GoldenFile> {
  const roles = Object.keys(CASES) as (keyof Schemas)[];
  return new Map(
    roles.map((role, index) => {
      const schema = schemas[role];
      const file = role.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);
      const schema_id = index + 1;
      const records = CASES[role].map(golden => encode(golden, schema, schema_id));
      return [`${file}.json`, { schema: `${file}.avsc`, schema_id, records }];
    }),
  );
}

function encode({ name, value, writer_schema }: Case, schema: AvroSchemaJson, schemaId: number): GoldenRecord {
  const encoder = new RecordEncoder(writer_schema ?? schema);
  const avro_json = encodingType(writer_schema ?? schema).toString(value);
  const hex = { bare: encoder.bare(value).toString('hex'), framed: encoder.framed(schemaId, value).toString('hex') };
  return { name, value, ...(writer_schema && { writer_schema }), avro_json, ...hex };
}

export function textOf(file: GoldenFile): string {
  return `${JSON.stringify(file, null, 2)}\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const [name, file] of goldenFiles(readSchemas())) writeFileSync(new URL(name, GOLDEN_FOLDER), textOf(file));
}
