/**
 * One JSON request to the schema registry, over node's own client: unlike `fetch` it takes a private CA and a client
 * certificate, and it has no hidden retries.
 */

import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { TlsMaterial } from './tls-files.ts';

export interface RegistryConnection {
  /** Base URL of the Confluent-compatible API, without a trailing slash. */
  readonly url: string;
  readonly username: string | null;
  readonly password: string | null;
  /** For the whole exchange, connecting included. */
  readonly timeoutMs: number;
  /** For an `https:` URL. */
  readonly tls: TlsMaterial;
}

export interface RegistryResponse {
  readonly status: number;
  /** Parsed JSON; the text itself where it is none. */
  readonly body: unknown;
}

const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';
/** A schema is some kilobytes; anything above this is no registry. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** Resolves with whatever status came; rejects when no complete answer came in time. */
export function askRegistry(
  connection: RegistryConnection,
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  payload: object | null,
): Promise<RegistryResponse> {
  const url = new URL(connection.url + path);
  const options = {
    method,
    headers: headersOf(connection, payload),
    signal: AbortSignal.timeout(connection.timeoutMs),
    ...(url.protocol === 'https:' ? connection.tls : {}),
  };
  const { promise, resolve, reject } = Promise.withResolvers<RegistryResponse>();
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, response => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) request.destroy(new Error('the answer is too large for a schema registry'));
      else chunks.push(chunk);
    });
    response.on('error', reject);
    response.on('end', () => {
      resolve({ status: response.statusCode ?? 0, body: parse(Buffer.concat(chunks).toString('utf8')) });
    });
  });
  request.on('error', reject);
  request.end(payload === null ? undefined : JSON.stringify(payload));
  return promise;
}

function headersOf({ username, password }: RegistryConnection, payload: object | null): Record<string, string> {
  const headers: Record<string, string> = { accept: `${MEDIA_TYPE}, application/json` };
  if (payload !== null) headers['content-type'] = MEDIA_TYPE;
  if (username !== null) {
    headers['authorization'] = `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
  }
  return headers;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
