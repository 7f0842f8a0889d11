import { expect, it } from 'vitest';
import { mayHaveBeenTaken, ruleOfFailure, TRANSPORT_ROWS } from '../../src/core/transport-errors.ts';

const SURELY_NOT = [
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT', 'CONNECT_TIMEOUT', 'NOT_STARTED'],
  ...['CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'EPROTO', 'INVALID_CA'],
  ...['ERR_TLS_CERT_ALTNAME_INVALID', 'ERR_SSL_WRONG_VERSION_NUMBER', 'UND_ERR_CLOSED'],
];
const PERHAPS = [
  ...['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'REQUEST_TIMEOUT'],
  ...['ETIMEDOUT', 'EHOSTUNREACH', 'HPE_INVALID_CONSTANT', 'UND_ERR_DESTROYED', 'SomethingNew', ''],
];

it.each(SURELY_NOT)('%s comes before anything was written: not taken', code => {
  expect(mayHaveBeenTaken(code)).toBe(false);
});

it.each(PERHAPS)('%s may come after everything was written: perhaps taken', code => {
  expect(mayHaveBeenTaken(code)).toBe(true);
});

it('believes the one who saw the request fail more than the code', () => {
  expect(ruleOfFailure('ECONNRESET', false).class).toBe('retry');
  expect(ruleOfFailure('ECONNREFUSED', true).class).toBe('ambiguous');
});

it.each([
  ['ECONNREFUSED', true],
  ['ETIMEDOUT', true],
  ['SomethingNew', true],
  ['NOT_STARTED', false],
  ['UND_ERR_CLOSED', false],
  ['UND_ERR_DESTROYED', false],
])('%s says something about everybody: %s', (code, vendorWide) => {
  expect(ruleOfFailure(code, true).vendorWide).toBe(vendorWide);
});

it('knows the two names that undici has for an answer that is not HTTP', () => {
  for (const code of ['HTTPParserError', 'HPE_INVALID_CONSTANT']) expect(ruleOfFailure(code, true).name).toBe(code);
});

it('has each error once, and an advice for each', () => {
  const codes = TRANSPORT_ROWS.flatMap(row => [...row.codes, ...row.prefixes]);
  expect(new Set(codes).size).toBe(codes.length);
  for (const { advice } of TRANSPORT_ROWS) expect(advice).toMatch(/^[A-Z].{20,}\.$/);
});
