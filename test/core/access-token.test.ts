import { expect, test } from 'vitest';
import {
  LONGEST_TOKEN_BYTES,
  looksLikeToken,
  tokenProblem,
  withoutLineEnd,
  withoutToken,
} from '../../src/core/access-token.ts';

test.each(['0123456789abcdef0123456789abcdef01234567', 'a', '~!'])('%j may be sent', token => {
  expect(tokenProblem(token)).toBeNull();
});

test.each([
  ['', 'is empty or holds blanks'],
  ['two words', 'holds blanks'],
  ['one\r\nX-Other: 1', 'characters no token has'],
  ['zażółć', 'characters no token has'],
  ['x'.repeat(LONGEST_TOKEN_BYTES + 1), 'too large'],
])('%j may not (%s), and is not repeated', (token, problem) => {
  expect(tokenProblem(token)).toContain(problem);
  if (token.length > 5) expect(tokenProblem(token)).not.toContain(token.slice(0, 5));
});

test.each([
  ['token\n', 'token'],
  ['token\r\n', 'token'],
  ['token', 'token'],
  ['token\n\n', 'token\n'],
  ['\uFEFFtoken\r\n', 'token'],
  ['\uFEFF\uFEFFtoken', '\uFEFFtoken'],
])('%j without its line end and byte order mark is %j', (text, token) => {
  expect(withoutLineEnd(text)).toBe(token);
});

test.each([
  ['0123456789abcdef0123456789abcdef01234567', true],
  ['f3a9c1d27be84a6f90c2', true],
  ['abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrst', true],
  ['max_requests_per_second', false],
  ['max_requests_per_secondd', false],
  ['utm_source_2', false],
])('whether %s looks like a token: %s', (word, expected) => {
  expect(looksLikeToken(word)).toBe(expected);
});

const TOKEN = 'tok/"Seal+1';

test.each([
  ['as it is', `Access token ${TOKEN} of PIXEL1 is incorrect`],
  ['as JSON writes it', JSON.stringify(`Access token ${TOKEN} of PIXEL1 is incorrect`).slice(1, -1)],
  ['with escaped slashes', 'Access token tok\\/\\"Seal+1 of PIXEL1 is incorrect'],
  ['with characters escaped by their number', 'Access token tok\\u002F\\u0022Seal\\u002b1 of PIXEL1 is incorrect'],
  ['twice', `Access token ${TOKEN}${TOKEN} of PIXEL1 is incorrect`],
])('a text that holds a token %s is left without it', (_, text) => {
  expect(withoutToken(text, TOKEN)).toMatch(/^Access token (\[redacted\])+ of PIXEL1 is incorrect$/);
});

test('a text without the token stays as it is, whatever it escapes', () => {
  const text = JSON.stringify({ code: 0, message: 'a "quoted" one' });
  expect(withoutToken(text, TOKEN)).toBe(text);
  expect(withoutToken(text, 'code')).toBe(text);
});
