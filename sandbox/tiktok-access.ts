/** Who may send for which pixel, and how often. Tokens stay in here: everything else sees their digests. */

import { createHash } from 'node:crypto';
import type { Problem } from './tiktok-checks.ts';
import { CODE, problem, TOO_FREQUENT } from './tiktok-checks.ts';

const EMPTY_TOKEN = problem('Access token is empty.', CODE.EMPTY_ACCESS_TOKEN);
const UNKNOWN_TOKEN = problem('Access token is incorrect or has been revoked.', CODE.INVALID_ACCESS_TOKEN);
const NOT_YOURS = problem(
  'No permission to operate pixel code: must be admin or operator of the advertiser.',
  CODE.PERMISSION_ERROR,
);

/** Short and stable; tells two tokens apart in the ledger without holding one. */
export function tokenDigest(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 16);
}

export class Access {
  /** Null where the token was revoked. */
  readonly #tokenOfPixel = new Map<string, string | null>();
  readonly #digests = new Map<string, string>();
  readonly #sentInSecond = new Map<string, { second: number; requests: number }>();

  /** Registers a pixel, or gives it a new token; the old one is unknown from then on. */
  addPixel(pixelId: string, token: string): void {
    this.removePixel(pixelId);
    this.#tokenOfPixel.set(pixelId, token);
    this.#digests.set(token, tokenDigest(token));
  }

  removePixel(pixelId: string): boolean {
    const token = this.#tokenOfPixel.get(pixelId);
    const removed = this.#tokenOfPixel.delete(pixelId);
    if (typeof token === 'string' && ![...this.#tokenOfPixel.values()].includes(token)) this.#forget(token);
    return removed;
  }

  /** Makes a token unknown; its pixels stay, and nobody may send for them until they are given another. */
  revokeToken(token: string): boolean {
    const known = this.#digests.has(token);
    for (const [pixelId, of] of this.#tokenOfPixel) if (of === token) this.#tokenOfPixel.set(pixelId, null);
    this.#forget(token);
    return known;
  }

  #forget(token: string): void {
    this.#digests.delete(token);
    this.#sentInSecond.delete(token);
  }

  digestOf(token: string | null): string | null {
    return token === null ? null : (this.#digests.get(token) ?? tokenDigest(token));
  }

  /** A `Bearer ` prefix is part of the value, so it makes any token unknown, as it does at TikTok. */
  tokenProblem(token: string | null): Problem | null {
    if (token === null || token === '') return EMPTY_TOKEN;
    return this.#digests.has(token) ? null : UNKNOWN_TOKEN;
  }

  /** An unknown pixel and somebody else's are answered alike. */
  pixelProblem(token: string, pixelId: string): Problem | null {
    return this.#tokenOfPixel.get(pixelId) === token ? null : NOT_YOURS;
  }

  /** Counts a request of a known token in the second of `nowMs`. */
  rateProblem(token: string, nowMs: number, perSecond: number): Problem | null {
    const second = Math.floor(nowMs / 1000);
    const sent = this.#sentInSecond.get(token);
    if (sent === undefined || sent.second !== second) {
      this.#sentInSecond.set(token, { second, requests: 1 });
      return null;
    }
    return ++sent.requests > perSecond ? TOO_FREQUENT : null;
  }
}
