import { describe, expect, test } from 'vitest';
import { openEnvelope, sealToken } from '../../src/core/token-envelope.ts';
import { keyLine, parseTokenKeys } from '../../src/core/token-keys.ts';
import { command, type Surroundings } from './fake-host.ts';

const TOKEN = 'CANARY-0123456789abcdef0123456789abcdef';
const [K1, K2] = [
  { id: 'k1', bytes: Buffer.alloc(32, 1) },
  { id: 'k2', bytes: Buffer.alloc(32, 2) },
];
const FILES = { keys: `${keyLine(K1)}\n${keyLine(K2)}\n`, 'token.txt': `${TOKEN}\r\n` };

function seal(flags: string, changes: Surroundings = {}) {
  return command(`tokens seal ${flags}`, { input: `${TOKEN}\n`, ...changes, files: { ...FILES, ...changes.files } });
}

/** The id of the key that an envelope was sealed with; it must open for the connection. */
function keyOf(envelope: string, connectionId = 'c1'): string {
  expect(openEnvelope(envelope, connectionId, [K1, K2])).toEqual({ token: TOKEN });
  return envelope.split(':')[2] ?? '';
}

describe('tokens seal', () => {
  test('prints an envelope of the token on standard input, alone', async () => {
    const { exitCode, out, err } = await seal('--connection c1 --key-file keys');
    expect([exitCode, err]).toEqual([0, '']);
    expect(out).toMatch(/^aesgcm:v1:k1:[\w-]+\n$/);
    expect(keyOf(out.trimEnd())).toBe('k1');
  });

  test('takes a new nonce each time', async () => {
    const [one, two] = [await seal('--connection c1 --key-file keys'), await seal('--connection c1 --key-file keys')];
    expect(one.out).not.toBe(two.out);
    expect(one.out.slice(13, 29)).not.toBe(two.out.slice(13, 29));
  });

  test('reads the token from a file', async () => {
    const { out } = await seal('--connection c1 --key-file keys --token-file token.txt', { input: 'another' });
    expect(keyOf(out.trimEnd())).toBe('k1');
  });

  test.each<[string, string, Record<string, string>, string]>([
    ['the first of the file', '--key-file keys', {}, 'k1'],
    ['the one that is named', '--key-file keys --key-id k2', {}, 'k2'],
    ['that of tokens.sealWith', '--key-file keys', { TIKTOK_SYNC_TOKENS_SEAL_WITH: 'k2' }, 'k2'],
    ['the named one all the same', '--key-file keys --key-id k1', { TIKTOK_SYNC_TOKENS_SEAL_WITH: 'k2' }, 'k1'],
    ['of tokens.keyFile', '', { TIKTOK_SYNC_TOKENS_KEY_FILE: 'keys' }, 'k1'],
  ])('seals with the key: %s', async (_, flags, env, key) => {
    const { out } = await seal(`--connection c1 ${flags}`, { env });
    expect(keyOf(out.trimEnd())).toBe(key);
  });

  test('--json tells connection and key beside it', async () => {
    const { out } = await seal('--connection acme --key-file keys --json');
    const printed = JSON.parse(out);
    expect(printed).toEqual({ connection_id: 'acme', key_id: 'k1', envelope: expect.any(String) });
    expect(keyOf(printed.envelope, 'acme')).toBe('k1');
  });

  test('seals an envelope anew with the key that seals now', async () => {
    const old = sealToken(TOKEN, 'c1', K1, Buffer.alloc(12));
    const { exitCode, out } = await seal(`--connection c1 --key-file keys --key-id k2 --envelope ${old}`);
    expect(exitCode).toBe(0);
    expect(keyOf(out.trimEnd())).toBe('k2');
  });
});

