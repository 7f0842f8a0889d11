import { execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { NO_FLAGS } from '../../src/config-sources.ts';
import { VERSION } from '../../src/control/version.ts';
import { MINIMAL } from '../cli/fake-host.ts';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
const manifest = JSON.parse(read('package.json')) as {
  readonly license: string;
  readonly description: string;
  readonly devDependencies: { readonly node: string };
};

interface Instruction {
  readonly word: string;
  readonly rest: string;
}

/** One instruction a line, without comments. */
function instructionsOf(text: string): readonly Instruction[] {
  const lines = text
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n\s*/g, '')
    .split('\n');
  return lines
    .filter(line => line !== '')
    .map(line => ({ word: line.split(' ')[0] ?? '', rest: line.replace(/^\w+ /, '') }));
}

/** How an instruction takes the value of an argument. */
const reference = (name: string) => `\${${name}}`;

const all = instructionsOf(read('Dockerfile'));
const texts = (word: string): readonly string[] => all.filter(each => each.word === word).map(({ rest }) => rest);

/** The instructions of one stage. */
function stage(name: string): readonly Instruction[] {
  const from = all.findIndex(({ word, rest }) => word === 'FROM' && rest.endsWith(` AS ${name}`));
  if (from < 0) return expect.fail(`there is no stage ${name}`);
  const rest = all.slice(from + 1);
  const end = rest.findIndex(({ word }) => word === 'FROM');
  return end < 0 ? rest : rest.slice(0, end);
}
const inStage = (name: string, word: string) =>
  stage(name)
    .filter(each => each.word === word)
    .map(({ rest }) => rest);

/** Paths of the project that are copied into the image. */
const copied = texts('COPY')
  .filter(text => !text.startsWith('--from'))
  .flatMap(text =>
    text
      .replace(/^--chmod=\d+ /, '')
      .split(' ')
      .slice(0, -1),
  );

describe('the Dockerfile', () => {
  test('takes its base from an argument whose default is the Node of the project, by its exact version', () => {
    expect(texts('ARG')[0]).toBe(`BASE_IMAGE=node:${manifest.devDependencies.node}-bookworm-slim`);
    const bases = texts('FROM').map(text => text.split(' ')[0]);
    expect(bases).toEqual([reference('BASE_IMAGE'), 'scratch', 'service', 'service']);
  });

  test('ends with the service', () => {
    expect(all.at(-1)).toEqual({ word: 'FROM', rest: 'service' });
  });

  test('runs as a user whom Kubernetes can see not to be root, and stays so', () => {
    expect(texts('USER')).toEqual(['1000:1000']);
    expect(inStage('service', 'USER')).toHaveLength(1);
  });

  test('lets its user read what is copied from a checkout that nobody else may read', () => {
    const own = ['service', 'sandbox']
      .flatMap(name => inStage(name, 'COPY'))
      .filter(text => !text.startsWith('--from'));
    expect(own).toHaveLength(5);
    for (const text of own) {
      const [, mode = '', path = ''] = /^--chmod=(\d+) (\S+)/.exec(text) ?? expect.fail(text);
      expect(mode, text).toBe(statSync(new URL(path, ROOT)).isDirectory() ? '0755' : '0644');
    }
  });

  test('starts everything without a shell', () => {
    const forms = ['ENTRYPOINT', 'CMD'].flatMap(texts);
    expect(forms.length).toBeGreaterThan(2);
    const checks = texts('HEALTHCHECK')
      .filter(text => text !== 'NONE')
      .map(text => text.replace(/^.* CMD /, ''));
    expect(checks).toHaveLength(1);
    for (const form of [...forms, ...checks]) expect(JSON.parse(form), form).toBeInstanceOf(Array);
    expect(stage('service').filter(({ word }) => word === 'RUN' || word === 'SHELL')).toEqual([]);
  });

  test('runs the entry point of the package, which gets SIGTERM itself', () => {
    expect(inStage('service', 'ENTRYPOINT')).toEqual(['["node", "src/main.ts"]']);
    expect(inStage('service', 'CMD')).toEqual(['["run"]']);
    expect(inStage('service', 'STOPSIGNAL')).toEqual(['SIGTERM']);
  });

  test('fetches nothing but the locked production dependencies, and runs none of their scripts', () => {
    expect(texts('ADD')).toEqual([]);
    const runs = texts('RUN').filter(text => !text.startsWith('['));
    expect(runs).toHaveLength(1);
    expect(runs[0]).toMatch(/npm ci --omit=dev --ignore-scripts /);
    for (const text of all.map(({ rest }) => rest)) expect(text).not.toMatch(/curl|wget|:latest|apt-get|https?:\/\//);
  });

  test('is labelled', () => {
    const labels = new Map(
      [...(inStage('service', 'LABEL')[0] ?? '').matchAll(/org\.opencontainers\.image\.(\w+)="([^"]*)"/g)].map(
        ([, name, value]) => [name, value],
      ),
    );
    expect(Object.fromEntries(labels)).toMatchObject({
      title: 'tiktok-conversion-sync',
      description: manifest.description,
      licenses: manifest.license,
      version: reference('VERSION'),
      revision: reference('COMMIT'),
      source: reference('SOURCE'),
    });
    expect(inStage('service', 'ARG')).toEqual([`VERSION=${VERSION}`, 'COMMIT=', 'SOURCE=']);
  });

  test('sets no variable that the service would refuse', () => {
    const env = Object.fromEntries((inStage('service', 'ENV')[0] ?? '').split(' ').map(pair => pair.split('=', 2)));
    expect(env).toMatchObject({ NODE_ENV: 'production', TIKTOK_SYNC_COMMIT: reference('COMMIT') });
    const readFile = () => expect.fail('reads no file');
    const loaded = loadConfig({ flags: NO_FLAGS, env: { ...MINIMAL, ...env, TIKTOK_SYNC_COMMIT: '' }, readFile });
    expect(loaded).toMatchObject({ ok: true });
  });

  test('copies what exists, and .dockerignore lets exactly that through', () => {
    const allowed = read('.dockerignore')
      .split('\n')
      .filter(line => line.startsWith('!'))
      .map(line => line.slice(1));
    expect(copied.filter(path => !existsSync(new URL(path, ROOT)))).toEqual([]);
    expect([...new Set(copied)].sort()).toEqual(allowed.sort());
  });
});

