import { expect, test } from 'vitest';
import { LONGEST_TOKEN_BYTES, tokenProblem, withoutLineEnd } from '../../src/core/access-token.ts';

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
])('%j without its line end is %j', (text, token) => {
  expect(withoutLineEnd(text)).toBe(token);
});
