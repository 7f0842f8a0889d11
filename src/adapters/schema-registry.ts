/**
 * The schema registry, by its Confluent-compatible API: writer schemas by id, and the ids of schemas of ours.
 *
 * The API is spoken directly. The client package parses each schema itself and hands out the parsed type, which has
 * lost `logicalType` (so money would be read as bytes), fails on schemas only avsc finds fault with, reports a
 * registry that is down as HTTP 400, and waits for ever for one that does not answer.
 */

import type { AvroSchemaJson } from '../core/avro-types.ts';
import { systemCodeOf } from '../core/error-codes.ts';
import { COMPATIBILITY } from '../core/schema-contract.ts';
import type { RegistryAnswer } from '../core/schema-verdict.ts';
import { askRegistry, type RegistryConnection, type RegistryResponse } from './registry-http.ts';
import { tlsAdvice } from './tls-advice.ts';

/** A registered version of a subject. */
export interface RegisteredSchema {
  readonly id: number;
  readonly version: number;
  readonly schema: unknown;
}

/** The registry refused a request, or could not be asked. The message names the subject and what to do. */
export class SchemaRegistryError extends Error {
  override readonly name = 'SchemaRegistryError';
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** A schema's references may refer on; deeper than this is a circle. */
const MAX_REFERENCE_DEPTH = 8;
const PATH_ADVICE =
  'is registry.url that of its Confluent-compatible API, with its path (for Apicurio …/apis/ccompat/v7)?';

export class SchemaRegistry {
  readonly #connection: RegistryConnection;
  readonly #inFlight = new Map<number, Promise<RegistryAnswer>>();

  constructor(connection: RegistryConnection) {
    this.#connection = connection;
  }

  /** The writer schema with this id. Never rejects; callers of one id share one request. */
  fetchSchema(schemaId: number): Promise<RegistryAnswer> {
    const underWay = this.#inFlight.get(schemaId);
    if (underWay !== undefined) return underWay;
    const answer = this.#fetch(schemaId)
      .catch((error: unknown) => ({ kind: 'unavailable', problem: this.#problem(error) }) as const)
      .finally(() => this.#inFlight.delete(schemaId));
    this.#inFlight.set(schemaId, answer);
    return answer;
  }

  /**
   * Registers a schema of ours under a subject and gives its id. A subject without a compatibility rule of its own
   * gets FULL_TRANSITIVE; one that has a rule keeps it.
   */
  async register(subject: string, schema: AvroSchemaJson): Promise<number> {
    const name = encodeURIComponent(subject);
    // Asked before the first version exists: afterwards Apicurio answers NONE where Confluent's registry says 404.
    const config = await this.#request('GET', `/config/${name}`, null);
    const body = await this.#ask('POST', `/subjects/${name}/versions`, subject, { schema: JSON.stringify(schema) });
    if (config.status === 404) await this.setRule(subject);
    return idIn(body, subject);
  }

  /** Sets FULL_TRANSITIVE for a subject, whatever rule it had. */
  async setRule(subject: string): Promise<void> {
    const response = await this.#request('PUT', `/config/${encodeURIComponent(subject)}`, {
      compatibility: COMPATIBILITY,
    });
    // Apicurio's word for a rule that another replica, starting at the same time, has set a moment ago.
    if (response.status !== 409) accepted(response, subject);
  }

  /** The id of a schema of ours that is already registered under the subject; `null` when it is not. */
  async lookup(subject: string, schema: AvroSchemaJson): Promise<number | null> {
    const response = await this.#request('POST', `/subjects/${encodeURIComponent(subject)}`, {
      schema: JSON.stringify(schema),
    });
    if (response.status === 404) return null;
    return idIn(accepted(response, subject), subject);
  }

  /**
   * The id to write a schema of ours with: looked up first, so that a service without the right to register works
   * where somebody else has registered; registered otherwise.
   */
  async idOf(subject: string, schema: AvroSchemaJson): Promise<number> {
    return (await this.lookup(subject, schema)) ?? (await this.register(subject, schema));
  }

  /** The newest version of a subject; `null` when there is none. */
  async latest(subject: string): Promise<RegisteredSchema | null> {
    const response = await this.#request('GET', `/subjects/${encodeURIComponent(subject)}/versions/latest`, null);
    if (response.status === 404) return null;
    const body = accepted(response, subject);
    return { id: idIn(body, subject), version: Number(body['version']), schema: parseSchema(body['schema']) };
  }

