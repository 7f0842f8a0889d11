/**
 * How well TikTok can match an event to one of its users, in the tiers of its help page on the Event Match Score.
 *
 * Guarantee: every set of match keys has exactly one tier. TikTok's own score is a weighted average of how often each
 * key is present; these tiers, counted per connection, are its input and not the score itself.
 */

import type { MatchKey } from './tiktok-event.ts';

/** From best to worst. `weak`: only a contact id, the `_ttp` cookie, or an address with its user agent. */
export const MATCH_QUALITIES = ['near_perfect', 'strong', 'medium', 'weak', 'none'] as const;
export type MatchQuality = (typeof MATCH_QUALITIES)[number];

/** `ttclid` alone is strong, e-mail or phone alone medium, both near-perfect. */
export function matchQuality(keys: readonly MatchKey[]): MatchQuality {
  const person = keys.includes('email') || keys.includes('phone');
  if (keys.includes('ttclid')) return person ? 'near_perfect' : 'strong';
  if (person) return 'medium';
  return keys.length > 0 ? 'weak' : 'none';
}
