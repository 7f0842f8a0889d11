/** The subjects of the schema registry: the fake and the adapter on a real registry, by one contract. */

import { describe, expect, it } from 'vitest';
import { readSchemas } from '../../src/adapters/schema-files.ts';
import { SchemaRegistry } from '../../src/adapters/schema-registry.ts';
import type { SchemaAdmin } from '../../src/ports.ts';
import { MemorySchemaAdmin } from '../fakes/memory-schema-admin.ts';
import { useStack } from '../stack.ts';

interface AdminHarness {
  readonly admin: SchemaAdmin;
  /** A subject that nobody has used. */
  readonly subject: string;
  /** Gives the subject, which exists, another rule. */
  weaken(subject: string): Promise<void>;
}

const { mapping } = readSchemas();
const OLDER = { ...mapping, doc: 'An earlier text.' };
const BROKEN = { ...mapping, fields: [{ name: 'mapping_id', type: 'int' }] };
const stack = await useStack();

function schemaAdminContract(kind: string, open: () => AdminHarness): void {
  describe(`the subjects of the registry: ${kind}`, () => {
    it('knows nothing of a subject that nobody has used', async () => {
      const { admin, subject } = open();
      expect(await admin.versions(subject)).toEqual([]);
      expect(await admin.lookup(subject, mapping)).toBeNull();
      expect(await admin.compatibilityOf(subject)).toBeNull();
    });

    it('registers a schema once, under FULL_TRANSITIVE', async () => {
      const { admin, subject } = open();
      const id = await admin.register(subject, mapping);
      expect(await admin.register(subject, mapping)).toBe(id);
      expect(await admin.lookup(subject, mapping)).toBe(id);
      expect(await admin.versions(subject)).toEqual([{ version: 1, id }]);
      expect(await admin.compatibilityOf(subject)).toBe('FULL_TRANSITIVE');
      expect(await admin.fetchSchema(id)).toMatchObject({ kind: 'schema', schema: mapping });
    });

    it('lists versions from the oldest to the newest', async () => {
      const { admin, subject } = open();
      const ids = [await admin.register(subject, OLDER), await admin.register(subject, mapping)];
      expect(await admin.versions(subject)).toEqual(ids.map((id, index) => ({ version: index + 1, id })));
    });

    it('says beforehand what it would take, and does not take the rest', async () => {
      const { admin, subject } = open();
      await admin.register(subject, OLDER);
      expect(await admin.accepts(subject, 1, mapping)).toBe(true);
      expect(await admin.accepts(subject, 1, BROKEN)).toBe(false);
      await expect(admin.register(subject, BROKEN)).rejects.toMatchObject({ status: 409 });
      expect(await admin.versions(subject)).toHaveLength(1);
    });

    it('keeps another rule until it is set', async () => {
      const { admin, subject, weaken } = open();
      await admin.register(subject, OLDER);
      await weaken(subject);
      await admin.register(subject, mapping);
      expect(await admin.compatibilityOf(subject)).toBe('BACKWARD');
      await admin.setRule(subject);
      expect(await admin.compatibilityOf(subject)).toBe('FULL_TRANSITIVE');
    });
  });
}

schemaAdminContract('in memory', () => {
  const admin = new MemorySchemaAdmin();
  return {
    admin,
    subject: 'mappings-value',
    weaken: async subject => {
      admin.rules.set(subject, 'BACKWARD');
    },
  };
});

schemaAdminContract('on a real registry', () => {
  const connection = { username: null, password: null, timeoutMs: 10_000, tls: { rejectUnauthorized: true } };
  const weaken = async (subject: string) => {
    const response = await fetch(`${stack.registryUrl}/config/${subject}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ compatibility: 'BACKWARD' }),
    });
    expect(response.status).toBe(200);
  };
  const admin = new SchemaRegistry({ ...connection, url: stack.registryUrl });
  return { admin, subject: stack.unique('mappings-value'), weaken };
});
