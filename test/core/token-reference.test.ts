import { expect, test } from 'vitest';
import { tokenReferenceProblem } from '../../src/core/token-reference.ts';

test.each([
  ['file:acme'],
  ['file:tenants/acme.token'],
  ['file:a..b'],
  ['env:TIKTOK_TOKEN_ACME'],
  ['env:TIKTOK_TOKEN_9'],
  ['aesgcm:v1:k1:AAECAwQFBgcICQoLJvlt0aQ6m8TFY3Fb8t74tPw'],
])('%s can be looked up', reference => {
  expect(tokenReferenceProblem(reference)).toBeNull();
});

test.each([
  ['file:', 'name of a file'],
  ['file:/etc/passwd', 'inside the token folder'],
  ['file:../secret', 'inside the token folder'],
  ['file:a/../../b', 'inside the token folder'],
  ['file:a\\..\\b', 'inside the token folder'],
  ['file:a\0b', 'name of a file'],
  ['env:PATH', 'TIKTOK_TOKEN_'],
  ['env:TIKTOK_TOKEN_', 'TIKTOK_TOKEN_'],
  ['env:MY_TIKTOK_TOKEN_A', 'TIKTOK_TOKEN_'],
  ['aesgcm:v1:k:AAAA', 'envelope is malformed'],
  ['aesgcm:0123456789abcdef0123456789abcdef01234567', 'envelope is malformed'],
  ['0123456789abcdef0123456789abcdef01234567', 'never stored in clear'],
  ['FILE:acme', 'never stored in clear'],
])('%j is refused with a hint (%s), and not repeated', (reference, hint) => {
  const problem = tokenReferenceProblem(reference);
  expect(problem).toContain(hint);
  const secret = reference.slice(reference.indexOf(':') + 1);
  if (secret.length > 14) expect(problem).not.toContain(secret);
});
