/** One colour for one meaning, in all panels: green is well, blue is normal, orange wants a look, red wants a hand. */

import { MappingType, type ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard';

export const GREEN = 'green';
export const BLUE = 'blue';
export const LIGHT_BLUE = 'super-light-blue';
export const YELLOW = 'yellow';
export const ORANGE = 'orange';
export const RED = 'red';
export const PURPLE = 'purple';
export const GREY = '#8e8e9a';

/** By outcome. */
export const OUTCOME_COLOURS = {
  delivered: GREEN,
  duplicate: BLUE,
  skipped: GREY,
  dead_lettered: RED,
  handed_over: PURPLE,
} as const;

/** By verdict on an answer of TikTok. */
export const VERDICT_COLOURS = {
  delivered: GREEN,
  partial: BLUE,
  split: LIGHT_BLUE,
  retry: YELLOW,
  throttled: ORANGE,
  ambiguous: PURPLE,
  poison: RED,
  'connection-refused': 'dark-red',
} as const;

export const MATCH_COLOURS = {
  near_perfect: GREEN,
  strong: 'light-green',
  medium: YELLOW,
  weak: ORANGE,
  none: RED,
} as const;

/** States of a connection, the worst first, with the number that stands for each in a query. */
export const CONNECTION_STATE_NUMBERS = [
  ['token_invalid', 6],
  ['parked', 5],
  ['unusable', 4],
  ['undecided', 3],
  ['disabled', 2],
  ['active', 1],
] as const;

export const CIRCUIT_STATE_NUMBERS = [
  ['open', 3],
  ['half_open', 2],
  ['closed', 1],
] as const;

/** What each number means, with its colour; in the order of the numbers. */
export type Meanings = Readonly<Record<number, readonly [text: string, colour: string]>>;

export const CONNECTION_STATES: Meanings = {
  1: ['active', GREEN],
  2: ['disabled', GREY],
  3: ['undecided', BLUE],
  4: ['unusable', ORANGE],
  5: ['parked', RED],
  6: ['token invalid', 'dark-red'],
};

export const CIRCUIT_STATES: Meanings = { 1: ['closed', GREEN], 2: ['half open', YELLOW], 3: ['open', RED] };

/** Words in place of the numbers. */
export function texts(meanings: Meanings): ValueMapping[] {
  const options = Object.entries(meanings).map(([number, [text, color]], index) => [number, { text, color, index }]);
  return [{ type: MappingType.ValueToText, options: Object.fromEntries(options) }];
}
