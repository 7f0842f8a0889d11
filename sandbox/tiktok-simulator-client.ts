/** The simulator as another process sees it: the same verbs over HTTP, the same ledger entries. */

import type { TokenUse } from './tiktok-callers.ts';
import type { Fault } from './tiktok-faults.ts';
import type { LedgerEvent, LedgerPage, LedgerRequest, LedgerSummary } from './tiktok-ledger-page.ts';
import type { SettingsChange } from './tiktok-settings.ts';

export class SimulatorClient {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  async addPixel(pixelId: string, token: string): Promise<void> {
    await this.#call('POST', '/admin/pixels', { pixel_id: pixelId, token });
  }

  async removePixel(pixelId: string): Promise<void> {
    await this.#call('DELETE', `/admin/pixels/${encodeURIComponent(pixelId)}`);
  }

  /** Makes a token unknown; its pixels stay without one. */
  async revokeToken(token: string): Promise<void> {
    await this.#call('POST', '/admin/tokens/revoke', { token });
  }

  /** Answers the id to remove the fault by. */
  async addFault(fault: Fault): Promise<number> {
    return ((await this.#call('POST', '/admin/faults', fault)) as { id: number }).id;
  }

  async removeFault(id: number): Promise<void> {
    await this.#call('DELETE', `/admin/faults/${id}`);
  }

  async clearFaults(): Promise<void> {
    await this.#call('DELETE', '/admin/faults');
  }

  async set(change: SettingsChange): Promise<void> {
    await this.#call('POST', '/admin/settings', change);
  }

  async advance(ms: number): Promise<void> {
    await this.#call('POST', '/admin/clock', { advance_ms: ms });
  }

  async downFor(ms: number): Promise<void> {
    await this.#call('POST', '/admin/down', { ms });
  }

  async summary(): Promise<LedgerSummary> {
    return (await this.#call('GET', '/ledger/summary')) as LedgerSummary;
  }

  /** By digest of the token, how it was used. */
  async tokens(): Promise<Readonly<Record<string, TokenUse>>> {
    return (await this.#call('GET', '/ledger/tokens')) as Record<string, TokenUse>;
  }

  async page(since = 0, limit = 20_000): Promise<LedgerPage> {
    return (await this.#call('GET', `/ledger?since=${since}&limit=${limit}`)) as LedgerPage;
  }

  /** The whole ledger, page by page. */
  async ledger(): Promise<{ readonly events: LedgerEvent[]; readonly requests: LedgerRequest[] }> {
    const events: LedgerEvent[] = [];
    const requests: LedgerRequest[] = [];
    for (let since = 0, more = true; more; ) {
      const page = await this.page(since);
      for (const event of page.events) events.push(event);
      for (const request of page.requests) requests.push(request);
      ({ last_seq: since, more } = page);
    }
    return { events, requests };
  }

  /** The events that count in the advertiser's reports: live ones, each once. */
  async counted(): Promise<LedgerEvent[]> {
    const { events } = await this.ledger();
    return events.filter(event => !event.deduplicated && event.test_event_code === null);
  }

  async clear(): Promise<void> {
    await this.#call('DELETE', '/ledger');
  }

  async #call(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(this.url + path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`TikTok simulator: ${method} ${path}: ${JSON.stringify(answer)}`);
    return answer;
  }
}
