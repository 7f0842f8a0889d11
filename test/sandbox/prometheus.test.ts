import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../sandbox/eventually.ts';
import { Prometheus, type PrometheusSettings } from '../../sandbox/prometheus.ts';

const LABELS = { namespace: 'home', job: 'thermometer', instance: 'kitchen' };

function ruleAbove(celsius: number): string {
  const fever = { alert: 'TooWarm', expr: `body_celsius > ${celsius}`, annotations: { summary: 'Rest.' } };
  return JSON.stringify({ groups: [{ name: 'fever', rules: [fever] }] });
}

describe('a Prometheus of the sandbox', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tiktok-sync-rules-'));
  const ruleFile = join(folder, 'rules.yaml');
  let server: Server;
  let settings: PrometheusSettings;
  let prometheus: Prometheus;

  beforeAll(async () => {
    server = createServer((request, response) => {
      response.setHeader('content-type', 'text/plain; version=0.0.4');
      response.end(request.url === '/vitals' ? 'body_celsius{who="me"} 36.5\n' : '');
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/vitals`;
    writeFileSync(ruleFile, ruleAbove(38));
    settings = { targets: [{ url, labels: LABELS }], ruleFiles: [ruleFile], scrapeIntervalMs: 200 };
    prometheus = await Prometheus.start(settings);
  });
  afterAll(async () => {
    await prometheus.stop();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('scrapes with the labels it is told, answers questions about an instant and a range, and finds label values', async () => {
    const [sample] = await eventually('a scrape', async () => {
      const found = await prometheus.query('body_celsius');
      return found.length > 0 && found;
    });
    expect(sample).toEqual({ labels: { __name__: 'body_celsius', who: 'me', ...LABELS }, value: 36.5 });
    expect(await prometheus.query('scalar(body_celsius)')).toEqual([{ labels: {}, value: 36.5 }]);
    const now = Date.now() / 1000;
    const [series] = await prometheus.queryRange('body_celsius', { start: now - 60, end: now, stepSeconds: 1 });
    expect(series?.points.at(-1)?.[1]).toBe(36.5);
    expect(await prometheus.labelValues('instance', 'body_celsius{job="thermometer"}')).toEqual(['kitchen']);
    expect((await prometheus.targets()).map(({ health }) => health)).toEqual(['up']);
    await expect(prometheus.query('sum(')).rejects.toThrow('parse error');
  });

  it('evaluates rules and tells of their alerts, and takes other rules when it is told to reload', async () => {
    expect(await prometheus.alerts()).toEqual([]);

    writeFileSync(ruleFile, ruleAbove(36));
    await prometheus.reload(settings);
    const [alert] = await eventually('an alert', async () => {
      const active = await prometheus.alerts();
      return active.length > 0 && active;
    });
    expect(alert).toMatchObject({
      state: 'firing',
      labels: { alertname: 'TooWarm', who: 'me', ...LABELS },
      annotations: { summary: 'Rest.' },
    });

    writeFileSync(ruleFile, 'groups: 1');
    await expect(prometheus.reload(settings)).rejects.toThrow('did not take its configuration');
  });

  it('leaves no process, port or folder behind, also when it could not start', async () => {
    const other = await Prometheus.start({ targets: [] });
    const { pid, logFile } = other.process;
    await other.stop();
    expect(() => process.kill(pid ?? 0, 0)).toThrow('ESRCH');
    await expect(fetch(other.url)).rejects.toThrow();
    expect(existsSync(dirname(logFile))).toBe(false);

    writeFileSync(join(folder, 'broken.yaml'), 'groups: 1');
    await expect(Prometheus.start({ targets: [], ruleFiles: [join(folder, 'broken.yaml')] })).rejects.toThrow(
      /prometheus ended while starting[\s\S]*broken\.yaml/,
    );
  });
});
