import { describe, expect, test } from 'vitest';
import { runCommand } from '../../sandbox/command-run.ts';
import { isCompatible } from '../../scripts/schema-change-table.ts';
import { SCHEMA_CHANGES } from '../../scripts/schema-changes.ts';
import { readSchemas } from '../../src/adapters/schema-files.ts';
import { SchemaRegistry } from '../../src/adapters/schema-registry.ts';
import { COMPATIBILITY } from '../../src/core/schema-contract.ts';
import { useStack } from '../stack.ts';

const stack = await useStack();
const tls = { rejectUnauthorized: true };
const registry = new SchemaRegistry({ url: stack.registryUrl, username: null, password: null, timeoutMs: 10_000, tls });
const schemas = readSchemas();

/** The real program with topic names of this test's own. */
async function run(line: string, topics: Readonly<Record<string, string>>, url = stack.registryUrl) {
  const env = { ...topics, TIKTOK_SYNC_REGISTRY_URL: url };
  return runCommand(['schemas', ...line.split(' ')], env).ended;
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

test('a registry that is not there is said, with exit code 4', async () => {
  const { exitCode, err } = await run('check --json', freshTopics(), 'http://127.0.0.1:1');
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

  test('lists the versions of a subject, and none of a subject that it does not know', async () => {
    const id = await known;
    expect(await registry.versions(subject)).toEqual([{ version: 1, id }]);
    expect(await registry.versions(stack.unique('nobody-value'))).toEqual([]);
  });

  test('takes another rule for a subject that has one', async () => {
    const name = stack.unique('ruled-value');
    await registry.register(name, schemas.mapping);
    await fetch(`${stack.registryUrl}/config/${name}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ compatibility: 'BACKWARD' }),
    });
    expect(await registry.compatibilityOf(name)).toBe('BACKWARD');
    await registry.setRule(name);
    expect(await registry.compatibilityOf(name)).toBe(COMPATIBILITY);
  });
});
