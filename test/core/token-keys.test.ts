import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { isKeyId, keyLine, parseTokenKeys, sealingKey, type TokenKey } from '../../src/core/token-keys.ts';

const [OLD, NEW] = [Buffer.alloc(32, 0xfb), Buffer.alloc(32, 2)];
const OLD_TEXT = OLD.toString('base64');

function keys(text: string): readonly TokenKey[] {
  const parsed = parseTokenKeys(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.keys;
}

describe('a key file', () => {
  it('holds keys in their order, between comments and empty lines', () => {
    const text = `# keys\n\nnew-2026.1: ${NEW.toString('base64')}\n  # the one before\nold_1: ${OLD_TEXT}\n`;
    expect(keys(text)).toEqual([
      { id: 'new-2026.1', bytes: NEW },
      { id: 'old_1', bytes: OLD },
    ]);
  });

  it.each([
    ['as YAML would quote it', `k1: "${OLD_TEXT}"`],
    ['in the alphabet of URLs, without padding', `k1: ${OLD.toString('base64url')}`],
    ['with the line ends and the mark of Windows', `\uFEFFk1: ${OLD_TEXT}\r\n`],
    ['without a blank', `k1:${OLD_TEXT}`],
  ])('may hold a key %s', (_, text) => {
    expect(keys(text)).toEqual([{ id: 'k1', bytes: OLD }]);
  });

  it.each([
    ['nothing', '', 'it holds no key'],
    ['comments only', '# k1\n', 'it holds no key'],
    ['a line that is no key', `k1: ${OLD_TEXT}\nCANARY\n`, 'line 2 is not KEY-ID: BASE64'],
    ['an id that is none', `CANARY CANARY: ${OLD_TEXT}`, 'line 1 is not KEY-ID: BASE64'],
    ['an id as long as a token', `${'a'.repeat(33)}: ${OLD_TEXT}`, 'line 1 is not KEY-ID: BASE64'],
    ['an id twice', `k1: ${OLD_TEXT}\nk1: ${NEW.toString('base64')}`, 'line 2 has the id of an earlier key'],
    ['a key of 16 bytes', `k1: ${OLD.subarray(16).toString('base64')}`, 'line 1 is not 32 bytes'],
    ['a key of 33 bytes', `k1: ${Buffer.alloc(33, 7).toString('base64')}`, 'line 1 is not 32 bytes'],
    ['a key with spare bits', `k1: ${OLD_TEXT.replace(/.=$/, '/=')}`, 'line 1 is not 32 bytes'],
    ['hexadecimal', `k1: ${OLD.toString('hex')}`, 'line 1 is not 32 bytes'],
    ['no base64', 'k1: CANARY!CANARY', 'line 1 is not KEY-ID: BASE64'],
  ])('with %s is refused as a whole', (_, text, problem) => {
    const parsed = parseTokenKeys(text);
    expect(parsed).toEqual({ problem: expect.stringContaining(problem) });
    for (const secret of ['CANARY', OLD_TEXT.slice(0, 8), OLD.toString('hex').slice(0, 8)]) {
      expect(JSON.stringify(parsed)).not.toContain(secret);
    }
  });

  it('is read back from the lines that are printed', () => {
    const anyKey = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(bytes => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.array(anyKey, { minLength: 1, maxLength: 4 }), list => {
        const made = list.map((bytes, index) => ({ id: `k${index}`, bytes }));
        expect(keys(made.map(keyLine).join('\n'))).toEqual(made);
      }),
    );
  });

  it('never makes the reading throw', () => {
    fc.assert(
      fc.property(fc.string(), text => {
        expect(Object.keys(parseTokenKeys(text))).toEqual([expect.stringMatching(/^(keys|problem)$/)]);
      }),
    );
  });
});

test('the first key seals, or the one that is named', () => {
  const [first, second] = [
    { id: 'a', bytes: NEW },
    { id: 'b', bytes: OLD },
  ];
  expect(sealingKey([first, second], null)).toBe(first);
  expect(sealingKey([first, second], 'b')).toBe(second);
  expect(sealingKey([first, second], 'c')).toBeNull();
});

test.each([
  ['k1', true],
  ['2026-01.a_b', true],
  ['', false],
  ['-k', false],
  ['a:b', false],
  ['a b', false],
  ['a'.repeat(33), false],
])('%j is a key id: %s', (text, is) => {
  expect(isKeyId(text)).toBe(is);
});
