import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runSchemas, type SchemasNeeds, type SchemasRequest } from '../../src/schemas-command.ts';
import { command, MINIMAL } from './fake-host.ts';

const FILE = 'schemas/conversion-created.avsc';
const TEXT = readFileSync(new URL(`../../${FILE}`, import.meta.url), 'utf8');
const heavy = { schemas: runSchemas };

test('check --offline reads no configuration and needs no server', async () => {
  const { exitCode, out, err } = await command(`schemas check --schema ${FILE} --offline`, {
    heavy,
    files: { [FILE]: TEXT },
  });
  expect([exitCode, err]).toEqual([0, '']);
  expect(out).toBe(`${FILE} can be used: the service reads its records, both ways. No registry was asked.\n`);
});

test('check answers 6 for a schema that would break something, and says what', async () => {
  const input = TEXT.replace('"name": "workspace_id"', '"name": "workspace"');
  const { exitCode, out } = await command('schemas check --schema - --offline --json', { heavy, input });
  expect(exitCode).toBe(6);
  expect(JSON.parse(out)).toMatchObject({
    ok: false,
    findings: [{ code: 'SCHEMA_UNREADABLE', message: expect.stringContaining('the field workspace_id is missing') }],
  });
});

test.each([
  ['schemas check --offline', 2, 'USAGE'],
  ['schemas check --subject a-value', 2, 'USAGE'],
  ['schemas check --offline --schema gone.avsc', 2, 'INPUT_UNREADABLE'],
  ['schemas check --offline --schema empty.avsc', 2, 'INPUT_UNREADABLE'],
  ['schemas check --offline --schema list.avsc', 3, 'INPUT_INVALID'],
  ['schemas check', 3, 'CONFIG_REQUIRED'],
])('%s answers %i with %s', async (line, expected, code) => {
  const { exitCode, err } = await command(line, { heavy, files: { 'empty.avsc': '', 'list.avsc': '[]' } });
  expect([exitCode, err]).toEqual([expected, expect.stringContaining(code)]);
});

test('register and check hand on what they were told', async () => {
  const asked: (SchemasRequest & { readonly url: string | undefined })[] = [];
  const noted = async (request: SchemasRequest, { registry }: SchemasNeeds) => {
    asked.push({ ...request, url: registry?.url });
    return 0;
  };
  const url = MINIMAL.TIKTOK_SYNC_REGISTRY_URL;
  const env = { TIKTOK_SYNC_REGISTRY_URL: url };
  for (const line of ['register --dry-run --json', 'check --schema a.avsc --subject acme-value', 'check']) {
    await command(`schemas ${line}`, { env, heavy: { schemas: noted } });
  }
  expect(asked).toEqual([
    { action: 'register', dryRun: true, json: true, url },
    { action: 'check', file: 'a.avsc', subject: 'acme-value', json: false, url },
    { action: 'check', file: null, subject: null, json: false, url },
  ]);
});
