import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTokens } from '../../src/adapters/tokens.ts';
import { sealToken } from '../../src/core/token-envelope.ts';
import { keyLine, type TokenKey } from '../../src/core/token-keys.ts';
import type { TokenLookup } from '../../src/ports.ts';

let folder: string;
let dir: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tokens-test-'));
  dir = join(folder, 'tokens');
  mkdirSync(dir);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function tokensIn(env: Readonly<Record<string, string>>, keyFile: string | null = null) {
  return createTokens({ dir, keyFile }, env);
}

function put(name: string, text: string): void {
  writeFileSync(join(dir, name), text);
}

describe('file:NAME', () => {
  it.each(['abc123', 'abc123\n', 'abc123\r\n', '\uFEFFabc123\r\n'])(
    'reads %j without what editors put around it',
    text => {
      put('acme', text);
      const tokenDigest = '6ca13d52ca70c883';
      expect(tokensIn({}).lookup('file:acme', 'c1')).toEqual({ kind: 'token', token: 'abc123', tokenDigest });
    },
  );

  it('sees a rotated token at the next lookup', () => {
    put('acme', 'old-token');
    const tokens = tokensIn({});
    expect(tokens.lookup('file:acme', 'c1')).toMatchObject({ token: 'old-token' });
    writeFileSync(join(dir, 'acme.next'), 'new-token');
    renameSync(join(dir, 'acme.next'), join(dir, 'acme'));
    expect(tokens.lookup('file:acme', 'c1')).toMatchObject({ token: 'new-token' });
    rmSync(join(dir, 'acme'));
    expect(tokens.lookup('file:acme', 'c1')).toMatchObject({ kind: 'missing' });
  });

  it('follows links inside the folder, as a mounted secret is made of them', () => {
    mkdirSync(join(dir, '..2026_01'));
    put('..2026_01/acme', 'first');
    symlinkSync('..2026_01', join(dir, '..data'));
    symlinkSync('..data/acme', join(dir, 'acme'));
    const tokens = tokensIn({});
    expect(tokens.lookup('file:acme', 'c1')).toMatchObject({ token: 'first' });
    mkdirSync(join(dir, '..2026_02'));
    put('..2026_02/acme', 'again');
    symlinkSync('..2026_02', join(dir, '..data_tmp'));
    renameSync(join(dir, '..data_tmp'), join(dir, '..data'));
    expect(tokens.lookup('file:acme', 'c1')).toMatchObject({ token: 'again' });
  });

  it('follows no link out of the folder', () => {
    writeFileSync(join(folder, 'other'), 'another-secret');
    symlinkSync('../other', join(dir, 'acme'));
    expect(tokensIn({}).lookup('file:acme', 'c1')).toEqual({
      kind: 'missing',
      problem: 'the file "acme" is a link out of tokens.dir',
    });
  });

  it.each(['../other', 'a/../../other', '/etc/hostname', './../other', '', '.', 'a\0b', '..'])(
    'reads nothing for the name %j',
    name => {
      writeFileSync(join(folder, 'other'), 'another-secret');
      expect(tokensIn({}).lookup(`file:${name}`, 'c1')).toMatchObject({ kind: 'missing' });
    },
  );

  it.each([
    ['absent', null, 'there is no file "acme"'],
    ['empty', '', 'is empty'],
    ['two lines', 'one\ntwo\n', 'characters no token has'],
    ['a header smuggled in', 'one\r\nX-Other: 1', 'characters no token has'],
    ['huge', 'x'.repeat(5_000), 'too large'],
  ])('says what is wrong with a file that is %s', (_, text, problem) => {
    if (text !== null) put('acme', text);
    expect(tokensIn({}).lookup('file:acme', 'c1')).toEqual({
      kind: 'missing',
      problem: expect.stringContaining(problem),
    });
  });

  it('takes a folder for no token', () => {
    mkdirSync(join(dir, 'acme'));
    expect(tokensIn({}).lookup('file:acme', 'c1')).toMatchObject({ kind: 'missing' });
  });
});

describe('env:NAME', () => {
  const env = { TIKTOK_TOKEN_ACME: 'abc123', AWS_SECRET_ACCESS_KEY: 'not-yours', TIKTOK_TOKEN_: 'nameless' };

  it('reads variables that begin with TIKTOK_TOKEN_', () => {
    expect(tokensIn(env).lookup('env:TIKTOK_TOKEN_ACME', 'c1')).toMatchObject({ kind: 'token', token: 'abc123' });
  });

  it.each(['env:AWS_SECRET_ACCESS_KEY', 'env:TIKTOK_TOKEN_', 'env:constructor', 'env:TIKTOK_TOKEN_A B', 'env:'])(
    'reads nothing for %s',
    reference => {
      expect(tokensIn(env).lookup(reference, 'c1')).toMatchObject({ kind: 'missing' });
    },
  );

  it('names the variable that is not set', () => {
    expect(tokensIn(env).lookup('env:TIKTOK_TOKEN_OTHER', 'c1')).toEqual({
      kind: 'missing',
      problem: 'the variable TIKTOK_TOKEN_OTHER is not set',
    });
  });
});

describe('anything else', () => {
  it('is refused with a hint, and never repeated, since it may be a token', () => {
    const reference = 'e8f0c1d2a3b4e8f0c1d2a3b4e8f0c1d2a3b4';
    const lookup = tokensIn({}).lookup(reference, 'c1');
    expect(lookup).toMatchObject({ kind: 'missing', problem: expect.stringContaining('never stored in clear') });
    expect(JSON.stringify(lookup)).not.toContain(reference);
  });
});

