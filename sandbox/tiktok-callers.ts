/** Which token was used when, and with what success: kept beside the ledger's entries, and on when those are full. */

/** What one token was used for. Times are epoch milliseconds of the simulator's clock; null for never. */
export interface TokenUse {
  requests: number;
  /** Sent with it, taken or not. */
  events: number;
  taken_requests: number;
  first_at: number;
  last_at: number;
  last_taken_at: number | null;
  /** Requests by the code in the answer; `none` without one. */
  readonly by_code: Record<string, number>;
}

/** What is noted of a request. */
export interface Use {
  readonly token: string | null;
  readonly at: number;
  readonly events: number;
  readonly taken: boolean;
  readonly code: number | null;
}

/** By digest of the token; those who came without one are `none`, those beyond the bound are counted as `other`. */
export class Callers {
  readonly #uses = new Map<string, TokenUse>();
  readonly #max: number;

  /** `max` bounds the digests that are told apart. */
  constructor(max: number) {
    this.#max = max;
  }

  note({ token, at, events, taken, code }: Use): void {
    const use = this.#useOf(token ?? 'none', at);
    use.requests++;
    use.events += events;
    // Requests are noted when they are judged, which is not the order in which they arrived.
    use.first_at = Math.min(use.first_at, at);
    use.last_at = Math.max(use.last_at, at);
    if (taken) {
      use.taken_requests++;
      use.last_taken_at = Math.max(use.last_taken_at ?? at, at);
    }
    const name = String(code ?? 'none');
    use.by_code[name] = (use.by_code[name] ?? 0) + 1;
  }

  uses(): Readonly<Record<string, TokenUse>> {
    return Object.fromEntries([...this.#uses].map(([digest, use]) => [digest, structuredClone(use)]));
  }

  clear(): void {
    this.#uses.clear();
  }

  #useOf(digest: string, at: number): TokenUse {
    const name = this.#uses.has(digest) || this.#uses.size < this.#max ? digest : 'other';
    const known = this.#uses.get(name);
    if (known !== undefined) return known;
    const use = {
      requests: 0,
      events: 0,
      taken_requests: 0,
      first_at: at,
      last_at: at,
      last_taken_at: null,
      by_code: {},
    };
    this.#uses.set(name, use);
    return use;
  }
}
