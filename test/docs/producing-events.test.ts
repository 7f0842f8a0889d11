import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
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
    const table = page.slice(page.indexOf('## What happens to bad records'), page.indexOf('## ConversionCreated'));
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
  const lines = blocks.flatMap(({ text = '' }) => text.match(/^npx tiktok-sync schemas check .*$/gm) ?? []);
  const offline = lines.find(line => line.includes('--offline')) ?? expect.fail('there is no check without a registry');
  const run = (line: string, schema: string) =>
    command(line.replace('npx tiktok-sync ', ''), {
      files: { 'conversion-created.avsc': schema },
      heavy: { schemas: runSchemas },
    });

  test('passes for our schema, and for one with an optional field more', async () => {
    expect(await run(offline, SCHEMA)).toMatchObject({ exitCode: 0, err: '' });
    const grown = JSON.parse(SCHEMA) as { fields: object[] };
    grown.fields.push({ name: 'campaign', type: ['null', 'string'], default: null });
    expect(await run(offline, JSON.stringify(grown))).toMatchObject({ exitCode: 0, err: '' });
  });

  test('fails for one with a required field more', async () => {
    const broken = JSON.parse(SCHEMA) as { fields: object[] };
    broken.fields.push({ name: 'campaign', type: 'string' });
    const { exitCode, out } = await run(offline, JSON.stringify(broken));
    expect(exitCode).toBe(6);
    expect(out).toContain('SCHEMA_INCOMPATIBLE');
  });

  test('is a command line that is understood with a registry, too', async () => {
    const [line] = lines.filter(each => each.includes('--registry-url'));
    const away = line?.replace('"$SCHEMA_REGISTRY_URL"', 'http://127.0.0.1:1') ?? '';
    const { exitCode, err } = await run(away, SCHEMA);
    expect([exitCode, err]).toEqual([4, expect.stringContaining('DEPENDENCY_UNREACHABLE')]);
  });
});

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
