import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { ALL_OPTIONS } from '../../src/config-options.ts';
import { NO_FLAGS } from '../../src/config-sources.ts';
import { configurationMarkdown, jsonSchema, referenceYaml } from '../../src/control/reference.ts';
import { testConfig } from './test-config.ts';

function file(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}

test.each([
  ['config/reference.yaml', referenceYaml],
  ['config/schema.json', jsonSchema],
  ['docs/configuration.md', configurationMarkdown],
])('%s is what npm run generate would write now', (path, generate) => {
  expect(file(path)).toBe(generate());
});

test('the reference is a valid file that says nothing but the defaults', () => {
  const env = {
    TIKTOK_SYNC_KAFKA_BROKERS: 'localhost:9092',
    TIKTOK_SYNC_REGISTRY_URL: 'http://localhost:8081',
    TIKTOK_SYNC_REDIS_URL: 'redis://localhost:6379',
  };
  const flags = { ...NO_FLAGS, configFile: 'config/reference.yaml' };
  expect(loadConfig({ flags, env, readFile: file })).toMatchObject({ ok: true, config: testConfig() });
});

test('every number carries its unit in its name, or is a plain port', () => {
  const numeric = [...ALL_OPTIONS.values()].filter(
    ({ option }) => option.fallback.kind === 'value' && typeof option.fallback.value === 'number',
  );
  const unitless = numeric.map(({ path }) => path).filter(path => !/(Ms|Bytes|Count|Ratio|PerSecond)$/.test(path));
  expect(unitless).toEqual(['http.port']);
});

test('every number has two bounds, and its default is within', () => {
  for (const { path, option } of ALL_OPTIONS.values()) {
    if (option.fallback.kind !== 'value') continue;
    expect(option.value.safeParse(option.fallback.value).success, path).toBe(true);
    if (typeof option.fallback.value !== 'number') continue;
    expect(option.value.safeParse(Number.MAX_SAFE_INTEGER).success, path).toBe(false);
    expect(option.value.safeParse(-1).success, path).toBe(false);
  }
});

test('every option says what it does and why, and no two share a variable or a flag', () => {
  const options = [...ALL_OPTIONS.values()];
  for (const { path, option } of options) {
    expect(option.describe, path).toMatch(/\S.*[.]$/);
    expect(option.because, path).toMatch(/\S.*[^.]$/);
  }
  const names = options.flatMap(({ env, option }) => (option.secrecy === 'public' ? [env] : [env, `${env}_FILE`]));
  expect(new Set(names).size).toBe(names.length);
  const flags = options.flatMap(({ option }) => option.flag ?? []);
  expect(new Set(flags).size).toBe(flags.length);
});

test('what may hold a secret says so', () => {
  const named = [...ALL_OPTIONS.values()].filter(({ path }) => /password|secret|token(?!s|Endpoint|File)/i.test(path));
  expect(named.map(({ option }) => option.secrecy)).toEqual(named.map(() => 'secret'));
  expect(named).toHaveLength(4);
});
