/** Writes one ConversionCreated and waits until all in-sync replicas have it. Usage: CONVERSION_ID WORKSPACE_ID */

import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import avro from 'avsc';
import { CompressionTypes, Kafka, logLevel, Partitioners } from 'kafkajs';

const BROKERS = process.env['KAFKA_BROKERS'] ?? 'localhost:9092';
const REGISTRY = process.env['SCHEMA_REGISTRY_URL'] ?? 'http://localhost:8081';
const TOPIC = process.env['TOPIC'] ?? 'sourceloop.conversions';

/** JavaScript has no decimal: amounts are strings, and on the wire two's complement of the amount times 10^scale. */
class Decimal extends avro.types.LogicalType {
  readonly #scale: number;
  readonly #limit: bigint;

  constructor(schema: avro.Schema, options?: ConstructorParameters<typeof avro.types.LogicalType>[1]) {
    super(schema, options);
    const { precision, scale = 0 } = schema as unknown as { readonly precision: number; readonly scale?: number };
    this.#scale = scale;
    this.#limit = 10n ** BigInt(precision);
  }

  protected override _toValue(amount: unknown): Buffer {
    const text = typeof amount === 'string' ? amount : ''; // a number has been rounded already
    const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
    const unscaled = BigInt(sign + whole + fraction.padEnd(this.#scale, '0'));
    const isTooLong = unscaled >= this.#limit || unscaled <= -this.#limit;
    // What is thrown here makes the value invalid; `encoded` below names the field.
    if (whole === '' || fraction.length > this.#scale || isTooLong) throw new Error(`${amount} is no such amount`);
    let bytes = 1;
    while (BigInt.asIntN(bytes * 8, unscaled) !== unscaled) bytes += 1;
    const hex = BigInt.asUintN(bytes * 8, unscaled).toString(16);
    return Buffer.from(hex.padStart(bytes * 2, '0'), 'hex');
  }

  protected override _fromValue(bytes: Buffer): string {
    const unscaled = BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex') || '0'}`));
    const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(this.#scale + 1, '0');
    const point = digits.length - this.#scale;
    return `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}${this.#scale > 0 ? `.${digits.slice(point)}` : ''}`;
  }
}

function conversion(conversionId: string, workspaceId: string) {
  // Fields that are left out are null.
  return {
    conversion_id: conversionId, // the id that the browser pixel uses, stable over retries
    workspace_id: workspaceId,
    contact_id: 'contact-42',
    event_name: 'Book a demo',
    occurred_at: Date.now(), // timestamp-millis: epoch milliseconds, UTC
    email: 'ada@acme.example', // in clear or as SHA-256 hex; the service normalises and hashes
    phone: '+442079460018',
    country: 'GB',
    last_touch: {
      ttclid: 'E.C.P.v3fQ2RHacdksKfofPmlyuStIIHJ4Af1tKYxF9zz2c2PLx1Oaw15oHpcfl5AH',
      page_url: 'https://acme.example/demo?utm_source=tiktok',
      ip: '81.2.69.142',
      user_agent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)',
    },
    quote_value: '1200.50', // never a number: a double is not exact
    currency: 'GBP',
  };
}

/** The registry's client leaves fields out that the schema does not have, and does not name the one that is wrong. */
async function encoded(registry: SchemaRegistry, schemaId: number, event: object): Promise<Buffer> {
  const schema = (await registry.getSchema(schemaId)) as Pick<avro.Type, 'isValid'>;
  const wrong: string[] = [];
  // Names only: the values are personal data. What the schema does not have is told of the record it stands in.
  const errorHook = (path: string[]) => void wrong.push(path.join('.') || 'a field that it does not have');
  if (!schema.isValid(event, { noUndeclaredFields: true, errorHook })) {
    throw new Error(`the event is not as schema ${schemaId} wants it: ${wrong.join(', ')}`);
  }
  return registry.encode(schemaId, event);
}

async function main(conversionId: string, workspaceId: string): Promise<void> {
  const registry = new SchemaRegistry(
    { host: REGISTRY, retry: { retries: 2 } },
    { [SchemaType.AVRO]: { logicalTypes: { decimal: Decimal } } },
  );
  const subject = `${TOPIC}-value`;
  const schemaId = await registry.getLatestSchemaId(subject).catch((error: Error) => {
    const hint = 'Is it registered (tiktok-sync schemas register)? Is the address whole (Apicurio: …/apis/ccompat/v7)?';
    throw new Error(`the schema registry at ${REGISTRY} has no answer about ${subject}: ${error.message}. ${hint}`);
  });
  const value = await encoded(registry, schemaId, conversion(conversionId, workspaceId));

  const kafka = new Kafka({
    clientId: 'conversion-producer',
    brokers: BROKERS.split(','),
    connectionTimeout: 3_000,
    retry: { retries: 3 },
    logLevel: logLevel.NOTHING,
  });
  const producer = kafka.producer({
    allowAutoTopicCreation: false,
    idempotent: true, // a retry of the client's never writes a record twice
    maxInFlightRequests: 1, // what kafkajs needs for that
    createPartitioner: Partitioners.DefaultPartitioner, // as Java's: the same key in the same partition
  });
  try {
    await producer.connect();
    const [written] = await producer.send({
      topic: TOPIC,
      acks: -1, // all in-sync replicas
      compression: CompressionTypes.GZIP,
      // The key: all records of one conversion meet in one partition.
      messages: [{ key: conversionId, value }],
    });
    // Nothing counts as sent before the answer is there.
    const { baseOffset, partition } = written ?? {};
    console.log(`written: topic=${TOPIC} partition=${partition} offset=${baseOffset} schema=${schemaId}`);
  } catch (error) {
    const hint = 'Are the brokers reached, and is the topic there (tiktok-sync topics check)?';
    throw new Error(`${TOPIC} at ${BROKERS} did not take the record: ${(error as Error).message}. ${hint}`);
  } finally {
    await producer.disconnect();
  }
}

const [conversionId, workspaceId] = process.argv.slice(2);
try {
  if (conversionId === undefined || workspaceId === undefined) throw new Error('usage: CONVERSION_ID WORKSPACE_ID');
  await main(conversionId, workspaceId);
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
