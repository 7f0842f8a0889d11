import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { COMPATIBILITY, SchemaRegistry as OtherClient, SchemaType } from '@kafkajs/confluent-schema-registry';
import { afterEach, describe, expect, test } from 'vitest';
import { readSchemas } from '../../src/adapters/schema-files.ts';
import { SchemaRegistry } from '../../src/adapters/schema-registry.ts';
import { createEventDecoder } from '../../src/core/decode.ts';
import { schemaIdOf } from '../../src/core/framed-records.ts';
import { useStack } from '../stack.ts';

const stack = await useStack();
const schemas = readSchemas();
const NO_TLS = { rejectUnauthorized: true };

function registryAt(
  url: string,
  overrides: { timeoutMs?: number; username?: string; password?: string } = {},
): SchemaRegistry {
  return new SchemaRegistry({ url, username: null, password: null, timeoutMs: 10_000, tls: NO_TLS, ...overrides });
}

describe('on a real registry', () => {
  const registry = registryAt(stack.registryUrl);
  const other = new OtherClient({ host: stack.registryUrl });

  test('a schema is registered under FULL_TRANSITIVE, found again and given back as it was', async () => {
    const subject = stack.unique('conversions-value');
    expect(await registry.lookup(subject, schemas.conversionCreated)).toBeNull();
    expect(await registry.latest(subject)).toBeNull();
    const id = await registry.register(subject, schemas.conversionCreated);
    expect(await registry.register(subject, schemas.conversionCreated)).toBe(id);
    expect(await registry.lookup(subject, schemas.conversionCreated)).toBe(id);
    expect(await registry.idOf(subject, schemas.conversionCreated)).toBe(id);
    expect(await registry.compatibilityOf(subject)).toBe('FULL_TRANSITIVE');
    expect(await registry.latest(subject)).toMatchObject({ id, version: 1, schema: schemas.conversionCreated });
    expect(await registry.fetchSchema(id)).toEqual({
      kind: 'schema',
      schema: schemas.conversionCreated,
      references: [],
    });
  });

  test('a rule that a subject has already is left alone', async () => {
    const subject = stack.unique('ruled');
    await other.register(
      { type: SchemaType.AVRO, schema: JSON.stringify(schemas.mapping) },
      { subject, compatibility: COMPATIBILITY.BACKWARD },
    );
    await registry.register(subject, schemas.mapping);
    expect(await registry.compatibilityOf(subject)).toBe('BACKWARD');
  });

  test('an incompatible schema is refused in the words of the registry', async () => {
    const subject = stack.unique('incompatible');
    await registry.register(subject, schemas.mapping);
    const changed = { ...schemas.mapping, fields: [{ name: 'mapping_id', type: 'int' }] };
    await expect(registry.register(subject, changed)).rejects.toMatchObject({
      status: 409,
      message: expect.stringContaining(subject),
    });
  });

  test('an optional field more is compatible', async () => {
    const subject = stack.unique('grown');
    await registry.register(subject, schemas.mapping);
    const fields = [
      ...(schemas.mapping['fields'] as object[]),
      { name: 'note', type: ['null', 'string'], default: null },
    ];
    await registry.register(subject, { ...schemas.mapping, fields });
    expect(await registry.latest(subject)).toMatchObject({ version: 2 });
  });

  test('an id that nobody registered is unknown', async () => {
    expect(await registry.fetchSchema(987_654_321)).toEqual({ kind: 'unknown' });
  });

  test('a schema that is not Avro is told as such', async () => {
    const schema = JSON.stringify({ type: 'object', properties: { a: { type: 'string' } } });
    const { id } = await other.register({ type: SchemaType.JSON, schema }, { subject: stack.unique('json') });
    expect(await registry.fetchSchema(id)).toEqual({ kind: 'foreign', schemaType: 'JSON' });
  });

  test('a record that the usual client encodes with its own schema decodes, referenced types included', async () => {
    const touch = {
      type: 'record',
      name: 'Visit',
      namespace: 'org.acme',
      fields: [{ name: 'ttclid', type: 'string' }],
    };
    const touchSubject = stack.unique('visit');
    await other.register({ type: SchemaType.AVRO, schema: JSON.stringify(touch) }, { subject: touchSubject });
    const writer = {
      type: 'record',
      name: 'ConversionCreated',
      fields: [
        { name: 'workspace_id', type: 'string' },
        { name: 'last_touch', type: ['null', 'org.acme.Visit'], default: null },
        { name: 'conversion_id', type: 'string' },
        { name: 'occurred_at', type: 'long' },
      ],
    };
    const references = [{ name: 'org.acme.Visit', subject: touchSubject, version: 1 }];
    const { id } = await other.register(
      { type: SchemaType.AVRO, schema: JSON.stringify(writer), references },
      { subject: stack.unique('event') },
    );
    const record = { workspace_id: 'ws', conversion_id: 'c', occurred_at: 5, last_touch: { ttclid: 'click' } };
    const value = await other.encode(id, record);

    const answer = await registry.fetchSchema(schemaIdOf(value) ?? 0);
    if (answer.kind === 'unavailable') throw new Error(answer.problem);
    const decoder = createEventDecoder(schemas);
    decoder.learn(id, answer);
    expect(decoder.decode(value)).toMatchObject({ conversion_id: 'c', last_touch: { ttclid: 'click', ttp: null } });
  });
});