  /** The registered versions of a subject, oldest first; none where there is no such subject. */
  async versions(subject: string): Promise<readonly { readonly version: number; readonly id: number }[]> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions`;
    const response = await this.#request('GET', path, null);
    if (response.status === 404 && isDenial(response.body)) return [];
    const numbers = accepted(response, subject) as unknown as readonly number[];
    return Promise.all(
      [...numbers].map(async version => ({
        version,
        id: idIn(await this.#ask('GET', `${path}/${version}`, subject, null), subject),
      })),
    );
  }

  /** Whether the registry, by the subject's rule, would take a schema beside this version of the subject. */
  async accepts(subject: string, version: number, schema: AvroSchemaJson): Promise<boolean> {
    const path = `/compatibility/subjects/${encodeURIComponent(subject)}/versions/${version}`;
    const body = await this.#ask('POST', path, subject, { schema: JSON.stringify(schema) });
    return body['is_compatible'] === true;
  }

  /** The compatibility rule of a subject itself; `null` when it has none of its own. */
  async compatibilityOf(subject: string): Promise<string | null> {
    const response = await this.#request('GET', `/config/${encodeURIComponent(subject)}`, null);
    if (response.status === 404) return null;
    const body = accepted(response, subject);
    return String(body['compatibilityLevel'] ?? body['compatibility']);
  }

  async #fetch(schemaId: number): Promise<RegistryAnswer> {
    const response = await this.#request('GET', `/schemas/ids/${schemaId}`, null);
    if (response.status === 404 && isDenial(response.body)) return { kind: 'unknown' };
    const body = accepted(response, `schema ${schemaId}`);
    const schemaType = body['schemaType'] ?? 'AVRO';
    if (schemaType !== 'AVRO') return { kind: 'foreign', schemaType: String(schemaType) };
    const references = await this.#references(body['references'], MAX_REFERENCE_DEPTH);
    return { kind: 'schema', schema: parseSchema(body['schema']), references };
  }

  /** The schemas a schema refers to, and those they refer to. */
  async #references(references: unknown, depth: number): Promise<unknown[]> {
    if (!Array.isArray(references) || references.length === 0) return [];
    if (depth === 0) throw new SchemaRegistryError(0, 'schema references run in a circle');
    const schemas: unknown[] = [];
    for (const { subject, version } of references as readonly { subject: unknown; version: unknown }[]) {
      const path = `/subjects/${encodeURIComponent(String(subject))}/versions/${encodeURIComponent(String(version))}`;
      const body = await this.#ask('GET', path, String(subject), null);
      schemas.push(parseSchema(body['schema']), ...(await this.#references(body['references'], depth - 1)));
    }
    return schemas;
  }

  async #ask(
    method: 'GET' | 'POST',
    path: string,
    subject: string,
    payload: object | null,
  ): Promise<Readonly<Record<string, unknown>>> {
    return accepted(await this.#request(method, path, payload), subject);
  }

  async #request(method: 'GET' | 'POST' | 'PUT', path: string, payload: object | null): Promise<RegistryResponse> {
    try {
      return await askRegistry(this.#connection, method, path, payload);
    } catch (error) {
      throw new SchemaRegistryError(0, this.#problem(error), { cause: error });
    }
  }

  #problem(error: unknown): string {
    if (error instanceof SchemaRegistryError) return error.message;
    const { url, timeoutMs } = this.#connection;
    if (error instanceof Error && error.name === 'AbortError') {
      return `the schema registry at ${url} did not answer within ${timeoutMs} ms`;
    }
    const code = systemCodeOf(error) ?? String(error);
    const advice = url.startsWith('https:') ? tlsAdvice(error, 'registry.tls') : null;
    return `the schema registry at ${url} cannot be reached (${code})${advice === null ? '' : `. ${advice.text}`}`;
  }
}

/** A 404 in the registry's own words; a proxy's or a wrong path's says nothing about a schema. */
function isDenial(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'error_code' in body;
}

/** The body of a success; throws with the registry's own words otherwise. */
function accepted({ status, body }: RegistryResponse, about: string): Readonly<Record<string, unknown>> {
  const isObject = typeof body === 'object' && body !== null;
  if (status >= 200 && status < 300 && isObject) return body as Readonly<Record<string, unknown>>;
  const hint = status === 401 || status === 403 ? '; check the registry user, its password and its rights' : '';
  throw new SchemaRegistryError(
    status,
    `the schema registry answered ${status} about ${about}${hint}${wordsOf(status, body)}`,
  );
}

/** The end of a message: the registry's words, or that it was hardly the registry's API that answered. */
function wordsOf(status: number, body: unknown): string {
  if (typeof body === 'object' && body !== null && 'message' in body) return `: ${String(body.message).slice(0, 300)}`;
  const isPage = typeof body === 'string' && body.trimStart().startsWith('<');
  const text = typeof body === 'string' && !isPage ? body.trim() : '';
  const found = isPage ? " with a page, not with the registry's JSON" : " without the registry's JSON";
  // A proxy's "bad gateway" and a login's "forbidden" say nothing against the path.
  const isPathInDoubt = status === 501 || (status < 500 && status !== 401 && status !== 403 && status !== 429);
  const advice = isPathInDoubt ? `; ${PATH_ADVICE}` : '';
  return `${found}${text === '' ? '' : ` (${text.slice(0, 300)})`}${advice}`;
}

function idIn(body: Readonly<Record<string, unknown>>, about: string): number {
  if (typeof body['id'] !== 'number') {
    throw new SchemaRegistryError(0, `the schema registry gave no id for ${about}; ${PATH_ADVICE}`);
  }
  return body['id'];
}

/** A schema is JSON in a string; one that is not (a bare type name) is left to the decoder to refuse. */
function parseSchema(schema: unknown): unknown {
  if (typeof schema !== 'string') return schema;
  try {
    return JSON.parse(schema);
  } catch {
    return schema;
  }
}
