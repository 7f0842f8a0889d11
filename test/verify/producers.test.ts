import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../sandbox/eventually.ts';
import {
  type ExampleProgram,
  javaExample,
  pythonExample,
  typescriptProducer,
} from '../../sandbox/example-producers.ts';
import type { World } from '../../sandbox/world.ts';
import type { GoldenFile } from '../core/golden-records.ts';
import { useStack } from '../stack.ts';
import { createWorld, lead } from '../story/business.ts';

const SCHEMAS = fileURLToPath(new URL('../../schemas/', import.meta.url));
const tell = (line: string) => console.log(line);

const stack = await useStack();
const [java, python] = await Promise.all([javaExample(tell), pythonExample(tell)]);

interface Run {
  readonly exitCode: number | null;
  readonly out: string;
  readonly err: string;
}

async function run({ command, args }: ExampleProgram, more: readonly string[], env: Record<string, string> = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<Run>();
  const child = spawn(command, [...args, ...more], {
    env: { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  const text = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text.out += part;
  });
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    text.err += part;
  });
  child.once('error', reject);
  child.once('close', exitCode => resolve({ exitCode, ...text }));
  return promise;
}

/** A line of a program that reads golden records. */
interface Read {
  readonly file: string;
  readonly name: string;
  readonly schema_id: number;
  readonly bare: Readonly<Record<string, unknown>>;
  readonly framed: Readonly<Record<string, unknown>>;
  readonly avro_json: Readonly<Record<string, unknown>>;
  readonly encoded: string;
}

/** Every field of the record, null where the golden file leaves it out. */
function complete(value: Readonly<Record<string, unknown>>, schema: string, writer?: object) {
  const text = writer === undefined ? readFileSync(`${SCHEMAS}${schema}`, 'utf8') : JSON.stringify(writer);
  const { fields } = JSON.parse(text) as { fields: { name: string }[] };
  return Object.fromEntries(fields.map(({ name }) => [name, value[name] ?? null]));
}

const goldenFiles = readdirSync(`${SCHEMAS}golden`).sort();
const golden = goldenFiles.flatMap(file => {
  const { schema, schema_id, records } = JSON.parse(readFileSync(`${SCHEMAS}golden/${file}`, 'utf8')) as GoldenFile;
  return records.map(({ name, value, bare, writer_schema }) => {
    const fields = complete(value, schema, writer_schema);
    return { file, name, schema_id, bare: fields, framed: fields, avro_json: fields, encoded: bare };
  });
});

describe.each([
  ['Java', java.goldenRecords],
  ['Python', python.goldenRecords],
])('the golden records in %s', (_language, program) => {
  let lines: Read[];
  beforeAll(async () => {
    const { exitCode, out, err } = await run(program, [SCHEMAS]);
    expect([exitCode, err]).toEqual([0, '']);
    lines = out
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Read);
  });

  test('are all read, bare, framed and as JSON of Avro', () => {
    expect(lines.map(({ file, name }) => `${file}: ${name}`)).toEqual(
      golden.map(({ file, name }) => `${file}: ${name}`),
    );
    expect(new Set(lines.map(({ file }) => file)).size).toBe(goldenFiles.length);
  });

  test.each(golden)('$file, $name: every field has its value, and encoded again the bytes are the same', record => {
    expect(lines.find(({ file, name }) => file === record.file && name === record.name)).toEqual(record);
  });
});

