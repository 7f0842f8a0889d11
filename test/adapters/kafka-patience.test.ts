import { expect, it } from 'vitest';
import { patiently } from '../../src/adapters/kafka-patience.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

const trouble = (type: string) => Object.assign(new Error(type), { type });

it.each([
  'NOT_LEADER_FOR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
  'NOT_COORDINATOR_FOR_GROUP',
  'OFFSET_NOT_AVAILABLE',
  'FENCED_LEADER_EPOCH',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
])('asks again while the trouble is %s, which passes', async type => {
  const clock = new VirtualClock();
  let asked = 0;
  const answer = patiently(clock, async () => {
    asked++;
    if (asked < 4) throw trouble(type);
    return 'answer';
  });
  await clock.advance(1_499);
  expect(asked).toBe(3);
  await clock.advance(1);
  expect([await answer, asked]).toEqual(['answer', 4]);
});

it('gives up at once on trouble of another kind, and after ten seconds on one that does not pass', async () => {
  const clock = new VirtualClock();
  let asked = 0;
  const ask = (type: string) =>
    patiently(clock, async () => {
      asked++;
      throw trouble(type);
    });
  await expect(ask('TOPIC_AUTHORIZATION_FAILED')).rejects.toThrow('TOPIC_AUTHORIZATION_FAILED');
  expect(asked).toBe(1);
  const lasting = ask('NOT_LEADER_FOR_PARTITION').catch((error: Error) => error.message);
  await clock.advance(10_000);
  expect([await lasting, asked]).toEqual(['NOT_LEADER_FOR_PARTITION', 21]);
});

it('learns who leads between two attempts, and lets the next attempt meet what goes wrong in that', async () => {
  const clock = new VirtualClock();
  const did: string[] = [];
  const attempt = async () => {
    did.push('attempt');
    if (did.length < 4) throw trouble('NOT_LEADER_FOR_PARTITION');
    return 'answer';
  };
  const between = async () => {
    did.push('between');
    throw trouble('LEADER_NOT_AVAILABLE');
  };
  const answer = patiently(clock, attempt, between);
  await clock.advance(1_000);
  expect(await answer).toBe('answer');
  expect(did).toEqual(['attempt', 'between', 'attempt', 'between', 'attempt']);
});
