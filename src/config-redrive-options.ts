/** The options of the section `redrive`: how dead letters are sent again. */

import { count, toggle } from './config-option.ts';

export const REDRIVE = {
  enabled: toggle({
    describe:
      'Send the dead letters of a connection again by itself once the connection works again: those it was parked for, and those of backpressure.',
    default: true,
    because: 'they were right and only came at the wrong time; off, `dead-letters redrive` does it by hand',
  }),
  ratePerSecond: count({
    describe: 'Most letters a second that a redrive sends, by itself or by hand (there --rate beats it).',
    default: 50,
    min: 1,
    max: 10_000,
    because: "they share TikTok's limits with the events of today, which must not come late for them",
  }),
};
