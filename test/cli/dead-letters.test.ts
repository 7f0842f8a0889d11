import { describe, expect, test } from 'vitest';
import { EXIT } from '../../src/control/exit-codes.ts';
import type { RedriveRequest } from '../../src/control/redrive-report.ts';
import { EVERY_LETTER } from '../../src/core/letter-filter.ts';
import type { LookRequest } from '../../src/dead-letters-command.ts';
import { command, MINIMAL } from './fake-host.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const HOUR = 3_600_000;

async function asked(line: string) {
  const requests: (LookRequest | RedriveRequest)[] = [];
  const take = (request: LookRequest | RedriveRequest) => {
    requests.push(request);
    return Promise.resolve(EXIT.nothingMatched);
  };
  const ended = await command(`dead-letters ${line}`, {
    env: MINIMAL,
    heavy: { deadLetters: { look: take, redrive: take } },
  });
  return { ...ended, request: requests[0] };
}

describe('dead-letters', () => {
  test.each(['list', 'show', 'stats', 'redrive'])('%s --help shows filters, examples and exit codes', async name => {
    const { exitCode, out } = await command(`dead-letters ${name} --help`);
    expect(exitCode).toBe(EXIT.ok);
    for (const text of ['--reason', 'Examples:\n  $ tiktok-sync dead-letters', '5 no letter matches']) {
      expect(out).toContain(text);
    }
  });

  test('--help names the four and shows examples', async () => {
    const { out } = await command('dead-letters --help');
    for (const text of ['list', 'show', 'stats', 'redrive', 'Examples:', 'Exit codes:']) expect(out).toContain(text);
  });

  test('list without flags asks for every letter, and its exit code is what was answered', async () => {
    const { exitCode, request } = await asked('list');
    expect(exitCode).toBe(EXIT.nothingMatched);
    expect(request).toEqual({ action: 'list', filter: EVERY_LETTER, max: Number.POSITIVE_INFINITY, json: false });
  });

  test('takes every filter; durations count back from now', async () => {
    const flags =
      '--reason too_old --reason in_future --connection c --mapping m --since 2h --until 2026-11-22T11:30:00Z';
    const { request } = await asked(`list ${flags} --event-id e --max 5 --json`);
    expect(request).toEqual({
      action: 'list',
      filter: {
        reasons: ['too_old', 'in_future'],
        connectionId: 'c',
        mappingId: 'm',
        since: NOW - 2 * HOUR,
        until: NOW - HOUR / 2,
        eventId: 'e',
      },
      max: 5,
      json: true,
    });
  });

  test('show takes a place, or an event', async () => {
    expect((await asked('show 3:1207')).request).toMatchObject({ at: { partition: 3, offset: 1207 }, max: 20 });
    const { request } = await asked('show --event-id conv-1 --max 500');
    expect(request).toMatchObject({ at: null, filter: { eventId: 'conv-1' }, max: 20 });
  });

  test('redrive sends every letter at the configured rate unless it is told otherwise', async () => {
    expect((await asked('redrive --all')).request).toEqual({
      ...{
        action: 'redrive',
        filter: EVERY_LETTER,
        isFiltered: false,
        job: null,
        name: null,
        dryRun: false,
        perSecond: null,
      },
      ...{ max: Number.POSITIVE_INFINITY, acceptDoubleCount: false, json: false },
    });
    const flags = '--connection c --job j.1 --dry-run --rate 20 --max 100 --accept-double-count --json';
    expect((await asked(`redrive ${flags}`)).request).toMatchObject({
      ...{ filter: { connectionId: 'c' }, isFiltered: true, job: 'j.1', dryRun: true, perSecond: 20, max: 100 },
      ...{ acceptDoubleCount: true, json: true },
    });
  });

  test.each([
    ['redrive --dry-run', { dryRun: true, isFiltered: false }],
    ['redrive --job j', { job: 'j', name: null }],
    ['redrive --reason too_old --name n', { job: null, name: 'n', isFiltered: true }],
  ])('%s says enough', async (line, request) => {
    expect((await asked(line)).request).toMatchObject(request);
  });

  test.each([
    ['redrive --all --rate 0', 'is not a whole number from 1 on'],
    ['redrive --all --rate 10001', 'is more than 10000'],
    ['redrive --job a/b', '--job "a/b" is no name'],
    ['redrive', 'say which letters: give a filter, such as --connection or --reason, or --all'],
    ['redrive --name evening --rate 5 --max 10', 'or --all'],
    ['redrive --all --connection c', 'without filters'],
    ['redrive --all --job j', 'not with --job'],
    ['redrive --job j --name n', 'give one'],
    ['list --reason to_old', 'did you mean too_old?'],
    ['list --reason xyzzy', 'known are not_framed'],
    ['list --since yesterday', '--since "yesterday" is neither'],
    ['list --since 12', 'is neither ISO 8601'],
    ['list --since 1h --until 2h', 'no letter can match'],
    ['list --max 0', 'is not a whole number from 1 on'],
    ['show', 'name the letter'],
    ['show 3:1 --event-id e', 'name the letter'],
    ['show 3-1', 'is not PARTITION:OFFSET'],
    ['show 3:-1', 'is not PARTITION:OFFSET'],
  ])('%s is refused with what would be right', async (line, message) => {
    const { err, exitCode, request } = await asked(line);
    expect([exitCode, request]).toEqual([EXIT.usage, undefined]);
    expect(err).toContain(message);
  });

  test('without a valid configuration nothing is read', async () => {
    const { exitCode } = await command('dead-letters list', {});
    expect(exitCode).toBe(EXIT.invalid);
  });

  test('who looks at letters need not know where Redis is; who sends them again must', async () => {
    const { TIKTOK_SYNC_REDIS_URL: _, ...env } = MINIMAL;
    const done = () => Promise.resolve(EXIT.ok);
    const heavy = { deadLetters: { look: done, redrive: done } };
    for (const line of ['list', 'show 3:1207', 'stats']) {
      expect((await command(`dead-letters ${line}`, { env, heavy })).exitCode, line).toBe(EXIT.ok);
    }
    const { err, exitCode } = await command('dead-letters redrive --all', { env, heavy });
    expect(exitCode).toBe(EXIT.invalid);
    expect(err).toContain('redis.url');
  });
});
