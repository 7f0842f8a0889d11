/** `tokens`: puts access tokens into envelopes, and makes keys for them. Nothing is contacted. */

import { randomBytes } from 'node:crypto';
import { tokenProblem, withoutLineEnd } from '../core/access-token.ts';
import { CodedError } from '../core/error-codes.ts';
import { NONCE_BYTES, openEnvelope, sealToken } from '../core/token-envelope.ts';
import { KEY_BYTES, keyLine, parseTokenKeys, sealingKey, type TokenKey } from '../core/token-keys.ts';
import { tokenReferenceProblem } from '../core/token-reference.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { type Host, readGiven } from './host.ts';

export interface SealRequest {
  readonly connectionId: string;
  readonly keyFile: string;
  /** Id of the key to seal with; null for the first of the file. */
  readonly keyId: string | null;
  /** File of the token; null for standard input. */
  readonly tokenFile: string | null;
  /** An envelope of this connection to be sealed anew; null where a token is given. */
  readonly envelope: string | null;
  readonly json: boolean;
}

/**
 * Prints an envelope.
 * @throws CodedError `INPUT_UNREADABLE`, `TOKEN_KEYS_UNUSABLE` or `TOKEN_UNUSABLE`; none repeats a token or a key
 */
export async function runSeal(request: SealRequest, host: Host): Promise<ExitCode> {
  const { connectionId, keyFile, keyId, json } = request;
  const keys = await readKeys(keyFile, host);
  const key = sealingKey(keys, keyId);
  if (key === null) throw new CodedError('TOKEN_KEYS_UNUSABLE', `${keyFile} has no key "${keyId}".`);
  const token =
    request.envelope === null ? await readToken(request, host) : reopened(request.envelope, connectionId, keys);
  const envelope = sealToken(token, connectionId, key, randomBytes(NONCE_BYTES));
  const printed = json ? JSON.stringify({ connection_id: connectionId, key_id: key.id, envelope }) : envelope;
  host.out.write(`${printed}\n`);
  return EXIT.ok;
}

/** Prints a line for the key file. */
export function runGenerateKey(id: string, json: boolean, host: Host): ExitCode {
  const line = keyLine({ id, bytes: randomBytes(KEY_BYTES) });
  host.out.write(json ? `${JSON.stringify({ key_id: id, line })}\n` : `${line}\n`);
  return EXIT.ok;
}

async function readKeys(keyFile: string, host: Host): Promise<readonly TokenKey[]> {
  const parsed = parseTokenKeys(await readGiven(keyFile, host));
  if ('problem' in parsed) throw new CodedError('TOKEN_KEYS_UNUSABLE', `${keyFile}: ${parsed.problem}.`);
  return parsed.keys;
}

async function readToken({ tokenFile }: SealRequest, host: Host): Promise<string> {
  const place = tokenFile ?? 'standard input';
  const token = withoutLineEnd(await readGiven(tokenFile, host));
  const problem = tokenProblem(token);
  if (problem !== null) throw new CodedError('TOKEN_UNUSABLE', `${place} ${problem}.`);
  // Somebody has confused the two: a sealed reference would be sent to TikTok as it is.
  if (/^(file|env|aesgcm):/.test(token)) {
    throw new CodedError('TOKEN_UNUSABLE', `${place} holds a reference (file:, env: or aesgcm:) and not a token.`);
  }
  return token;
}

function reopened(envelope: string, connectionId: string, keys: readonly TokenKey[]): string {
  const form = envelope.startsWith('aesgcm:') ? tokenReferenceProblem(envelope) : 'an envelope begins with aesgcm:';
  if (form !== null) throw new CodedError('TOKEN_UNUSABLE', `--envelope: ${form}.`);
  const opened = openEnvelope(envelope, connectionId, keys);
  if ('problem' in opened) throw new CodedError('TOKEN_UNUSABLE', `--envelope: ${opened.problem}.`);
  return opened.token;
}
