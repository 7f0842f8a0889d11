import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigResourceTypes } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../sandbox/eventually.ts';
import { Gate } from '../../sandbox/gate.ts';
import { type ActiveAlert, Prometheus } from '../../sandbox/prometheus.ts';
import { pixelOf, tokenOf, type World } from '../../sandbox/world.ts';
import { groupsOf, RULE_FILES } from '../monitoring/rule-files.ts';
import { shortened } from '../monitoring/shortened-rules.ts';
import { useStack } from '../stack.ts';
import { conversion, countedIds, createWorld, ids } from './business.ts';

/** Five minutes are fifteen seconds; shorter, and writes that are tried every five seconds would seem to recover. */
const FACTOR = 20;
const [FINE, REFUSED] = ['fine', 'refused'] as const;
const [ONE, TWO] = ['one', 'two'] as const;
/** Two installations, each with faults that do not get in each other's way. */
const [WRITING, AWAY] = ['writing', 'away'] as const;

/** What may be seen of an installation, beside the alert that names the fault. */
const COMPANIONS: Readonly<Record<string, readonly string[]>> = {
  // The first letters of a refused connection are of a reason that had none before.
  [WRITING]: ['TikTokSyncDlqNewReason'],
  [AWAY]: [],
};

const stack = await useStack();

describe('a real Prometheus with the rules of the chart', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tiktok-sync-alerts-'));
  const seen = new Map<string, ActiveAlert>();
  let prometheus: Prometheus;
  let redis: Gate;
  let writing: World;
  let away: World;

  beforeAll(async () => {
    redis = await Gate.before(new URL(stack.redisUrl).host);
    [writing, away] = await Promise.all([
      createWorld(stack, WRITING, { connections: [FINE, REFUSED] }),
      createWorld({ ...stack, redisUrl: `redis://${redis.address}` }, AWAY, {
        connections: [ONE, TWO],
        env: { TIKTOK_SYNC_REDIS_COMMAND_TIMEOUT_MS: '300' },
      }),
    ]);
    const services = await Promise.all([writing.startService(), away.startService()]);
    const ruleFiles = RULE_FILES.map(name => {
      const path = join(folder, name);
      writeFileSync(path, JSON.stringify({ groups: shortened(groupsOf(name), FACTOR) }));
      return path;
    });
    const targets = services.map(({ url }, at) => ({ url, labels: { namespace: [WRITING, AWAY][at] ?? '' } }));
    prometheus = await Prometheus.start({ targets, ruleFiles });
    await eventually('both are scraped', async () => (await prometheus.query('tiktok_sync_build_info')).length === 2);
  });
  afterAll(async () => {
    await prometheus.stop();
    await Promise.all([writing.close(), away.close()]);
    await redis.close();
    rmSync(folder, { recursive: true });
  });

  /** Names of the alerts that fire in an installation; what has fired at any time is kept. */
  async function firing(namespace: string, severity?: string): Promise<string[]> {
    const active = (await prometheus.alerts()).filter(({ state }) => state === 'firing');
    for (const alert of active) seen.set(`${alert.labels['namespace']} ${alert.labels['alertname']}`, alert);
    const own = active.filter(({ labels }) => labels['namespace'] === namespace);
    const wanted = own.filter(({ labels }) => severity === undefined || labels['severity'] === severity);
    return [...new Set(wanted.map(({ labels }) => labels['alertname'] ?? ''))].sort();
  }

  async function fires(namespace: string, ...names: readonly string[]): Promise<void> {
    await eventually(
      `${names.join(' and ')} in ${namespace}`,
      async () => {
        const now = await firing(namespace);
        return names.every(name => now.includes(`TikTokSync${name}`));
      },
      60_000,
    );
  }

  /** Nothing fires but companions: that letters are new stays true when the fault is over. */
  async function isQuiet(namespace: string): Promise<void> {
    await eventually(`no alert in ${namespace}`, async () => {
      const still = await firing(namespace);
      return still.every(name => COMPANIONS[namespace]?.includes(name));
    });
  }

  /** A topic that takes no message of a letter's size fails each write at once; Kafka's own limit is above a MiB. */
  async function letLettersBeWritten(world: World, isPossible: boolean): Promise<void> {
    const configEntries = [{ name: 'max.message.bytes', value: isPossible ? '2000000' : '10' }];
    const resource = { type: ConfigResourceTypes.TOPIC, name: world.topics.deadLetter, configEntries };
    await world.admin.alterConfigs({ validateOnly: false, resources: [resource] });
  }

  async function convert(world: World, connection: string, conversions: readonly string[]): Promise<void> {
    await world.producer.conversions(conversions.map(id => conversion(connection, id)));
  }

  it('lets four faults fire the alerts that name them, and no other that pages', async () => {
    const before = [...(await firing(WRITING)), ...(await firing(AWAY))];
    expect(before).toEqual([]);

    // One installation: the token of a connection is refused, and its letters cannot be written.
    await letLettersBeWritten(writing, false);
    writing.simulator.revokeToken(tokenOf(REFUSED));
    await convert(writing, REFUSED, ids('refused', 3));
    // The other one: TikTok is away, then Redis, too.
    await away.simulator.down();
    await convert(away, ONE, ids('one', 3));
    await convert(away, TWO, ids('two', 3));
    await eventually('the outage is noticed', async () => {
      return (await prometheus.query('tiktok_sync_vendor_outage{namespace="away"} == 1')).length > 0;
    });
    await redis.close();

    await Promise.all([
      fires(WRITING, 'DlqPublishFailing', 'TokenInvalid'),
      fires(AWAY, 'VendorOutage', 'DedupUnavailable'),
    ]);

    expect(await firing(WRITING, 'critical')).toEqual(['TikTokSyncDlqPublishFailing']);
    expect(await firing(AWAY, 'critical')).toEqual(['TikTokSyncDedupUnavailable', 'TikTokSyncVendorOutage']);
  }, 120_000);

  it('tells which connection it is, and where to look', () => {
    expect(seen.get(`${WRITING} TikTokSyncTokenInvalid`)).toMatchObject({
      labels: { job: 'tiktok-sync', connection: REFUSED, state: 'token_invalid', severity: 'warning' },
      annotations: {
        summary: `tiktok-sync in ${WRITING}: TikTok refuses connection ${REFUSED} (token_invalid).`,
        dashboard_url: expect.stringContaining(
          `/d/tiktok-sync-connection?var-namespace=${WRITING}&var-job=tiktok-sync&var-connection=${REFUSED}`,
        ),
      },
    });
  });

  it('lets them all rest once the faults are repaired', async () => {
    await letLettersBeWritten(writing, true);
    writing.simulator.addPixel(pixelOf(REFUSED), tokenOf(REFUSED));
    await Promise.all([redis.open(), away.simulator.up()]);
    await convert(writing, REFUSED, ['probe']);

    await Promise.all([isQuiet(WRITING), isQuiet(AWAY)]);
    await Promise.all([writing.allCommitted(), away.allCommitted()]);

    expect(countedIds(away.simulator)).toEqual([...ids('one', 3), ...ids('two', 3)]);
    expect(countedIds(writing.simulator)).toEqual(['probe']);
    expect([...seen.keys()].sort()).toEqual(
      [
        `${AWAY} TikTokSyncDedupUnavailable`,
        `${AWAY} TikTokSyncVendorOutage`,
        `${WRITING} TikTokSyncDlqNewReason`,
        `${WRITING} TikTokSyncDlqPublishFailing`,
        `${WRITING} TikTokSyncTokenInvalid`,
      ].sort(),
    );
  });
});