describe('a registry in trouble', () => {
  const stops: (() => void)[] = [];
  afterEach(() => {
    for (const stop of stops.splice(0)) stop();
  });

  /** A server of the test's own; closed, open connections included, when the test ends. */
  async function serve(handler: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
    const server = createServer(handler);
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    stops.push(() => {
      server.close();
      server.closeAllConnections();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  const answering = (status: number, body: string) =>
    serve((_request, response) => {
      response.writeHead(status).end(body);
    });

  test.each([
    [500, '{"error_code":50001,"message":"store is away"}', 'store is away'],
    [503, '<html>', '503'],
    [401, '{"message":"no"}', 'check the registry user'],
    [200, '<html>a login page</html>', '200'],
    [429, '', '429'],
  ])('that answers %i is unavailable, and the problem is told', async (status, body, told) => {
    const url = await answering(status, body);
    expect(await registryAt(url).fetchSchema(1)).toEqual({
      kind: 'unavailable',
      problem: expect.stringContaining(told),
    });
  });

  test.each([
    [501, '<!doctype html><h1>Unsupported method</h1>', " with a page, not with the registry's JSON; ", true],
    [404, '', " without the registry's JSON; ", true],
    [404, '{"status":404,"path":"/subjects"}', " without the registry's JSON; ", true],
    [502, '<html>Bad Gateway</html>', " with a page, not with the registry's JSON", false],
    [503, 'no healthy upstream', " without the registry's JSON (no healthy upstream)", false],
  ])("whose %i is not the API's own (%j) is told as such, without the page", async (status, body, told, isAdvised) => {
    const url = await answering(status, body);
    const message: string = await registryAt(url)
      .register('acme-value', schemas.mapping)
      .then(String, error => (error as Error).message);
    expect(message).toContain(`answered ${status} about acme-value${told}`);
    expect(message.includes('…/apis/ccompat/v7')).toBe(isAdvised);
    expect(message).not.toContain('<');
  });

  test('in which another replica has set the rule a moment ago is in no trouble', async () => {
    const url = await serve(({ method }, response) => {
      if (method === 'GET') response.writeHead(404).end('{"error_code":40401,"message":"no rule"}');
      else if (method === 'POST') response.writeHead(200).end('{"id":7}');
      else response.writeHead(409).end('{"error_code":409,"message":"A rule named \'COMPATIBILITY\' already exists."}');
    });
    expect(await registryAt(url).register('acme-value', schemas.mapping)).toBe(7);
  });

  test('whose proxy answers 404 says nothing about the id', async () => {
    const url = await answering(404, '<html><body>Not Found</body></html>');
    expect(await registryAt(url).fetchSchema(7)).toMatchObject({ kind: 'unavailable' });
  });

  test('that answers 404 does not know the id', async () => {
    const url = await answering(404, '{"error_code":40403,"message":"Schema not found"}');
    expect(await registryAt(url).fetchSchema(1)).toEqual({ kind: 'unknown' });
  });

  test('that is not there is unavailable, and its address is told', async () => {
    const url = await answering(200, '');
    for (const stop of stops.splice(0)) stop();
    const answer = await registryAt(url).fetchSchema(1);
    expect(answer).toMatchObject({
      kind: 'unavailable',
      problem: expect.stringContaining(`${url} cannot be reached (ECONNREFUSED)`),
    });
  });

  test('that never answers is given up after the timeout', async () => {
    const url = await serve(() => {});
    const answer = await registryAt(url, { timeoutMs: 50 }).fetchSchema(1);
    expect(answer).toEqual({ kind: 'unavailable', problem: expect.stringContaining('did not answer within 50 ms') });
  });

  test('that stops in the middle of its answer is given up too', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200);
      response.write('{"schema": "');
    });
    expect(await registryAt(url, { timeoutMs: 50 }).fetchSchema(1)).toMatchObject({ kind: 'unavailable' });
  });

  test('is asked once however many wait for an id, and again afterwards', async () => {
    let requests = 0;
    const url = await serve((_request, response) => {
      requests += 1;
      response.writeHead(503).end();
    });
    const registry = registryAt(url);
    await Promise.all([registry.fetchSchema(1), registry.fetchSchema(1), registry.fetchSchema(2)]);
    expect(requests).toBe(2);
    await registry.fetchSchema(1);
    expect(requests).toBe(3);
  });

  test('gets the credentials, and no error or answer repeats them', async () => {
    let authorization: string | undefined;
    const url = await serve((request, response) => {
      authorization = request.headers.authorization;
      response.writeHead(403).end('{"message":"forbidden"}');
    });
    const answer = await registryAt(url, { username: 'user', password: 'pass:word' }).fetchSchema(1);
    expect(authorization).toBe(`Basic ${Buffer.from('user:pass:word').toString('base64')}`);
    expect(JSON.stringify(answer)).not.toMatch(/pass:word|dXNlc/);
  });

  test('that refuses to register still gives the id of what is registered', async () => {
    const url = await serve((request, response) => {
      const refused = request.url?.endsWith('/versions') === true;
      response.writeHead(refused ? 403 : 200).end(refused ? '{"message":"read only"}' : '{"id":12,"version":1}');
    });
    expect(await registryAt(url).idOf('sync-log-value', schemas.syncLogEntry)).toBe(12);
    await expect(registryAt(url).register('sync-log-value', schemas.syncLogEntry)).rejects.toMatchObject({
      status: 403,
      message: expect.stringContaining('check the registry user'),
    });
  });
});
