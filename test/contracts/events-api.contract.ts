/** What every filling of the port `EventsApi` must keep. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventsApi, EventsApiRequest } from '../../src/ports.ts';

export interface EventsApiHarness {
  readonly api: EventsApi;
  /** Requests that TikTok saw. */
  readonly seen: () => number;
  /** TikTok is away from now on. */
  readonly takeAway: () => Promise<void>;
  /** TikTok takes the next request and breaks the connection. */
  readonly breakAfterTaking: () => void;
  readonly close: () => Promise<void>;
}

const event = '{"event":"Lead","event_time":1795365292,"event_id":"c1","user":{"external_id":"EXTERNAL"}}';

/** `request` of the harness's pixel and token. */
export function eventsApiContract(
  kind: string,
  open: () => Promise<EventsApiHarness>,
  { pixel, token, now }: { readonly pixel: string; readonly token: string; readonly now: () => number },
): void {
  const request = (overrides: Partial<EventsApiRequest> = {}): EventsApiRequest => {
    const data = event.replace('1795365292', String(Math.floor(now() / 1000))).replace('EXTERNAL', 'a'.repeat(64));
    const body = `{"event_source":"web","event_source_id":"${pixel}","data":[${data}]}`;
    return { path: 'event/track/', accessToken: token, body, mayStart: () => true, ...overrides };
  };

  describe(`the Events API: ${kind}`, () => {
    let harness: EventsApiHarness;
    beforeEach(async () => {
      harness = await open();
    });
    afterEach(() => harness.close());

    it('gives the status and the body of an answer, and how long it took', async () => {
      const answer = await harness.api.send(request());
      expect(answer).toMatchObject({ kind: 'response', status: 200, durationMs: expect.any(Number) });
      expect(answer.kind === 'response' && JSON.parse(answer.body)).toMatchObject({ code: 0 });
      expect(harness.seen()).toBe(1);
    });

    it('makes no request that may no longer start, and says that it was surely not taken', async () => {
      const answer = await harness.api.send(request({ mayStart: () => false }));
      expect(answer).toMatchObject({ kind: 'failure', code: 'NOT_STARTED', mayHaveBeenTaken: false });
      expect(harness.seen()).toBe(0);
    });

    it('answers a failure that was surely not taken when TikTok is away, and does not reject', async () => {
      await harness.takeAway();
      expect(await harness.api.send(request())).toMatchObject({ kind: 'failure', mayHaveBeenTaken: false });
    });

    it('answers a failure that may have been taken when the connection breaks after the request', async () => {
      harness.breakAfterTaking();
      expect(await harness.api.send(request())).toMatchObject({ kind: 'failure', mayHaveBeenTaken: true });
      expect(harness.seen()).toBe(1);
    });
  });
}