describe("the image's root folder", () => {
  const script = fileURLToPath(new URL('scripts/image-root.ts', ROOT));

  /** Runs the script on production dependencies as npm leaves them, with a README, types and tests; answers both folders. */
  function layOut() {
    const folder = mkdtempSync(join(tmpdir(), 'tiktok-sync-root-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const write = (path: string, text: string) => {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), text);
    };
    for (const name of ['snappy', 'lz4-napi']) write(`node_modules/${name}/index.js`, 'module.exports = {};');
    for (const path of [
      'README.md',
      'LICENSE.md',
      'index.d.ts',
      'lib/a.js',
      'lib/a.js.map',
      'lib/test/b.js',
      'test/c.js',
    ])
      write(`node_modules/some/${path}`, '0');
    write('node_modules/@scope/some/docs/index.html', '0');
    write('node_modules/@scope/some/package.json', '{}');
    const root = join(folder, 'rootfs');
    execFileSync(process.execPath, [script, root], { cwd: folder });
    const files = (of: string) =>
      globSync('**/*', { cwd: join(folder, of) }).filter(path => statSync(join(folder, of, path)).isFile());
    return { root, modules: files('node_modules').sort(), files: files('rootfs') };
  }

  test('holds Node with its libraries and no other program', () => {
    const { root, files } = layOut();
    expect(
      files.filter(path => statSync(join(root, path)).mode & 0o111).filter(path => !/\.so(\.|$)/.test(path)),
    ).toEqual(['usr/local/bin/node']);
    expect(files.some(path => /libc\.so|musl/.test(path))).toBe(true);
    expect(files.filter(path => /node_modules|(^|\/)(sh|bash|npm)$/.test(path))).toEqual([]);
    expect(readFileSync(join(root, 'etc/passwd'), 'utf8')).toMatch(/^node:x:1000:1000:/m);
    expect(existsSync(join(root, 'etc/tiktok-sync/tokens'))).toBe(true);
    expect(statSync(join(root, 'tmp')).mode & 0o7777).toBe(0o1777);
  });

  test('takes out of the dependencies what no program reads, and leaves licences', () => {
    expect(layOut().modules).toEqual([
      '@scope/some/package.json',
      'lz4-napi/index.js',
      'snappy/index.js',
      'some/LICENSE.md',
      'some/lib/a.js',
      'some/lib/test/b.js',
    ]);
  });
});
