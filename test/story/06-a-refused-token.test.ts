import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServiceProcess } from '../../sandbox/service-process.ts';
import { pixelOf, tokenOf, type World } from '../../sandbox/world.ts';
import { NONCE_BYTES, sealToken } from '../../src/core/token-envelope.ts';
import { KEY_BYTES, keyLine } from '../../src/core/token-keys.ts';
import { useStack } from '../stack.ts';
import { balanceOf } from './books.ts';
import { conversion, countedIds, createWorld, ids, repeats } from './business.ts';

const stack = await useStack();
const FINE = 'fine';
const EXPIRED = 'expired';
const KEY = { id: 'k1', bytes: Buffer.alloc(KEY_BYTES, 1) };

describe('a token that TikTok refuses', () => {
  let world: World;
  let service: ServiceProcess;

  beforeAll(async () => {
    const env = { TIKTOK_SYNC_TOKENS_KEY_FILE: 'token-keys' };
    world = await createWorld(stack, 'token', { connections: [FINE, EXPIRED], env });
    // One token comes in an envelope, the other in a file.
    writeFileSync(join(world.folder, 'token-keys'), `${keyLine(KEY)}\n`);
    await world.connect(FINE, { access_token: sealToken(tokenOf(FINE), FINE, KEY, Buffer.alloc(NONCE_BYTES, 7)) });
    writeFileSync(join(world.folder, 'expired-token'), 'a-token-of-last-year\n');
    await world.connect(EXPIRED, { access_token: 'file:expired-token' });
    service = await world.startService();
  });
  afterAll(() => world.close());

  async function convert(connection: string, conversions: readonly string[]): Promise<void> {
    await world.producer.conversions(conversions.map(id => conversion(connection, id)));
  }

  it('makes dead letters of the connection’s events, with TikTok’s code, while other connections go on', async () => {
    await convert(EXPIRED, ids('lost', 3));
    await convert(FINE, ids('fine', 3));
    await world.allCommitted();

    const letters = await world.read(world.topics.deadLetter);
    expect(letters.map(({ headers }) => headers['tiktok-sync.event.id']).sort()).toEqual(ids('lost', 3));
    const refusal = world.simulator
      .ledger()
      .requests()
      .find(({ code }) => code === 40105);
    const first = letters.find(({ headers }) => headers['tiktok-sync.api.request_id'] === refusal?.request_id);
    expect(first?.headers).toMatchObject({
      'tiktok-sync.stage': 'deliver',
      'tiktok-sync.reason': 'connection_parked',
      'tiktok-sync.connection': EXPIRED,
      'tiktok-sync.api.code': '40105',
      'tiktok-sync.retryable': 'true',
    });
    expect(countedIds(world.simulator)).toEqual(ids('fine', 3));
  });

  it('parks the connection: its next events are letters too, and the others’ are delivered', async () => {
    await convert(EXPIRED, ['lost-again']);
    await convert(FINE, ['fine-again']);
    await world.allCommitted();

    const reasons = (await world.syncLog()).map(({ event_id, outcome, reason }) => `${event_id} ${outcome} ${reason}`);
    expect(reasons).toContain('lost-again dead_lettered connection_parked');
    expect(reasons).toContain('fine-again delivered accepted');
    expect((await service.status()).connections).toEqual([
      expect.objectContaining({ connection_id: FINE, state: 'active', api_code: null }),
      expect.objectContaining({ connection_id: EXPIRED, state: 'token_invalid', api_code: 40105 }),
    ]);
  });

  it('is forgotten with the next batch once the token is corrected', async () => {
    writeFileSync(join(world.folder, 'expired-token'), `${tokenOf(EXPIRED)}\n`);

    await convert(EXPIRED, ids('saved', 2));
    await world.allCommitted();

    expect(countedIds(world.simulator, pixelOf(EXPIRED))).toEqual(ids('saved', 2));
  });

  it('leaves balanced books and nothing sent twice', async () => {
    expect(repeats(world.simulator)).toBe(0);
    expect(await balanceOf(service)).toEqual([
      { connection: EXPIRED, consumed: 6, delivered: 2, dead_lettered: 4, inFlight: 0, missing: 0 },
      { connection: FINE, consumed: 4, delivered: 4, inFlight: 0, missing: 0 },
    ]);
  });
});
