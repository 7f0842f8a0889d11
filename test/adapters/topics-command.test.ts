import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { useStack } from '../stack.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const stack = await useStack();

/** The real program with topic names of this test's own. */
function topics(args: readonly string[], env: Readonly<Record<string, string>>) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'topics', ...args], { env, encoding: 'utf8' });
  return { exitCode: status, out: stdout, err: stderr };
}

function freshNames(): Record<string, string> {
  const roles = ['CONVERSIONS', 'REVENUE_UPDATES', 'CONFIG', 'DEAD_LETTER', 'SYNC_LOG', 'CONNECTION_STATUS'];
  return {
    ...Object.fromEntries(roles.map(role => [`TIKTOK_SYNC_TOPIC_${role}`, stack.unique(role)])),
    TIKTOK_SYNC_KAFKA_BROKERS: stack.brokers,
    TIKTOK_SYNC_REGISTRY_URL: stack.registryUrl,
    TIKTOK_SYNC_REDIS_URL: stack.redisUrl,
  };
}

test('topics check names what is missing, topics ensure makes it, and then all is well', () => {
  const env = freshNames();
  const before = topics(['check', '--json'], env);
  expect([before.exitCode, before.err]).toEqual([6, '']);
  const missing = JSON.parse(before.out).findings.filter(({ code }: { code: string }) => code === 'TOPIC_MISSING');
  expect(missing).toHaveLength(6);

  const made = topics(['ensure', '--partitions', '2'], env);
  expect([made.exitCode, made.err]).toEqual([0, '']);
  expect(made.out.match(/^created /gm)).toHaveLength(6);

  const after = topics(['check', '--json'], env);
  expect([after.exitCode, after.err]).toEqual([0, '']);
  expect(JSON.parse(after.out)).toMatchObject({ ok: true, created: [] });
});
