/** The schema registry: the fake and the adapter on a real registry, by one contract. */

import { describe, expect, it } from 'vitest';
import { readSchemas } from '../../src/adapters/schema-files.ts';
import { SchemaRegistry } from '../../src/adapters/schema-registry.ts';
import type { SchemaFetcher } from '../../src/ports.ts';
import { ScriptedRegistry } from '../fakes/scripted-registry.ts';
import { useStack } from '../stack.ts';

interface FetcherHarness {
  readonly fetcher: SchemaFetcher;
  /** The id of a schema that is registered. */
  readonly known: number;
  /** The same registry, as it looks when it is away. */
  readonly away: SchemaFetcher;
}

const NEVER_REGISTERED = 2_000_000_000;
const { conversionCreated } = readSchemas();
const stack = await useStack();

function schemaFetcherContract(kind: string, open: () => Promise<FetcherHarness>): void {
  describe(`the schema registry: ${kind}`, () => {
    it('gives a registered schema as it was registered', async () => {
      const { fetcher, known } = await open();
      expect(await fetcher.fetchSchema(known)).toEqual({ kind: 'schema', schema: conversionCreated, references: [] });
    });

    it('says that an id is unknown, which is no failure', async () => {
      const { fetcher } = await open();
      expect(await fetcher.fetchSchema(NEVER_REGISTERED)).toEqual({ kind: 'unknown' });
    });

    it('says that it is away, and does not reject', async () => {
      const { away, known } = await open();
      expect(await away.fetchSchema(known)).toEqual({ kind: 'unavailable', problem: expect.any(String) });
    });
  });
}

schemaFetcherContract('in memory', async () => {
  const fetcher = new ScriptedRegistry();
  fetcher.answers.set(7, { kind: 'schema', schema: conversionCreated, references: [] });
  const away = new ScriptedRegistry();
  away.away = true;
  return { fetcher, known: 7, away };
});

schemaFetcherContract('on a real registry', async () => {
  const connection = { username: null, password: null, timeoutMs: 10_000, tls: { rejectUnauthorized: true } };
  const fetcher = new SchemaRegistry({ ...connection, url: stack.registryUrl });
  const known = await fetcher.register(stack.unique('fetched-value'), conversionCreated);
  return { fetcher, known, away: new SchemaRegistry({ ...connection, url: 'http://127.0.0.1:1' }) };
});
