/** Tokens for SASL/OAUTHBEARER: from a file that something else keeps fresh, or from a token endpoint. */

import { readFile } from 'node:fs/promises';

/** Either `tokenFile`, or `tokenEndpoint` with a client's credentials (OAuth 2.0 client credentials grant, RFC 6749 4.4). */
export interface OAuthOptions {
  readonly tokenEndpoint: string | null;
  readonly clientId: string | null;
  readonly clientSecret: string | null;
  readonly scope: string | null;
  readonly tokenFile: string | null;
}

type TokenProvider = () => Promise<{ value: string }>;

/** Below the client's own limit for a whole authentication (10 s). */
const ENDPOINT_TIMEOUT_MS = 8_000;
/** A token is not used in the last part of its life, so that it does not end between here and the broker. */
const USED_SHARE_OF_LIFE = 0.8;
const DEFAULT_LIFE_SECONDS = 60;

/** Asked at each connection and re-authentication. Rejects with a `retriable` error: the endpoint may come back. */
export function oauthTokenProvider(options: OAuthOptions): TokenProvider {
  const { tokenFile, tokenEndpoint } = options;
  if (tokenFile !== null) return () => tokenFromFile(tokenFile);
  if (tokenEndpoint === null) throw new Error('KAFKA_OAUTH_UNSET: oauthbearer needs a token file or a token endpoint');
  return cached(() => requestToken(tokenEndpoint, options));
}

interface IssuedToken {
  readonly value: string;
  readonly lifeMs: number;
}

function cached(request: () => Promise<IssuedToken>): TokenProvider {
  let current: Promise<IssuedToken> | null = null;
  let goodUntil = 0;
  return async () => {
    if (current === null || performance.now() >= goodUntil) {
      goodUntil = Number.POSITIVE_INFINITY;
      current = request().then(
        token => {
          goodUntil = performance.now() + token.lifeMs * USED_SHARE_OF_LIFE;
          return token;
        },
        error => {
          current = null;
          throw error;
        },
      );
    }
    const { value } = await current;
    return { value };
  };
}

async function tokenFromFile(path: string): Promise<{ value: string }> {
  try {
    const value = (await readFile(path, 'utf8')).trim();
    if (value !== '') return { value };
  } catch (error) {
    throw unavailable(`the token file cannot be read (${codeOf(error)}); check kafka.sasl.oauth.tokenFile`);
  }
  throw unavailable('the token file is empty; check kafka.sasl.oauth.tokenFile');
}

async function requestToken(endpoint: string, { clientId, clientSecret, scope }: OAuthOptions): Promise<IssuedToken> {
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (scope !== null) form.set('scope', scope);
  const credentials = `${encodeURIComponent(clientId ?? '')}:${encodeURIComponent(clientSecret ?? '')}`;
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}`, accept: 'application/json' },
    body: form,
    signal: AbortSignal.timeout(ENDPOINT_TIMEOUT_MS),
  }).catch((error: unknown) => {
    throw unavailable(`the token endpoint does not answer (${codeOf(error)})`);
  });
  if (!response.ok) throw unavailable(`the token endpoint answered ${response.status}`);
  return issuedToken(await response.json().catch(() => null));
}

function issuedToken(answer: unknown): IssuedToken {
  const { access_token, expires_in } = (answer ?? {}) as { access_token?: unknown; expires_in?: unknown };
  if (typeof access_token !== 'string') throw unavailable('the token endpoint answered without an access_token');
  return { value: access_token, lifeMs: 1000 * (Number(expires_in) || DEFAULT_LIFE_SECONDS) };
}

function unavailable(problem: string): Error {
  return Object.assign(new Error(`KAFKA_OAUTH_UNAVAILABLE: ${problem}`), { retriable: true });
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { code, cause } = error as Error & { code?: unknown };
  if (typeof code === 'string') return code;
  return cause === undefined ? error.name : codeOf(cause);
}
