import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { readSchemas } from '../../src/adapters/schema-files.ts';
import { readConfigFile } from '../../src/control/apply-file.ts';
import { planApply } from '../../src/control/apply-plan.ts';
import { DEAD_LETTER_REASONS } from '../../src/core/outcome.ts';
import { runSchemas } from '../../src/schemas-command.ts';
import { command } from '../cli/fake-host.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const page = read('docs/producing-events.md');
const SCHEMA = read('schemas/conversion-created.avsc');
const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)\n```$/gm)].map(([, language, text]) => ({ language, text }));

describe('the page for producers', () => {
  test.each([
    ['ts', 'examples/producers/typescript/conversion-producer.ts'],
    ['java', 'examples/producers/java/src/main/java/example/ConversionProducer.java'],
    ['python', 'examples/producers/python/conversion_producer.py'],
  ])('shows one program in %s, the one that npm run verify runs', (language, path) => {
    const shown = blocks.filter(block => block.language === language).map(({ text }) => text);
    expect(shown).toEqual([read(path).trimEnd()]);
  });

  test('tells of every reason for a dead letter, and who acts', () => {
    const table = page.slice(page.indexOf('## What happens to bad records'), page.indexOf('## Changing a schema'));
    expect(DEAD_LETTER_REASONS.filter(reason => !table.includes(`\`${reason}\``))).toEqual([]);
  });

  test('names every field of the four schemas that producers write', () => {
    for (const file of ['conversion-created', 'revenue-updated', 'connection', 'mapping']) {
      const { fields } = JSON.parse(read(`schemas/${file}.avsc`)) as { fields: { name: string }[] };
      expect(fields.filter(({ name }) => !page.includes(`| \`${name}\` |`))).toEqual([]);
    }
  });

  test('links only to headings that it has', () => {
    const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, text = '']) => text.toLowerCase().replaceAll(' ', '-'));
    const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, target]) => target ?? '');
    expect(links.filter(target => !headings.includes(target))).toEqual([]);
    expect(links.length).toBeGreaterThan(10);
  });
});

describe('the check for a CI', () => {
  const shell = blocks.filter(({ language }) => language === 'sh').map(({ text = '' }) => text);
  const script = shell.find(text => text.startsWith('#!/bin/sh')) ?? expect.fail('there is no script to copy');
  const broken = changed({ name: 'campaign', type: 'string' });
  const folders: string[] = [];
  afterAll(() => folders.forEach(folder => void rmSync(folder, { recursive: true })));

  /** Runs the script as a CI does, where `docker run … IMAGE` is this project's own command. */
  function runScript(schemas: Readonly<Record<string, string>>) {
    const folder = mkdtempSync(`${tmpdir()}/producer-ci-`);
    folders.push(folder);
    mkdirSync(`${folder}/schemas`);
    for (const [name, text] of Object.entries(schemas)) writeFileSync(`${folder}/schemas/${name}`, text);
    const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
    const docker = `#!/bin/sh\necho "$1 $2 $3 $4" >> ${folder}/docker.log\nshift 4\nexec ${process.execPath} ${main} "$@"\n`;
    writeFileSync(`${folder}/docker`, docker, { mode: 0o755 });
    writeFileSync(`${folder}/check.sh`, script);
    const env = { PATH: `${folder}:${process.env['PATH']}` };
    const { status, stdout } = spawnSync('sh', ['check.sh'], { cwd: folder, env, encoding: 'utf8', timeout: 20_000 });
    return { status, stdout, calls: () => readFileSync(`${folder}/docker.log`, 'utf8').trim().split('\n') };
  }

  test('as it is on the page passes where every schema can be used, by the image of this version', () => {
    const grown = changed({ name: 'campaign', type: ['null', 'string'], default: null });
    const { status, stdout, calls } = runScript({ 'a.avsc': SCHEMA, 'b.avsc': grown });
    expect([status, stdout.match(/can be used/g)]).toEqual([0, ['can be used', 'can be used']]);
    const { version } = JSON.parse(read('package.json')) as { version: string };
    const image = /^ {2}repository: (\S+)$/m.exec(read('helm/values.yaml'))?.[1];
    expect(calls()).toEqual(Array(2).fill(`run --rm -i ${image}:${version}`));
  });

  test('as it is on the page fails for one that cannot, although a good one comes after it', () => {
    const { status, stdout } = runScript({ 'a.avsc': broken, 'b.avsc': SCHEMA });
    expect(status).toBe(6);
    expect(stdout).toContain('SCHEMA_INCOMPATIBLE');
  });

  test('as it is on the page fails where there is no schema at all', () => {
    expect(runScript({}).status).not.toBe(0);
  });

  test('is a command line that is understood with a registry, too', async () => {
    const line =
      shell.find(text => text.includes('--registry-url')) ?? expect.fail('there is no check with a registry');
    const words = line.replace(/^docker run --rm -i "\$IMAGE" /, '').replace(/ < \S+$/, '');
    const away = words.replace('"$SCHEMA_REGISTRY_URL"', 'http://127.0.0.1:1');
    const { exitCode, err } = await command(away, { input: SCHEMA, heavy: { schemas: runSchemas } });
    expect([exitCode, err]).toEqual([4, expect.stringContaining('DEPENDENCY_UNREACHABLE')]);
  });
});

test('the connection to try the producers with is one that apply takes, of the workspace and pixel that the page names', () => {
  const { entries, problems } = readConfigFile(read('examples/producers/acme.yaml'), readSchemas());
  expect(problems).toEqual([]);
  const { problems: planned, warnings } = planApply(entries, { entries: new Map(), unreadable: new Map() });
  expect([planned, warnings]).toEqual([[], []]);
  const pageText = read('examples/producers/README.md');
  const { fields } = entries.find(({ kind }) => kind === 'connection') ?? expect.fail('there is no connection');
  expect(pageText).toContain(`"pixel_id":"${fields['pixel_id']}"`);
  expect(pageText).toContain(` conv-4711 ${fields['workspace_id']}`);
  expect(pageText).toContain(`export ${String(fields['access_token']).replace('env:', '')}=`);
});

/** Our schema with a field more. */
function changed(field: object): string {
  const schema = JSON.parse(SCHEMA) as { fields: object[] };
  schema.fields.push(field);
  return JSON.stringify(schema);
}

test('the TypeScript producer uses the versions of its packages that this project runs it with', () => {
  const { dependencies } = JSON.parse(read('examples/producers/typescript/package.json'));
  const own = JSON.parse(read('package.json'));
  const all = { ...own.dependencies, ...own.devDependencies };
  expect(Object.entries(dependencies)).toEqual(Object.keys(dependencies).map(name => [name, all[name]]));
});

test('the Java producer uses the client of the Kafka that the sandbox runs', () => {
  const version = /kafka-clients<\/artifactId>\s*<version>([\d.]+)</.exec(read('examples/producers/java/pom.xml'))?.[1];
  expect(read('sandbox/artifacts.ts')).toContain(`const KAFKA = '${version}'`);
});
