import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { CHART, lint, only, type RenderOptions, render, template } from './helm.ts';

const NAME = 'tiktok-conversion-sync';
const minimal: unknown = parse(readFileSync(`${CHART}/ci/minimal-values.yaml`, 'utf8'));
let parent = '';

beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), 'tiktok-sync-parent-chart-'));
  const { version } = parse(readFileSync(`${CHART}/Chart.yaml`, 'utf8')) as { version: string };
  const dependencies = [{ name: NAME, version, repository: '', condition: `${NAME}.enabled` }];
  const chart = { apiVersion: 'v2', name: 'marketing', version: '1.0.0', icon: 'file:///icon.svg', dependencies };
  writeFileSync(join(parent, 'Chart.yaml'), stringify(chart));
  mkdirSync(join(parent, 'templates'));
  writeFileSync(join(parent, 'templates/nothing.yaml'), '');
  cpSync(CHART, join(parent, 'charts', NAME), { recursive: true });
});

afterAll(() => rmSync(parent, { recursive: true }));

/** As a parent's values: the chart's own below its name, and what belongs to all charts. */
function asPart(enabled: boolean, more: object = {}): RenderOptions {
  const values = { global: { imageRegistry: 'mirror.example' }, [NAME]: { enabled, ...(minimal as object), ...more } };
  return { chart: parent, values: [], inline: values };
}

test('the chart works below a parent that has global values and a switch for it', () => {
  expect(only(render(asPart(true)), 'Deployment').metadata.name).toBe('sync-tiktok-conversion-sync');
  expect(lint(asPart(true))).toMatchObject({ ok: true });
});

test('a parent can leave the chart out', () => {
  expect(render(asPart(false))).toEqual([]);
});

test("a parent's misspelt value is refused with the chart's name", () => {
  const { ok, stderr } = template(asPart(true, { replicacount: 3 }));
  expect(ok).toBe(false);
  expect(stderr).toMatch(/tiktok-conversion-sync:\n- \(root\): Additional property replicacount is not allowed/);
});
