import { KafkaJSConnectionError, KafkaJSNumberOfRetriesExceeded } from 'kafkajs';
import { expect, test } from 'vitest';
import { startFailure } from '../../src/adapters/kafka-start-failure.ts';

const WHAT = { topics: ['letters'], groupId: null };

test('nobody is said to refuse where nobody answers', () => {
  const refused = new KafkaJSConnectionError('connect ECONNREFUSED', { broker: 'k1:9092', code: 'ECONNREFUSED' });
  const gaveUp = new KafkaJSNumberOfRetriesExceeded(refused, { retryCount: 1, retryTime: 1 });
  for (const error of [refused, gaveUp]) {
    expect(startFailure(error, WHAT)).toMatchObject({
      code: 'DEPENDENCY_UNREACHABLE',
      message: expect.stringMatching(/^Kafka cannot be reached at k1:9092 \(connect ECONNREFUSED\)/),
    });
  }
});

test('who is refused is told by whom', () => {
  const denied = Object.assign(new Error('Not authorized'), { type: 'TOPIC_AUTHORIZATION_FAILED' });
  expect(startFailure(denied, WHAT).message).toMatch(/^Kafka did not let this client read letters/);
});