describe('an envelope', () => {
  const [OLD, NEW] = [
    { id: 'old', bytes: Buffer.alloc(32, 1) },
    { id: 'new', bytes: Buffer.alloc(32, 2) },
  ];
  const NONCE = Buffer.alloc(12, 3);
  const TOKEN = 'CANARY-0123456789abcdef';
  const sealed = (key: TokenKey, token = TOKEN) => sealToken(token, 'c1', key, NONCE);
  let keyFile: string;

  beforeEach(() => {
    keyFile = join(folder, 'keys');
    writeKeys(OLD);
  });

  function writeKeys(...keys: readonly TokenKey[]): void {
    writeFileSync(keyFile, keys.map(key => `${keyLine(key)}\n`).join(''));
  }

  function missing(lookup: TokenLookup): string {
    expect(JSON.stringify(lookup)).not.toMatch(/CANARY|AQEBAQ|AgICAg/);
    return lookup.kind === 'missing' ? lookup.problem : 'not missing';
  }

  it('opens for its connection and for no other', () => {
    const tokens = tokensIn({}, keyFile);
    expect(tokens.lookup(sealed(OLD), 'c1')).toMatchObject({ kind: 'token', token: TOKEN });
    expect(missing(tokens.lookup(sealed(OLD), 'c2'))).toContain('sealed for another connection');
  });

  it('has the digest that its token has elsewhere', () => {
    put('acme', TOKEN);
    const tokens = tokensIn({}, keyFile);
    expect(tokens.lookup(sealed(OLD), 'c1')).toEqual(tokens.lookup('file:acme', 'c1'));
  });

  it('of a new key opens at the next lookup after the key came, and of the old one as long as that is there', () => {
    const tokens = tokensIn({}, keyFile);
    expect(missing(tokens.lookup(sealed(NEW), 'c1'))).toBe('there is no key "new" in the key file');
    writeKeys(NEW, OLD);
    expect(tokens.lookup(sealed(NEW), 'c1')).toMatchObject({ token: TOKEN });
    expect(tokens.lookup(sealed(OLD), 'c1')).toMatchObject({ token: TOKEN });
    writeKeys(NEW);
    expect(missing(tokens.lookup(sealed(OLD), 'c1'))).toBe('there is no key "old" in the key file');
  });

  it('does not open while the key file is gone or malformed, and opens when it is back', () => {
    const tokens = tokensIn({}, keyFile);
    rmSync(keyFile);
    expect(missing(tokens.lookup(sealed(OLD), 'c1'))).toMatch(/keys cannot be read \(ENOENT\)$/);
    writeFileSync(keyFile, 'CANARY');
    expect(missing(tokens.lookup(sealed(OLD), 'c1'))).toMatch(/keys: line 1 is not KEY-ID: BASE64$/);
    writeKeys(OLD);
    expect(tokens.lookup(sealed(OLD), 'c1')).toMatchObject({ token: TOKEN });
  });

  it('does not open without a key file', () => {
    expect(missing(tokensIn({}).lookup(sealed(OLD), 'c1'))).toBe('tokens.keyFile is not set');
  });

  it('says what is wrong with its form, and with what it holds', () => {
    const tokens = tokensIn({}, keyFile);
    expect(missing(tokens.lookup('aesgcm:v1:CANARY', 'c1'))).toContain('the envelope is malformed');
    expect(missing(tokens.lookup(sealed(OLD, 'CANARY\r\nX-Other: 1'), 'c1'))).toBe(
      'what the envelope holds is empty or holds blanks or other characters no token has',
    );
  });

  const makeFolder = () => {
    rmSync(keyFile);
    mkdirSync(keyFile);
  };

  it.each([
    ['is not there', () => rmSync(keyFile), 'cannot be read (ENOENT)'],
    ['is a folder', makeFolder, 'cannot be read (EISDIR)'],
    ['is malformed', () => writeFileSync(keyFile, 'CANARY'), 'line 1 is not KEY-ID: BASE64'],
    ['is huge', () => writeFileSync(keyFile, '#'.repeat(300_000)), 'too large for keys'],
  ])('has a key file that %s: nothing starts', (_, spoil, problem) => {
    spoil();
    const opening = expect(() => tokensIn({}, keyFile));
    opening.toThrow(
      expect.objectContaining({ code: 'TOKEN_KEYS_UNUSABLE', message: expect.stringContaining(problem) }),
    );
    opening.not.toThrow('CANARY');
  });
});

describe('a file that was just written', () => {
  it('is read again, since the clock of its file system may stand still meanwhile', () => {
    const path = join(dir, 'acme');
    const now = new Date();
    const tokens = tokensIn({});
    for (const token of ['one', 'two', 'six']) {
      writeFileSync(path, token);
      utimesSync(path, now, now);
      expect(tokens.lookup('file:acme', 'c1')).toMatchObject({ token });
    }
  });

  it('is read again when it was written over with the times and the size of the one before', () => {
    const path = join(dir, 'acme');
    const old = new Date(Date.now() - 60_000);
    const write = (token: string): number => {
      writeFileSync(path, token);
      utimesSync(path, old, old);
      return statSync(path).ctimeMs;
    };
    const tokens = tokensIn({});
    const before = write('one');
    expect(tokens.lookup('file:acme', 'c1')).toMatchObject({ token: 'one' });
    while (write('two') === before);
    expect(tokens.lookup('file:acme', 'c1')).toMatchObject({ token: 'two' });
  });

  it('is not read again once it is old and unchanged', () => {
    put('acme', 'one');
    const old = new Date(Date.now() - 60_000);
    utimesSync(join(dir, 'acme'), old, old);
    const tokens = tokensIn({});
    expect(tokens.lookup('file:acme', 'c1')).toBe(tokens.lookup('file:acme', 'c1'));
  });
});
