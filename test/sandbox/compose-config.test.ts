import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { requireProgram, requirePromtool } from '../../sandbox/prerequisites.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const silent = () => {};

/** docker-compose.yml as docker-compose reads it with .env.example, these variables beating it. */
function composed(env: Readonly<Record<string, string>>) {
  const command = requireProgram('compose', silent);
  const args = [
    '--project-directory',
    ROOT,
    '-f',
    join(ROOT, 'docker-compose.yml'),
    '--env-file',
    join(ROOT, '.env.example'),
    'config',
  ];
  const text = execFileSync(command, args, { env: { PATH: process.env['PATH'] ?? '', ...env }, encoding: 'utf8' });
  return parse(text) as {
    readonly services: Readonly<
      Record<string, { readonly environment: Record<string, string>; readonly ports: unknown }>
    >;
  };
}

test('docker-compose parses docker-compose.yml, and a variable changes what it says', () => {
  const { services } = composed({});
  expect(Object.keys(services)).toHaveLength(10);
  expect(services['service']?.environment['TIKTOK_SYNC_WINDOW_MS']).toBe('10s');
  const changed = composed({ TIKTOK_SYNC_WINDOW_MS: '2m', KAFKA_PORT: '39092' }).services;
  expect(changed['service']?.environment['TIKTOK_SYNC_WINDOW_MS']).toBe('2m');
  expect(JSON.stringify(changed['kafka']?.ports)).toContain('39092');
  expect(changed['kafka']?.environment['KAFKA_ADVERTISED_LISTENERS']).toContain('OUTSIDE://localhost:39092');
});

test('promtool takes the Prometheus configuration with the rules of the chart', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tiktok-sync-prometheus-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const config = readFileSync(join(ROOT, 'config/compose/prometheus.yml'), 'utf8');
  const file = join(folder, 'prometheus.yml');
  writeFileSync(file, config.replace('/etc/prometheus/rules', join(ROOT, 'helm/files/rules')));
  const told = execFileSync(requirePromtool(silent), ['check', 'config', file], { encoding: 'utf8' });
  expect(told).toMatch(/SUCCESS: \d+ rule files found/);
  expect(told.match(/SUCCESS: \d+ rules found/g)?.length).toBeGreaterThan(3);
});
