import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTokens } from '../../src/adapters/tokens.ts';

let folder: string;
let dir: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tokens-test-'));
  dir = join(folder, 'tokens');
  mkdirSync(dir);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(name: string, text: string): void {
  writeFileSync(join(dir, name), text);
}

describe('file:NAME', () => {
  it.each(['abc123', 'abc123\n', 'abc123\r\n'])('reads %j without its line end', text => {
    put('acme', text);
    const digest = '6ca13d52ca70c883';
    expect(createTokens(dir, {}).lookup('file:acme')).toEqual({ kind: 'token', token: 'abc123', digest });
  });

  it('sees a rotated token at the next lookup', () => {
    put('acme', 'old-token');
    const tokens = createTokens(dir, {});
    expect(tokens.lookup('file:acme')).toMatchObject({ token: 'old-token' });
    writeFileSync(join(dir, 'acme.next'), 'new-token');
    renameSync(join(dir, 'acme.next'), join(dir, 'acme'));
    expect(tokens.lookup('file:acme')).toMatchObject({ token: 'new-token' });
    rmSync(join(dir, 'acme'));
    expect(tokens.lookup('file:acme')).toMatchObject({ kind: 'missing' });
  });

  it('follows links inside the folder, as a mounted secret is made of them', () => {
    mkdirSync(join(dir, '..2026_01'));
    put('..2026_01/acme', 'first');
    symlinkSync('..2026_01', join(dir, '..data'));
    symlinkSync('..data/acme', join(dir, 'acme'));
    const tokens = createTokens(dir, {});
    expect(tokens.lookup('file:acme')).toMatchObject({ token: 'first' });
    mkdirSync(join(dir, '..2026_02'));
    put('..2026_02/acme', 'again');
    symlinkSync('..2026_02', join(dir, '..data_tmp'));
    renameSync(join(dir, '..data_tmp'), join(dir, '..data'));
    expect(tokens.lookup('file:acme')).toMatchObject({ token: 'again' });
  });

  it('follows no link out of the folder', () => {
    writeFileSync(join(folder, 'other'), 'another-secret');
    symlinkSync('../other', join(dir, 'acme'));
    expect(createTokens(dir, {}).lookup('file:acme')).toEqual({
      kind: 'missing',
      problem: 'the file "acme" is a link out of tokens.dir',
    });
  });

  it.each(['../other', 'a/../../other', '/etc/hostname', './../other', '', '.', 'a\0b', '..'])(
    'reads nothing for the name %j',
    name => {
      writeFileSync(join(folder, 'other'), 'another-secret');
      expect(createTokens(dir, {}).lookup(`file:${name}`)).toMatchObject({ kind: 'missing' });
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
    expect(createTokens(dir, {}).lookup('file:acme')).toEqual({
      kind: 'missing',
      problem: expect.stringContaining(problem),
    });
  });

  it('takes a folder for no token', () => {
    mkdirSync(join(dir, 'acme'));
    expect(createTokens(dir, {}).lookup('file:acme')).toMatchObject({ kind: 'missing' });
  });
});

describe('env:NAME', () => {
  const env = { TIKTOK_TOKEN_ACME: 'abc123', AWS_SECRET_ACCESS_KEY: 'not-yours', TIKTOK_TOKEN_: 'nameless' };

  it('reads variables that begin with TIKTOK_TOKEN_', () => {
    expect(createTokens(dir, env).lookup('env:TIKTOK_TOKEN_ACME')).toMatchObject({ kind: 'token', token: 'abc123' });
  });

  it.each(['env:AWS_SECRET_ACCESS_KEY', 'env:TIKTOK_TOKEN_', 'env:constructor', 'env:TIKTOK_TOKEN_A B', 'env:'])(
    'reads nothing for %s',
    reference => {
      expect(createTokens(dir, env).lookup(reference)).toMatchObject({ kind: 'missing' });
    },
  );

  it('names the variable that is not set', () => {
    expect(createTokens(dir, env).lookup('env:TIKTOK_TOKEN_OTHER')).toEqual({
      kind: 'missing',
      problem: 'the variable TIKTOK_TOKEN_OTHER is not set',
    });
  });
});

describe('anything else', () => {
  it('is refused with a hint, and never repeated, since it may be a token', () => {
    const reference = 'e8f0c1d2a3b4e8f0c1d2a3b4e8f0c1d2a3b4';
    const lookup = createTokens(dir, {}).lookup(reference);
    expect(lookup).toMatchObject({ kind: 'missing', problem: expect.stringContaining('never stored in clear') });
    expect(JSON.stringify(lookup)).not.toContain(reference);
  });

  it('says of an envelope that it will be supported', () => {
    expect(createTokens(dir, {}).lookup('aesgcm:v1:key:AAAA')).toEqual({
      kind: 'missing',
      problem: expect.stringContaining('not supported before the next release'),
    });
  });
});
