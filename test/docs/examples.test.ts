import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readSchemas } from '../../src/adapters/schema-files.ts';
import { runPreview } from '../../src/control/preview.ts';
import { command } from '../cli/fake-host.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const EXAMPLES = ['event', 'connection', 'mapping'].map(name => `docs/examples/${name}.json`);
const files = Object.fromEntries(['config/example.yaml', ...EXAMPLES].map(path => [path, read(path)]));

test('config/example.yaml is a configuration that check accepts', async () => {
  const { exitCode, out, err } = await command('check --config config/example.yaml', { files });
  expect(err).toBe('The configuration is valid.\n');
  expect(exitCode).toBe(0);
  expect(out).toContain('mode: sentinel  # config/example.yaml');
});

test('the preview that the README shows prints what the README shows', async () => {
  const shown = /^\$ npx tiktok-sync (preview .*)\n(POST .*)\n(\{.*\})$/m.exec(read('README.md'));
  const [, line = '', request, body] = shown ?? [];
  const { exitCode, out, err } = await command(line.replaceAll(/\s+/g, ' '), {
    files,
    heavy: { preview: async (asked, events, host) => runPreview(asked, events, readSchemas(), host) },
  });
  expect(exitCode).toBe(0);
  expect(out.trim()).toBe(body);
  expect(err.trim()).toBe(request);
});
