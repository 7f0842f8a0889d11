import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readSchemas } from '../../src/adapters/schema-files.ts';
import type { HeavyCommands } from '../../src/cli.ts';
import type { Host } from '../../src/control/host.ts';
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

describe('the preview that the README shows', () => {
  const shown = /^\$ npx tiktok-sync (preview .*)\n(POST .*)\n(\{.*\})$/m.exec(read('README.md'));
  const [, line = '', request, body] = shown ?? [];
  const run = (onHost: (host: Host) => Host) => {
    const preview: HeavyCommands['preview'] = async (asked, events, host) =>
      runPreview(asked, events, readSchemas(), onHost(host));
    return command(line, { files, heavy: { preview } });
  };

  test('prints what the README shows, the body alone on standard output', async () => {
    const { exitCode, out, err } = await run(host => host);
    expect(exitCode).toBe(0);
    expect(out).toBe(`${body}\n`);
    expect(err).toBe(`${request}\n`);
  });

  test('prints it in that order on a terminal, where both streams meet', async () => {
    const { err } = await run(host => ({ ...host, out: host.err }));
    expect(err).toBe(`${request}\n${body}\n`);
  });
});
