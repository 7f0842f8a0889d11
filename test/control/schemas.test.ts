import { describe, expect, test } from 'vitest';
import {
  checkCandidate,
  checkSchemas,
  parseCandidate,
  registerSchemas,
  schemaLines,
} from '../../src/control/schemas.ts';
import { subjects } from '../core/contract-subjects.ts';
import { schemas } from '../core/event-records.ts';
import { MemorySchemaAdmin } from '../fakes/memory-schema-admin.ts';

const names = subjects.map(({ subject }) => subject);
const OLDER = { ...schemas.conversionCreated, doc: 'An earlier text.' };
const WRONG = { ...schemas.conversionCreated, fields: [{ name: 'conversion_id', type: 'string' }] };

describe('schemas register', () => {
  test('registers every schema once, each under FULL_TRANSITIVE', async () => {
    const admin = new MemorySchemaAdmin();
    const first = await registerSchemas(subjects, admin, false);
    expect(first).toMatchObject({ ok: true, registered: names, ruled: names, findings: [] });
    expect([...admin.rules.values()]).toEqual(names.map(() => 'FULL_TRANSITIVE'));
    const again = await registerSchemas(subjects, admin, false);
    expect(again).toMatchObject({ ok: true, registered: [], ruled: [], findings: [] });
    expect(admin.changes).toEqual(names.map(name => `register ${name}`));
  });

  test('with a dry run changes nothing and says what it would', async () => {
    const admin = new MemorySchemaAdmin();
    const report = await registerSchemas(subjects, admin, true);
    expect(report).toMatchObject({ ok: true, registered: names, ruled: names });
    expect(admin.changes).toEqual([]);
    expect(schemaLines(report, null, true)).toContain('would be registered  conversions-value');
  });

  test('sets the rule before the schema where another one holds', async () => {
    const admin = new MemorySchemaAdmin();
    await admin.register('conversions-value', OLDER);
    admin.rules.set('conversions-value', 'BACKWARD');
    admin.changes.length = 0;
    await registerSchemas(subjects.slice(0, 1), admin, false);
    expect(admin.changes).toEqual(['rule conversions-value', 'register conversions-value']);
  });

  test('sets the rule where another one was made for a subject that has no schema yet', async () => {
    const admin = new MemorySchemaAdmin();
    admin.rules.set('conversions-value', 'BACKWARD');
    const report = await registerSchemas(subjects.slice(0, 1), admin, false);
    expect(report).toMatchObject({ ok: true, subjects: [{ rule: 'FULL_TRANSITIVE' }] });
    expect(admin.changes).toEqual(['rule conversions-value', 'register conversions-value']);
  });

  test('tells of a refusal and sees to the other subjects', async () => {
    const admin = new MemorySchemaAdmin();
    await admin.register('conversions-value', WRONG);
    const report = await registerSchemas(subjects, admin, false);
    expect(report.ok).toBe(false);
    expect(report.findings).toMatchObject([{ code: 'REGISTRY_REFUSES', subject: 'conversions-value' }]);
    expect(report.registered).toEqual(names.slice(1));
    expect(admin.changes).not.toContain('rule conversions-value');
  });

  test('takes the 409 of a registry for a refusal, and throws what is none', async () => {
    const admin = new MemorySchemaAdmin();
    const failWith = (status: number) => () => Promise.reject(Object.assign(new Error(`HTTP ${status}`), { status }));
    const refused = Object.assign(admin, { register: failWith(409) });
    expect(await registerSchemas(subjects, refused, false)).toMatchObject({ ok: false, registered: [] });
    await expect(registerSchemas(subjects, Object.assign(admin, { register: failWith(403) }), false)).rejects.toThrow(
      'HTTP 403',
    );
  });
});

describe('schemas check', () => {
  test('says what is missing, wrong and where', async () => {
    const admin = new MemorySchemaAdmin();
    await admin.register('conversions-value', WRONG);
    await admin.register('revenue-value', schemas.revenueUpdated);
    admin.rules.set('revenue-value', 'NONE');
    const report = await checkSchemas(subjects, admin);
    expect(report.ok).toBe(false);
    expect(report.findings.map(({ code, subject }) => `${code} ${subject}`)).toEqual([
      'SCHEMA_NOT_REGISTERED conversions-value',
      'VERSION_UNREADABLE conversions-value',
      'REGISTRY_REFUSES conversions-value',
      'RULE_TOO_WEAK revenue-value',
      ...names.slice(2).map(name => `SUBJECT_MISSING ${name}`),
    ]);
    expect(schemaLines(report, null, false).at(-1)).toBe('The schemas are not as they should be.');
  });

  test('fails when the registry does not say what a schema is', async () => {
    const admin = new MemorySchemaAdmin();
    await admin.register('conversions-value', schemas.conversionCreated);
    const away = Object.assign(admin, { fetchSchema: async () => ({ kind: 'unavailable', problem: 'gone' }) as const });
    await expect(checkSchemas(subjects, away)).rejects.toThrow('gone');
  });
});

describe("schemas check of a producer's own", () => {
  test('finds its subject by its record, and compares with every version there', async () => {
    const admin = new MemorySchemaAdmin();
    const grown = (type: string) => ({
      ...schemas.revenueUpdated,
      fields: [
        ...(schemas.revenueUpdated['fields'] as object[]),
        { name: 'note', type: ['null', type], default: null },
      ],
    });
    await admin.register('revenue-value', grown('string'));
    const report = await checkCandidate({ schema: grown('long'), subject: null }, subjects, admin);
    expect(report.subjects).toMatchObject([{ subject: 'revenue-value', versions: [{ version: 1 }] }]);
    expect(report.findings[0]).toMatchObject({ code: 'SCHEMA_INCOMPATIBLE', subject: 'revenue-value' });
    expect(await checkCandidate({ schema: grown('long'), subject: null }, subjects, null)).toMatchObject({ ok: true });
  });

  test('takes any subject that is named, and every record of the contract there', async () => {
    const admin = new MemorySchemaAdmin();
    const report = await checkCandidate({ schema: OLDER, subject: 'acme-value' }, subjects, admin);
    expect(report).toMatchObject({ ok: true, subjects: [{ subject: 'acme-value', rule: null, versions: [] }] });
    expect(report.findings).toMatchObject([{ level: 'warning', code: 'SUBJECT_MISSING', subject: 'acme-value' }]);
    expect(schemaLines(report, 'a.avsc', false).at(-1)).toContain('The registry has no version of it.');
  });

  test('holds the subject that is named to the records of its topic', async () => {
    const report = await checkCandidate({ schema: schemas.mapping, subject: 'conversions-value' }, subjects, null);
    expect(report.findings).toMatchObject([{ code: 'SCHEMA_UNREADABLE' }]);
  });

  test('refuses what is no JSON and what is no schema of a record', () => {
    expect(() => parseCandidate('{', 'a.avsc')).toThrow(expect.objectContaining({ code: 'INPUT_UNREADABLE' }));
    for (const text of ['"string"', '{"type":"record","name":"A"}', '[]', '7']) {
      expect(() => parseCandidate(text, 'a.avsc'), text).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
    }
  });
});
