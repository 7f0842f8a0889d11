import { expect, it } from 'vitest';
import { MATCH_QUALITIES, matchQuality } from '../../src/core/match-quality.ts';
import { MATCH_KEYS } from '../../src/core/tiktok-event.ts';
import { matchKeysOf } from '../../src/core/tiktok-user.ts';

it.each([
  [['ttclid', 'email'], 'near_perfect'],
  [['ttclid', 'phone'], 'near_perfect'],
  [['ttclid', 'email', 'phone', 'external_id', 'ttp', 'ip'], 'near_perfect'],
  [['ttclid'], 'strong'],
  [['ttclid', 'external_id', 'ttp', 'ip'], 'strong'],
  [['email'], 'medium'],
  [['phone'], 'medium'],
  [['email', 'phone', 'external_id', 'ttp', 'ip'], 'medium'],
  [['external_id'], 'weak'],
  [['ttp'], 'weak'],
  [['ip'], 'weak'],
  [['external_id', 'ttp', 'ip'], 'weak'],
  [[], 'none'],
] as const)('an event with %j matches %s', (keys, quality) => {
  expect(matchQuality(keys)).toBe(quality);
});

it('another key never makes a match worse', () => {
  for (let bits = 0; bits < 1 << MATCH_KEYS.length; bits++) {
    for (let key = 0; key < MATCH_KEYS.length; key++) {
      const [fewer, more] = [bits, bits | (1 << key)].map(each =>
        MATCH_QUALITIES.indexOf(matchQuality(matchKeysOf(each))),
      );
      expect(more).toBeLessThanOrEqual(fewer ?? -1);
    }
  }
});
