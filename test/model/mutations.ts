/** Faults that can be put into the model on purpose. A model check that does not notice them checks nothing. */

export const MUTATIONS = {
  'boolean claim': 'a claim is there or not, and does not say whose it is',
  'commit before settlement': 'what was read counts as settled',
  'missing release': 'a dead-lettered event keeps its claim for ever',
  'blind release': 'a release deletes whatever stands there, also the claim of another record',
  'marks not awaited': 'an event is settled before its sent mark is acknowledged, and the mark is tried once',
  'short time to live': 'a claim is forgotten before the replay horizon is over',
  'young takeover': 'a takeover from a pending claim forgets the older first possible attempt',
  'no horizon': 'an event is sent however long ago its first possible attempt was',
  'release after attempt': 'a claim is released although TikTok may have taken a request that held its event',
  'longer stop': 'the replay horizon is spent by a stop alone, though claims were made some time before it',
} as const;

export type Mutation = keyof typeof MUTATIONS;
