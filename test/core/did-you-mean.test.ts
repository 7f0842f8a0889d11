import { expect, test } from 'vitest';
import { didYouMean } from '../../src/core/did-you-mean.ts';

const NAMES = ['check', 'preview', 'run', 'kafka.sessionTimeoutMs', 'window.sizeMs'];

test.each([
  ['chekc', 'check'],
  ['Preview', 'preview'],
  ['rnu', 'run'],
  ['kafka.session_timeout_ms', 'kafka.sessionTimeoutMs'],
  ['kafka.sesionTimeout', 'kafka.sessionTimeoutMs'],
  ['windowsize', 'window.sizeMs'],
])('%s most likely stands for %s', (given, meant) => {
  expect(didYouMean(given, NAMES)).toBe(meant);
});

test.each(['deploy', 'x'.repeat(40), 'topics'])('%s is like none of them', given => {
  expect(didYouMean(given, NAMES)).toBeNull();
});

test('the nearest one wins, the first of equals', () => {
  expect(didYouMean('topics.conf', ['topics.config', 'topics.conversions'])).toBe('topics.config');
  expect(didYouMean('ac', ['ab', 'ad'])).toBe('ab');
});
