import { describe, expect, test } from 'vitest';
import { runCommand } from '../../sandbox/command-run.ts';
import { isCompatible } from '../../scripts/schema-change-table.ts';
import { SCHEMA_CHANGES } from '../../scripts/schema-changes.ts';
import { readSchemas } from '../../src/adapters/schema-files.ts';
import { SchemaRegistry } from '../../src/adapters/schema-registry.ts';
import { COMPATIBILITY } from '../../src/core/schema-contract.ts';
import { runSchemas } from '../../src/schemas-command.ts';
import { command } from '../cli/fake-host.ts';
import { useStack } from '../stack.ts';

const stack = await useStack();
const tls = { rejectUnauthorized: true };
const registry = new SchemaRegistry({ url: stack.registryUrl, username: null, password: null, timeoutMs: 10_000, tls });
const schemas = readSchemas();

/** The command, without a process of its own: each would take longer than all it does. */
function run(line: string, topics: Readonly<Record<string, string>>, files: Readonly<Record<string, string>> = {}) {
  const env = { ...topics, TIKTOK_SYNC_REGISTRY_URL: stack.registryUrl };
  return command(`schemas ${line}`, { env, files, heavy: { schemas: runSchemas } });
}

function freshTopics(): Record<string, string> {
  const roles = ['CONVERSIONS', 'REVENUE_UPDATES', 'CONFIG', 'SYNC_LOG', 'CONNECTION_STATUS'];
  return Object.fromEntries(roles.map(role => [`TIKTOK_SYNC_TOPIC_${role}`, stack.unique(role.toLowerCase())]));
}

test('check names what is missing, register makes it with its rule, and then all is well', async () => {
  const topics = freshTopics();
  const before = await run('check --json', topics);
  expect([before.exitCode, before.err]).toEqual([6, '']);
  const codes = (JSON.parse(before.out).findings as { code: string }[]).map(({ code }) => code);
  expect(codes).toEqual(Array.from({ length: 6 }, () => 'SUBJECT_MISSING'));

  const made = await run('register', topics);
  expect([made.exitCode, made.err]).toEqual([0, '']);
  expect(made.out.match(/^registered /gm)).toHaveLength(6);

  const after = await run('check --json', topics);
  expect([after.exitCode, after.err]).toEqual([0, '']);
  const { subjects } = JSON.parse(after.out) as { subjects: { rule: string; schema_id: number }[] };
  expect(subjects.map(({ rule }) => rule)).toEqual(Array.from({ length: 6 }, () => COMPATIBILITY));
  expect(subjects.every(({ schema_id }) => schema_id > 0)).toBe(true);
});

describe('a schema that the registry does not take', () => {
  const topics = freshTopics();
  const subject = `${topics['TIKTOK_SYNC_TOPIC_CONVERSIONS']}-value`;
  const fields = [...(schemas.conversionCreated['fields'] as object[]), { name: 'campaign', type: 'string' }];
  const wider = { ...schemas.conversionCreated, fields };

  test('stops the check of a producer with the field, the version and the verdict of the registry', async () => {
    await registry.register(subject, schemas.conversionCreated);
    const files = { 'wider.avsc': JSON.stringify(wider) };
    const { exitCode, out, err } = await run('check --schema wider.avsc --json', topics, files);
    expect([exitCode, err]).toEqual([6, '']);
    const { findings } = JSON.parse(out) as { findings: { code: string; message: string; subject: string }[] };
    expect(findings.map(({ code }) => code)).toEqual([
      'SCHEMA_INCOMPATIBLE',
      'SCHEMA_INCOMPATIBLE',
      'REGISTRY_REFUSES',
      'FIELD_UNKNOWN',
    ]);
    expect(findings[1]).toMatchObject({ subject, message: expect.stringContaining('version 1') });
    expect(findings[1]?.message).toContain('the field campaign is missing');
  });

  test('stops register for its subject alone', async () => {
    const other = freshTopics();
    await registry.register(`${other['TIKTOK_SYNC_TOPIC_CONVERSIONS']}-value`, wider);
    const { exitCode, out } = await run('register --json', other);
    expect(exitCode).toBe(6);
    expect(JSON.parse(out)).toMatchObject({ ok: false, findings: [{ code: 'REGISTRY_REFUSES' }] });
    expect(JSON.parse(out).registered).toHaveLength(5);
  });
});

test('the program itself says that a registry is not there, with exit code 4', async () => {
  const env = { TIKTOK_SYNC_REGISTRY_URL: 'http://127.0.0.1:1' };
  const { exitCode, err } = await runCommand(['schemas', 'check', '--json'], env).ended;
  expect(exitCode).toBe(4);
  expect(JSON.parse(err)).toMatchObject({ error: { code: 'DEPENDENCY_UNREACHABLE' } });
});

describe('the registry', () => {
  const subject = stack.unique('changes-value');
  const known = registry.register(subject, schemas.conversionCreated);

  test.each(SCHEMA_CHANGES)('judges as the rules here do: $change', async change => {
    await known;
    expect(await registry.accepts(subject, 1, change.schema)).toBe(isCompatible(change));
  });
});