describe('tokens seal refuses', () => {
  const envelope = sealToken(TOKEN, 'c1', K1, Buffer.alloc(12));

  test.each<[string, string, Surroundings, number, RegExp]>([
    ['a token among the arguments', `--connection c1 --key-file keys ${TOKEN}`, {}, 2, /^USAGE {2}a token is never/],
    ['a token as a flag', `--connection c1 --key-file keys --token=${TOKEN}`, {}, 2, /^USAGE {2}a token is never/],
    ['no connection', '--key-file keys', {}, 2, /^USAGE .*--connection/],
    ['no key file', '--connection c1', {}, 2, /^USAGE {2}there is no key file: give --key-file, or set tokens.keyFile/],
    [
      'two tokens',
      `--connection c1 --key-file keys --token-file t --envelope ${envelope}`,
      {},
      2,
      /^USAGE .*two tokens/,
    ],
    ['a key file that is not there', '--connection c1 --key-file no', {}, 2, /^INPUT_UNREADABLE .*no/],
    ['a token file that is not there', '--connection c1 --key-file keys --token-file no', {}, 2, /^INPUT_UNREADABLE/],
    [
      'a malformed key file',
      '--connection c1 --key-file token.txt',
      {},
      3,
      /^TOKEN_KEYS_UNUSABLE {2}token.txt: line 1/,
    ],
    ['an unknown key', '--connection c1 --key-file keys --key-id k3', {}, 3, /^TOKEN_KEYS_UNUSABLE .*no key "k3"/],
    ['nothing', '--connection c1 --key-file keys', { input: '\n' }, 3, /^TOKEN_UNUSABLE {2}standard input is empty/],
    ['two lines', '--connection c1 --key-file keys', { input: `${TOKEN}\n${TOKEN}\n` }, 3, /^TOKEN_UNUSABLE/],
    [
      'a reference',
      '--connection c1 --key-file keys',
      { input: 'env:TIKTOK_TOKEN_A' },
      3,
      /^TOKEN_UNUSABLE .*a reference/,
    ],
    [
      'an envelope of another connection',
      `--connection c2 --key-file keys --envelope ${envelope}`,
      {},
      3,
      /another connection/,
    ],
    ['an envelope that is none', `--connection c1 --key-file keys --envelope ${TOKEN}`, {}, 3, /begins with aesgcm:/],
    ['half an envelope', `--connection c1 --key-file keys --envelope aesgcm:v1:${TOKEN}`, {}, 3, /is malformed/],
    [
      'a key id that is none',
      '--connection c1',
      { env: { TIKTOK_SYNC_TOKENS_SEAL_WITH: 'a b' } },
      3,
      /tokens.sealWith/,
    ],
  ])('%s, and repeats no token', async (_, flags, changes, code, problem) => {
    const { exitCode, out, err } = await seal(flags, changes);
    expect([exitCode, out]).toEqual([code, '']);
    expect(err).toMatch(problem);
    expect(err).not.toMatch(/CANARY|AQEB/);
  });
});

describe('tokens generate-key', () => {
  test('prints a line for the key file, another one each time', async () => {
    const [one, two] = [await command('tokens generate-key k1'), await command('tokens generate-key k2')];
    expect([one.exitCode, one.err]).toEqual([0, '']);
    const parsed = parseTokenKeys(one.out + two.out);
    if ('problem' in parsed) throw new Error(parsed.problem);
    expect(parsed.keys.map(({ id }) => id)).toEqual(['k1', 'k2']);
    expect(parsed.keys[0]?.bytes.equals(parsed.keys[1]?.bytes ?? Buffer.alloc(0))).toBe(false);
  });

  test('--json names the key', async () => {
    const { out } = await command('tokens generate-key k1 --json');
    expect(JSON.parse(out)).toEqual({ key_id: 'k1', line: expect.stringMatching(/^k1: [\w+/]{43}=$/) });
  });

  test.each(['a:b', '-k', 'x'.repeat(33)])('refuses the id %j', async id => {
    const { exitCode, out } = await command(`tokens generate-key ${id}`);
    expect([exitCode, out]).toEqual([2, '']);
  });

  test('refuses none', async () => {
    expect((await command('tokens generate-key')).exitCode).toBe(2);
  });
});

test.each(['seal', 'generate-key'])('tokens %s --help has examples and exit codes', async name => {
  const { exitCode, out } = await command(`tokens ${name} --help`);
  expect(exitCode).toBe(0);
  expect(out).toMatch(/Examples:\n {2}\$ .*tiktok-sync tokens/);
  expect(out).toContain('Exit codes: 0');
  expect(out).not.toContain('--token <');
});
