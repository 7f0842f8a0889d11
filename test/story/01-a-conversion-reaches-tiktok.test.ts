import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../sandbox/eventually.ts';
import type { ServiceProcess } from '../../sandbox/service-process.ts';
import type { LedgerEvent } from '../../sandbox/tiktok-ledger-page.ts';
import { pixelOf, type World } from '../../sandbox/world.ts';
import { useStack } from '../stack.ts';
import { balanceOf } from './books.ts';
import { conversion, createWorld, lead } from './business.ts';

const stack = await useStack();

const MAIN = 'main';
const ID = 'Conv/Ä-01+✓ ';
const OCCURRED_AT = Date.now() - 60_000;

const EVENT = conversion(MAIN, ID, {
  contact_id: 'Contact-7',
  occurred_at: OCCURRED_AT,
  email: ' Ada.Lovelace@Example.COM ',
  phone: '020 7946 0018',
  country: 'gb',
  first_name: 'Ada',
  zip_code: 'SW1A 1AA',
  city: 'São Paulo',
  quote_value: '1234567.8901',
  currency: 'eur',
  limited_data_use: false,
  first_touch: { ttclid: 'E.C.P.first', page_url: 'https://shop.example/first' },
  last_touch: {
    ttclid: 'E.C.P.last',
    ttp: 'cookie-1',
    page_url: 'https://shop.example/landing?utm_source=tiktok&q=ä',
    referrer: 'https://www.tiktok.com/',
    ip: '81.2.69.142',
    user_agent: 'Mozilla/5.0 (X11; Linux "x86_64")',
  },
  contents: [{ content_id: 'sku-1', content_type: 'product', quantity: 2, price: '19.99' }],
});

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

describe('a conversion reaches TikTok', () => {
  let world: World;
  let service: ServiceProcess;
  let event: LedgerEvent;

  beforeAll(async () => {
    world = await createWorld(stack, 'first', { connections: [MAIN] });
    const value = { include_value: true, value_source: 'QUOTE_VALUE', currency: 'GBP' };
    await world.producer.mapping(lead(MAIN, value));
    service = await world.startService();
    await world.producer.conversions([EVENT], { partition: 2, key: 'Contact-7' });
    await world.allCommitted();
    event = await eventually('the event at TikTok', () => world.simulator.ledger().counted()[0]);
  });
  afterAll(() => world.close());

  it('once, in one request', () => {
    const { counted, repeats, requests, test } = world.simulator.ledger().summary();

    expect({ counted, repeats, requests, test }).toEqual({ counted: 1, repeats: 0, requests: 1, test: 0 });
  });

  it('to the pixel of its connection, as a web event', () => {
    const [request] = world.simulator.ledger().requests();

    expect(request).toMatchObject({ event_source_id: pixelOf(MAIN), test_event_code: null, code: 0, answered: true });
    expect(event).toMatchObject({ event_source: 'web', test_event_code: null });
  });

  it('with its id byte for byte, its own amount and currency, and personal data as digests only', () => {
    expect(event.raw).toEqual({
      event: 'Lead',
      event_time: Math.trunc(OCCURRED_AT / 1000),
      event_id: ID,
      user: {
        email: sha256('ada.lovelace@example.com'),
        phone: sha256('+442079460018'),
        external_id: sha256('Contact-7'),
        first_name: sha256('ada'),
        zip_code: sha256('sw1a1aa'),
        city: 'saopaulo',
        country: 'gb',
        ttclid: 'E.C.P.last',
        ttp: 'cookie-1',
        ip: '81.2.69.142',
        user_agent: 'Mozilla/5.0 (X11; Linux "x86_64")',
      },
      properties: {
        value: 1234567.8901,
        currency: 'EUR',
        contents: [{ content_id: 'sku-1', quantity: 2, price: 19.99 }],
        content_type: 'product',
      },
      page: { url: 'https://shop.example/landing?utm_source=tiktok&q=ä', referrer: 'https://www.tiktok.com/' },
      limited_data_use: false,
    });
  });

  it('and the sync log tells who, what, how much and with which answer', async () => {
    const entries = await world.syncLog();

    expect(entries).toEqual([
      expect.objectContaining({
        key: ID,
        event_id: ID,
        conversion_id: ID,
        workspace_id: `workspace-${MAIN}`,
        connection_id: MAIN,
        mapping_id: `lead-${MAIN}`,
        tiktok_event_name: 'Lead',
        event_time: Math.trunc(OCCURRED_AT / 1000) * 1000,
        value: '1234567.8901',
        currency: 'EUR',
        match_keys: ['ttclid', 'email', 'phone', 'external_id', 'ttp', 'ip'],
        match_quality: 'near_perfect',
        outcome: 'delivered',
        reason: 'accepted',
        http_status: 200,
        api_code: 0,
        request_id: event.request_id,
        attempts: 1,
        topic: world.topics.conversions,
        partition: 2,
        offset: 0,
        claimant: null,
      }),
    ]);
  });

  it('and its offset is committed', async () => {
    const [topic] = await world.admin.fetchOffsets({ groupId: world.groupId, topics: [world.topics.conversions] });

    expect(topic?.partitions.find(({ partition }) => partition === 2)?.offset).toBe('1');
  });

  it('while the service says that it lives, is ready, and what it does', async () => {
    const [live, ready] = await Promise.all(['livez', 'readyz'].map(path => fetch(`${service.url}/${path}`)));
    const status = JSON.stringify(await service.status());

    expect([live?.status, ready?.status]).toEqual([200, 200]);
    expect(status).toContain(world.topics.conversions);
    expect(status).toContain(MAIN);
  });

  it('and the books balance', async () => {
    const books = await balanceOf(service);

    expect(books).toEqual([{ connection: MAIN, consumed: 1, delivered: 1, inFlight: 0, missing: 0 }]);
  });
});