const CONNECTION = 'main';
const WORKSPACE = `workspace-${CONNECTION}`;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** What Node says of a negative timeout of kafkajs's is no message of the producer. */
const withoutWarnings = (err: string) => err.replace(/^\(node:.*\n|^Timeout duration.*\n|^\(Use `node.*\n/gm, '');

describe.each([
  ['TypeScript', 'typescript', typescriptProducer()],
  ['Java', 'java', java.producer],
  ['Python', 'python', python.producer],
])('the producer in %s', (_language, name, program) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld(stack, `producer-${name}`, { connections: [CONNECTION] });
    await world.producer.mapping(lead(CONNECTION, { include_value: true, value_source: 'QUOTE_VALUE' }));
    await world.startService();
  });
  afterAll(() => world.close());

  const environment = () => ({
    KAFKA_BROKERS: stack.brokers,
    SCHEMA_REGISTRY_URL: stack.registryUrl,
    TOPIC: world.topics.conversions,
  });

  test('writes a conversion that TikTok gets with every value, and says where it is', async () => {
    const id = `conv-${name}`;
    const before = Math.trunc(Date.now() / 1000);
    const { exitCode, out, err } = await run(program, [id, WORKSPACE], environment());
    expect([exitCode, withoutWarnings(err)]).toEqual([0, '']);
    expect(out).toMatch(
      new RegExp(`^written: topic=${world.topics.conversions} partition=\\d offset=0 schema=\\d+\n$`),
    );

    const event = await eventually('the event at TikTok', () => world.simulator.ledger().counted()[0]);
    expect(event.raw).toEqual({
      event: 'Lead',
      event_id: id,
      event_time: expect.any(Number),
      user: {
        email: sha256('ada@acme.example'),
        phone: sha256('+442079460018'),
        external_id: sha256('contact-42'),
        country: 'gb',
        ttclid: 'E.C.P.v3fQ2RHacdksKfofPmlyuStIIHJ4Af1tKYxF9zz2c2PLx1Oaw15oHpcfl5AH',
        ip: '81.2.69.142',
        user_agent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)',
      },
      properties: { value: 1200.5, currency: 'GBP' },
      page: { url: 'https://acme.example/demo?utm_source=tiktok' },
    });
    const { event_time: at } = event.raw as unknown as { readonly event_time: number };
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThanOrEqual(Math.trunc(Date.now() / 1000));
  });

  test('puts a key where every other language puts it, and what it sends twice is counted once', async () => {
    const id = 'conv-same-key';
    const withSlash = { ...environment(), SCHEMA_REGISTRY_URL: `${stack.registryUrl}/` };
    const runs = [typescriptProducer(), program].map(each => run(each, [id, WORKSPACE], withSlash));
    const partitions = (await Promise.all(runs)).map(({ out }) => /partition=(\d+)/.exec(out)?.[1]);
    expect(partitions).toEqual([expect.stringMatching(/^\d$/), partitions[0]]);
    await world.allCommitted();
    const counted = world.simulator.ledger().counted();
    expect(counted.filter(({ event_id }) => event_id === id)).toHaveLength(1);
  });

  test('says what is wrong with the registry, and what to do, and answers 1', async () => {
    const { exitCode, err } = await run(program, ['conv-x', WORKSPACE], { ...environment(), TOPIC: 'nowhere' });
    expect([exitCode, err]).toEqual([1, expect.stringMatching(/^error: the schema registry .*nowhere-value.*\n$/)]);
    expect(err).toContain('tiktok-sync schemas register');
    const wrongPath = { ...environment(), SCHEMA_REGISTRY_URL: new URL('/', stack.registryUrl).href };
    const lost = await run(program, ['conv-x', WORKSPACE], wrongPath);
    expect([lost.exitCode, lost.err]).toEqual([1, expect.stringContaining('/apis/ccompat/v7')]);
    const away = { ...environment(), SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1' };
    expect(await run(program, ['conv-x', WORKSPACE], away)).toMatchObject({
      exitCode: 1,
      err: expect.stringMatching(/^error: the schema registry at http:\/\/127\.0\.0\.1:1 /),
    });
  });

  test('says how it is called', async () => {
    const { exitCode, err } = await run(program, []);
    expect([exitCode, err]).toEqual([1, expect.stringContaining('CONVERSION_ID WORKSPACE_ID')]);
  });
});

describe('a producer where something is wrong', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld(stack, 'producer-wrong', { connections: [CONNECTION] });
  });
  afterAll(() => world.close());

  const environment = () => ({
    KAFKA_BROKERS: stack.brokers,
    SCHEMA_REGISTRY_URL: stack.registryUrl,
    TOPIC: world.topics.conversions,
  });

  test('says in each language which brokers did not take it, and what to look at, and answers 1', async () => {
    const env = { ...environment(), KAFKA_BROKERS: '127.0.0.1:1' };
    const programs = [typescriptProducer(), java.producer, python.producer];
    for (const { exitCode, err } of await Promise.all(programs.map(each => run(each, ['conv-x', WORKSPACE], env)))) {
      const last = err.trim().split('\n').at(-1) ?? '';
      expect([exitCode, last]).toEqual([
        1,
        expect.stringMatching(
          `^error: ${env.TOPIC} at 127.0.0.1:1 did not take the record: .*tiktok-sync topics check`,
        ),
      ]);
    }
  });

  test.each([
    ['an amount as a number', "'1200.50'", '1200.5', 'quote_value'],
    ['an amount with too many places', "'1200.50'", "'1200.12345'", 'quote_value'],
    ['an amount with too many digits', "'1200.50'", "'123456789012345.5'", 'quote_value'],
    ['an event without a required field', 'workspace_id: ', '// ', 'workspace_id'],
    ['a misspelt field', 'currency: ', 'curency: ', 'a field that it does not have'],
    ['a misspelt field of a touch', 'ttclid: ', 'tclid: ', 'last_touch'],
  ])('refuses in TypeScript, too, %s, and names it', async (_mistake, right, wrong, named) => {
    const { args, command } = typescriptProducer();
    const text = readFileSync(args[0] ?? '', 'utf8');
    const mistaken = text.replace(right, wrong);
    expect(mistaken).not.toBe(text);
    const evaluated = {
      command,
      args: ['--input-type=module-typescript', '--eval', mistaken, 'conversion-producer.ts'],
    };
    const { exitCode, err } = await run(evaluated, ['conv-x', WORKSPACE], environment());
    expect([exitCode, err]).toEqual([1, expect.stringMatching(`^error: the event is not as schema .*: ${named}\n$`)]);
  });
});
