import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { oauthMechanism } from '../../src/adapters/kafka-oauth.ts';
import { TokenEndpoint } from './token-endpoint.ts';

let endpoint: TokenEndpoint;
let mechanism: Mechanism;
let elapsedMs = 0;

beforeEach(async () => {
  endpoint = new TokenEndpoint();
  endpoint.issue = () => `token-${endpoint.requests.length}`;
  const oauth = { tokenEndpoint: await endpoint.start(), clientId: 'c', clientSecret: 's', scope: null };
  mechanism = oauthMechanism({ ...oauth, tokenFile: null });
  elapsedMs = 0;
  const start = performance.now();
  vi.spyOn(performance, 'now').mockImplementation(() => start + elapsedMs);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await endpoint[Symbol.asyncDispose]();
});

type Mechanism = ReturnType<typeof oauthMechanism>;
type Exchange = Parameters<Mechanism['authenticationProvider']>[0]['saslAuthenticate'];

/** The token that a broker is shown which takes it. */
const authenticate = () => shownTo(mechanism, '');

/** The token that a broker with this answer is shown. */
async function shownTo(mechanism: Mechanism, answer: string): Promise<string> {
  let shown = '';
  const saslAuthenticate: Exchange = async ({ request, response }) => {
    const message = (await request.encode()).toString('utf8', 4);
    shown ||= message.split('Bearer ')[1]?.split('\u0001')[0] ?? '';
    if (message === '\u0001') throw Object.assign(new Error(answer), { type: 'SASL_AUTHENTICATION_FAILED' });
    return response?.parse(await response.decode(Buffer.from(`    ${answer}`)));
  };
  const logger = {} as Parameters<Mechanism['authenticationProvider']>[0]['logger'];
  const provider = mechanism.authenticationProvider({ host: 'h', port: 1, logger, saslAuthenticate });
  await provider.authenticate().catch((error: Error) => {
    if (answer === '') throw error;
  });
  return shown;
}

test.each([
  [3_600, 2_880],
  [60, 48],
  // kafkajs wants another when 10 s are left.
  [40, 28],
  [10, 5],
])('a token for %i s is shown for %i s, then another is asked for', async (lifeSeconds, usedSeconds) => {
  endpoint.expiresIn = lifeSeconds;
  expect(await authenticate()).toBe('token-1');
  elapsedMs = usedSeconds * 1_000 - 1;
  expect(await authenticate()).toBe('token-1');
  elapsedMs = usedSeconds * 1_000;
  expect(await authenticate()).toBe('token-2');
});

test('connections that need a token at the same time share one request', async () => {
  expect(await Promise.all([authenticate(), authenticate(), authenticate()])).toEqual([
    'token-1',
    'token-1',
    'token-1',
  ]);
});

test('after a failure the endpoint is asked anew', async () => {
  endpoint.status = 500;
  await expect(authenticate()).rejects.toMatchObject({ retriable: true });
  endpoint.status = 200;
  expect(await authenticate()).toBe('token-2');
});

test('a token that a broker refused is not shown again', async () => {
  expect(await shownTo(mechanism, '{"status":"invalid_token"}')).toBe('token-1');
  expect(await authenticate()).toBe('token-2');
});
