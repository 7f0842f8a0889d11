/** The options of the sections `dedup`, `window` and `events`: what becomes of an event before it is sent. */

import { choice, count, duration, list, ratio, size, toggle } from './config-option.ts';
import { DAY, HOUR, MINUTE } from './config-units.ts';

export const DEDUP = {
  pendingTakeoverMs: duration({
    describe: 'How long an event that was claimed but not yet delivered keeps copies of it out.',
    default: HOUR,
    min: 1_000,
    max: 47 * HOUR,
    because: 'then its claimant counts as vanished; TikTok remembers for 48 h, so a later takeover could count twice',
  }),
  replayHorizonMs: duration({
    describe: 'How long the service may be stopped before events that were sent but not committed could count twice.',
    default: 72 * HOUR,
    min: 48 * HOUR,
    max: 30 * DAY,
    because: 'claims live 48 h in any case, so less has no effect; Redis memory grows with it',
  }),
  onUnavailable: choice({
    describe:
      'While Redis is away: pause stands still; pass_through goes on without de-duplication and counts what passes.',
    values: ['pause', 'pass_through'],
    default: 'pause',
    because: 'late is better than twice, unless you say otherwise',
  }),
};

export const WINDOW = {
  sizeMs: duration({
    describe: 'Length of the tumbling window in which events of a connection are gathered.',
    default: 2 * MINUTE,
    min: 100,
    max: HOUR,
    because: 'longer delays every event and fills the buffer, shorter makes more and smaller requests',
    env: 'WINDOW_MS',
    flag: '--window',
  }),
  maxBufferedEventsCount: count({
    describe: 'Most events held in memory; then partitions pause.',
    default: 50_000,
    min: 100,
    max: 5_000_000,
    because: 'an event takes one to two kilobytes, and memory must be bounded whatever the backlog',
  }),
  maxBufferedBytes: size({
    describe: 'Most bytes held in memory, source records included; then partitions pause.',
    default: 134_217_728,
    min: 1_048_576,
    max: 4_294_967_296,
    because:
      'memory must be bounded whatever the backlog; the process needs several hundred MB beside it (docs/operations.md)',
  }),
  pressureRatio: ratio({
    describe: 'Share of the buffer at which the fullest batches leave before their window closes.',
    default: 0.8,
    min: 0.1,
    max: 0.99,
    because: 'at 1 partitions would pause before anything left early',
  }),
  resumeRatio: ratio({
    describe: 'Share of the buffer at which paused partitions go on.',
    default: 0.5,
    min: 0.05,
    max: 0.95,
    because: 'it must be well below window.pressureRatio, or partitions flap',
  }),
};

export const EVENTS = {
  maxAgeMs: duration({
    describe: 'Older events are dead letters (too_old).',
    default: 28 * DAY,
    min: MINUTE,
    max: 28 * DAY,
    because: 'attribution windows are at most 28 days, so an older event earns nothing',
  }),
  maxFutureMs: duration({
    describe: 'Events further in the future are dead letters (in_future).',
    default: 10 * MINUTE,
    min: 0,
    max: DAY,
    because: 'clocks differ by minutes; a day is a wrong unit or a wrong time zone',
  }),
  maxEventBytes: size({
    describe: 'Largest TikTok event as JSON; larger ones are dead letters (invalid_event).',
    default: 65_536,
    min: 1_024,
    max: 1_048_576,
    because: 'an ordinary event has one to two kilobytes; one must not fill a request',
  }),
  externalIdCase: choice({
    describe: 'How contact ids are hashed: keep hashes them as they are (trimmed), lower in lower case.',
    values: ['keep', 'lower'],
    default: 'keep',
    because: 'TikTok documents no rule; do what your browser pixel does, or the two never meet',
  }),
  removeQueryParameters: list({
    describe:
      'Query parameters taken out of page and referrer addresses, by name (letter case does not matter). ttclid always stays.',
    default: [],
    // A list in brackets or quotes would name no parameter, and what should not leave would leave.
    item: /^(?![Tt][Tt][Cc][Ll][Ii][Dd]$)[^\s["'][^\s"']*$/,
    allowed: 'names of query parameters, separated by commas; not ttclid, without which TikTok cannot credit the click',
    because: 'TikTok objects to personal data in addresses, and only you know which parameters hold some',
  }),
  negativeValue: choice({
    describe:
      'An event whose value is below zero (a refund): skip leaves it out, omit sends it without value and currency, dead_letter keeps it for you to look at.',
    values: ['skip', 'omit', 'dead_letter'],
    default: 'skip',
    because: 'what TikTok makes of a negative value is undocumented',
  }),
  requirePageUrl: toggle({
    describe: 'Web events without a page address (and without a fallback at their connection) are dead letters.',
    default: false,
    because: "TikTok's documents ask for one, and nobody has seen an event refused for lack of it",
  }),
};
