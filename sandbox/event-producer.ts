/**
 * The upstream services of tests, demo and benchmarks: registers the schemas and produces events and config entries
 * in the Confluent wire format, with plain avsc and kafkajs, so that nothing of the service checks itself.
 */

import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import avro from 'avsc';
import { CompressionTypes, type Message, type Producer } from 'kafkajs';
import { sandboxKafka } from './kafka.ts';

export interface Topics {
  readonly conversions: string;
  readonly revenueUpdates: string;
  readonly config: string;
}

export interface ProducerOptions {
  readonly brokers: string;
  readonly registryUrl: string;
  readonly topics: Topics;
}

/** Fields by the names of the Avro schema; what is left out takes the schema's default. Money as decimal strings. */
export type Fields = Readonly<Record<string, unknown>>;

export interface ProduceOptions {
  readonly partition?: number;
  readonly key?: string | Buffer;
  /** A name may have several values. */
  readonly headers?: Readonly<Record<string, string | Buffer | (string | Buffer)[]>>;
}

const SCHEMAS = new URL('../schemas/', import.meta.url);
const SCALE = 4;
const RETRY_MS = 100;
const GIVE_UP_MS = 60_000;

/** A schema registered under an id, with its encoder. */
interface Registered {
  readonly id: number;
  readonly type: avro.Type;
}

/** avsc's logical type for `bytes` decimals: canonical strings in, big-endian two's complement out. */
export class DecimalString extends avro.types.LogicalType {
  protected override _fromValue(bytes: Buffer): string {
    return decimalString(bytes);
  }
  protected override _toValue(value: string): Buffer {
    return decimalBytes(value);
  }
}

/** "19.9" at scale 4 → the shortest two's complement of 199000. */
export function decimalBytes(value: string): Buffer {
  const [whole = '0', fraction = ''] = value.replace('-', '').split('.');
  const digits = BigInt(whole + fraction.padEnd(SCALE, '0').slice(0, SCALE));
  const unscaled = value.startsWith('-') ? -digits : digits;
  let length = 1;
  while (BigInt.asIntN(length * 8, unscaled) !== unscaled) length++;
  const hex = BigInt.asUintN(length * 8, unscaled).toString(16);
  return Buffer.from(hex.padStart(length * 2, '0'), 'hex');
}

/** The other way: `0x030958` at scale 4 → "19.9". */
export function decimalString(bytes: Buffer): string {
  const unscaled = BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex') || '0'}`));
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(SCALE + 1, '0');
  const fraction = digits.slice(-SCALE).replace(/0+$/, '');
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -SCALE)}${fraction === '' ? '' : `.${fraction}`}`;
}

export class EventProducer {
  readonly #options: ProducerOptions;
  readonly #producer: Producer;
  readonly #types = new Map<string, Registered>();

  private constructor(options: ProducerOptions) {
    this.#options = options;
    // A single attempt of the client's, repeated in `#send`: its own repeats may take a send for done although the
    // records of a partition whose leader has just moved were never written.
    this.#producer = sandboxKafka(options.brokers).producer({ allowAutoTopicCreation: false, retry: { retries: 0 } });
  }

  /** Connects and registers the four input schemas under the subjects of the contract. */
  static async connect(options: ProducerOptions): Promise<EventProducer> {
    const producer = new EventProducer(options);
    await producer.#producer.connect();
    const { topics } = options;
    await producer.#register('conversion-created', `${topics.conversions}-value`);
    await producer.#register('revenue-updated', `${topics.revenueUpdates}-value`);
    await producer.#register('connection', `${topics.config}-com.sourceloop.tiktok.Connection`);
    await producer.#register('mapping', `${topics.config}-com.sourceloop.tiktok.Mapping`);
    return producer;
  }

  /** A framed `ConversionCreated`. */
  encodeConversion(fields: Fields): Buffer {
    return this.#encode('conversion-created', fields);
  }

  /** A framed `RevenueUpdated`. */
  encodeRevenueUpdate(fields: Fields): Buffer {
    return this.#encode('revenue-updated', fields);
  }

  async conversions(events: readonly Fields[], options: ProduceOptions = {}): Promise<void> {
    const values = events.map(fields => this.encodeConversion(fields));
    await this.raw(this.#options.topics.conversions, values, options);
  }

  async revenueUpdates(events: readonly Fields[], options: ProduceOptions = {}): Promise<void> {
    const values = events.map(fields => this.encodeRevenueUpdate(fields));
    await this.raw(this.#options.topics.revenueUpdates, values, options);
  }

  /** Writes a connection's entry to the config topic. */
  async connection(fields: Fields & { readonly connection_id: string }): Promise<void> {
    await this.raw(this.#options.topics.config, [this.#encode('connection', fields)], {
      key: `connection:${fields.connection_id}`,
    });
  }

  /** Writes a mapping's entry to the config topic. */
  async mapping(fields: Fields & { readonly mapping_id: string }): Promise<void> {
    await this.raw(this.#options.topics.config, [this.#encode('mapping', fields)], {
      key: `mapping:${fields.mapping_id}`,
    });
  }

  /** Deletes an entry of the config topic. */
  async deleteEntry(key: `connection:${string}` | `mapping:${string}`): Promise<void> {
    await this.raw(this.#options.topics.config, [null], { key });
  }

  /** Values as they are, acknowledged by all in-sync replicas; after a failure in part some are on the topic twice. */
  async raw(topic: string, values: readonly (Buffer | null)[], options: ProduceOptions = {}): Promise<void> {
    const { headers, key = null, partition } = options;
    const messages = values.map((value): Message => {
      const message: Message = { key, value };
      if (partition !== undefined) message.partition = partition;
      if (headers !== undefined) message.headers = { ...headers };
      return message;
    });
    for (let from = 0; from < messages.length; from += 2_000) {
      await this.#send(topic, messages.slice(from, from + 2_000));
    }
  }

  async #send(topic: string, messages: Message[]): Promise<void> {
    const deadline = performance.now() + GIVE_UP_MS;
    for (;;) {
      try {
        await this.#producer.send({ topic, messages, acks: -1, compression: CompressionTypes.None });
        return;
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await pause(RETRY_MS);
      }
    }
  }

  async close(): Promise<void> {
    await this.#producer.disconnect();
  }

  async #register(name: string, subject: string): Promise<void> {
    const schema = readFileSync(new URL(`${name}.avsc`, SCHEMAS), 'utf8');
    const id = await this.registerSchema(subject, schema);
    const type = avro.Type.forSchema(JSON.parse(schema), { logicalTypes: { decimal: DecimalString } });
    this.#types.set(name, { id, type });
  }

  /** Registers any schema, as an upstream team with a schema of its own would; answers its id. */
  async registerSchema(subject: string, schema: string): Promise<number> {
    const { registryUrl } = this.#options;
    const response = await fetch(`${registryUrl}/subjects/${encodeURIComponent(subject)}/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ schema }),
    });
    if (!response.ok)
      throw new Error(`registering ${subject} failed: HTTP ${response.status} ${await response.text()}`);
    return ((await response.json()) as { id: number }).id;
  }

  #encode(name: string, fields: Fields): Buffer {
    const registered = this.#types.get(name);
    if (registered === undefined) throw new Error(`${name} is not registered`);
    // A clone with the schema's defaults: fields that are left out are filled in.
    return framed(registered.id, registered.type.toBuffer(fields));
  }
}

/** The Confluent wire format: a zero byte, the schema's id, the record. */
export function framed(schemaId: number, record: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeInt32BE(schemaId, 1);
  return Buffer.concat([head, record]);
}
