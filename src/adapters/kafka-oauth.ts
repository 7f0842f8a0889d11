/** Tokens for SASL/OAUTHBEARER: from a file that something else keeps fresh, or from a token endpoint. */

import { readFile } from 'node:fs/promises';
import type { Mechanism } from 'kafkajs';
import { requireInternal } from './kafka-internals.ts';

/** Either `tokenFile`, or `tokenEndpoint` with a client's credentials (OAuth 2.0 client credentials grant, RFC 6749 4.4). */
export interface OAuthOptions {
  readonly tokenEndpoint: string | null;
  readonly clientId: string | null;
  readonly clientSecret: string | null;
  readonly scope: string | null;
  readonly tokenFile: string | null;
}

/** A token, and how to have it asked for anew. */
interface TokenSource {
  current(): Promise<string>;
  /** The brokers do not take the token. */
  forget(): void;
}

/** Below the client's own limit for a whole authentication (10 s). */
const ENDPOINT_TIMEOUT_MS = 8_000;
/** A token is not used in the last part of its life, so that it does not end between here and the broker. */
const UNUSED_SHARE_OF_LIFE = 0.2;
/**
 * kafkajs authenticates anew when 10 s are left. With a token that has hardly more it would do so at every request, and
 * brokers refuse a connection that does so within a second.
 */
const UNUSED_AT_LEAST_MS = 12_000;
const DEFAULT_LIFE_SECONDS = 60;
/** RFC 7628 3.2.3: what a client says to a refusal, so that the server can end the exchange. */
const ACKNOWLEDGED = '\u0001';

/**
 * OAUTHBEARER (RFC 7628) for kafkajs. Its own does not read the broker's answer: it takes a refused token for accepted,
 * and the next request finds the connection closed. Asked for at each connection and re-authentication.
 */
export function oauthMechanism(options: OAuthOptions): Mechanism {
  const token = tokenSource(options);
  const { KafkaJSSASLAuthenticationError } = requireInternal<KafkajsErrors>('errors.js');
  return {
    mechanism: 'oauthbearer',
    authenticationProvider: ({ saslAuthenticate }) => ({
      async authenticate() {
        const message = `n,,\u0001auth=Bearer ${await token.current()}\u0001\u0001`;
        try {
          // Empty when the token was taken; why it was not, otherwise.
          const refusal = await saslAuthenticate({ request: sized(message), response: ANSWER });
          if (refusal) await saslAuthenticate({ request: sized(ACKNOWLEDGED), response: ANSWER });
        } catch (error) {
          if ((error as { type?: unknown }).type !== 'SASL_AUTHENTICATION_FAILED') throw error;
          token.forget();
          throw new KafkaJSSASLAuthenticationError(
            `SASL OAUTHBEARER: the brokers refuse the token (${statusIn(error)})`,
          );
        }
      },
    }),
  };
}

interface KafkajsErrors {
  readonly KafkaJSSASLAuthenticationError: new (message: string) => Error;
}

/** kafkajs keeps the length in front of what a mechanism writes and reads. */
const LENGTH_BYTES = 4;

const ANSWER = {
  decode: (answer: Buffer) => answer,
  parse: (answer: Buffer) => answer.toString('utf8', LENGTH_BYTES),
};

function sized(text: string) {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeInt32BE(bytes.length);
  return { encode: () => Buffer.concat([length, bytes]) };
}

/** The refusal's own word; the rest of it may quote the token. */
function statusIn(error: unknown): string {
  return /"status":"(\w+)"/.exec(String(error))?.[1] ?? 'no reason given';
}

function tokenSource(options: OAuthOptions): TokenSource {
  const { tokenFile, tokenEndpoint } = options;
  if (tokenFile !== null) return { current: () => tokenFromFile(tokenFile), forget: () => {} };
  if (tokenEndpoint === null) throw new Error('KAFKA_OAUTH_UNSET: oauthbearer needs a token file or a token endpoint');
  return cached(() => requestToken(tokenEndpoint, options));
}

interface IssuedToken {
  readonly value: string;
  readonly lifeMs: number;
}

function cached(request: () => Promise<IssuedToken>): TokenSource {
  let token: Promise<IssuedToken> | null = null;
  let goodUntil = 0;
  const renew = async (): Promise<IssuedToken> => {
    try {
      const issued = await request();
      goodUntil = performance.now() + usedMs(issued.lifeMs);
      return issued;
    } catch (error) {
      token = null;
      throw error;
    }
  };
  return {
    async current() {
      if (token === null || performance.now() >= goodUntil) {
        // Whoever comes meanwhile waits for the same answer.
        goodUntil = Number.POSITIVE_INFINITY;
        token = renew();
      }
      return (await token).value;
    },
    forget() {
      token = null;
    },
  };
}

/** At least half of its life, or the endpoint would be asked all the time. */
function usedMs(lifeMs: number): number {
  return Math.max(lifeMs / 2, lifeMs - Math.max(lifeMs * UNUSED_SHARE_OF_LIFE, UNUSED_AT_LEAST_MS));
}

async function tokenFromFile(path: string): Promise<string> {
  try {
    const value = (await readFile(path, 'utf8')).trim();
    if (value !== '') return value;
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
    throw unavailable(`the token endpoint does not answer (${codeOf(error)}); check kafka.sasl.oauth.tokenEndpoint`);
  });
  if (!response.ok) {
    const hint = 'check kafka.sasl.oauth.tokenEndpoint, clientId, clientSecret and scope';
    throw unavailable(`the token endpoint answered ${response.status}; ${hint}`);
  }
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
