/** The options of the sections `delivery`, `tiktok` and `tokens`: how TikTok is spoken to, and as whom. */

import { count, duration, optionalText, rate, ratio, size, text, toggle, url } from './config-option.ts';
import { HOUR, MINUTE } from './config-units.ts';
import { MAX_EVENTS_PER_REQUEST } from './core/tiktok-body.ts';

export const DELIVERY = {
  requestTimeoutMs: duration({
    describe: 'How long TikTok may take to answer; then the request goes again with the same event ids.',
    default: 15_000,
    min: 100,
    max: 2 * MINUTE,
    because: 'a request that timed out may have been taken, so waiting beats repeating',
  }),
  connectTimeoutMs: duration({
    describe: 'How long connecting to TikTok may take.',
    default: 5_000,
    min: 50,
    max: MINUTE,
    because: 'a request that was never sent is the cheapest one to repeat',
  }),
  batchMaxEventsCount: count({
    describe: 'Most events in a request (Events API 2.0; 1.0 takes 50).',
    default: MAX_EVENTS_PER_REQUEST.V2,
    min: 1,
    max: MAX_EVENTS_PER_REQUEST.V2,
    because: 'TikTok refuses a request with more than 1,000 as a whole',
  }),
  batchMaxBytes: size({
    describe: 'Most bytes in a request.',
    default: 1_000_000,
    min: 16_384,
    max: 10_000_000,
    because: 'TikTok names no limit; 1 MB is what others keep to',
  }),
  retryBaseMs: duration({
    describe: 'Longest wait before the second attempt; it doubles with each further one, with full jitter.',
    default: 500,
    min: 10,
    max: MINUTE,
    because: 'shorter would hammer an API that is failing',
  }),
  retryMaxMs: duration({
    describe: 'Longest wait between two attempts.',
    default: MINUTE,
    min: 10,
    max: 10 * MINUTE,
    because: 'longer delays every event after an outage',
  }),
  ambiguousHorizonMs: duration({
    describe: 'Nothing that TikTok may have taken longer ago is sent again: dead letter (ambiguous_past_dedup).',
    default: 47 * HOUR,
    min: MINUTE,
    max: 47 * HOUR,
    because: 'TikTok drops repeats for 48 h only; the hour between is for clocks and the request itself',
  }),
  maxHoldMs: duration({
    describe:
      'Longest wait of an event while its own connection fails; then it is a dead letter (connection_backpressure).',
    default: 15 * MINUTE,
    min: 1_000,
    max: 47 * HOUR,
    because: 'it counts from the connection’s first failure since its last success; longer fills the shared buffer',
  }),
  maxBufferShareRatio: ratio({
    describe:
      'Most of the buffer that a failing, throttled or slow connection may hold once the buffer is above window.pressureRatio.',
    default: 0.1,
    min: 0.01,
    max: 1,
    because: 'the rest is for the others; with 1 a failing connection can stop them all',
  }),
  circuitFailuresCount: count({
    describe: 'Failures in a row of its own that open a connection’s circuit; then each further attempt is a trial.',
    default: 5,
    min: 1,
    max: 1_000,
    because: 'one or two failures are routine; throttled answers and outages of TikTok do not count',
  }),
  outageRecordsCount: count({
    describe: 'Most records read in a window while TikTok is away for everybody.',
    default: 1_000,
    min: 1,
    max: 1_000_000,
    because: 'the next attempts need some events; the rest is safe in Kafka',
  }),
  rateStartPerSecond: rate({
    describe: 'Requests a second of a connection that nothing is known of.',
    default: 10,
    min: 0.01,
    max: 1_000,
    because:
      'TikTok’s true limit is not published; far below the ceiling is safe, and it grows while nothing is throttled',
  }),
  rateCeilingPerSecond: rate({
    describe:
      'Most requests a second of a connection; its own max_requests_per_second may be lower. Above 10, a tenth more may come at once.',
    default: 1_000,
    min: 0.01,
    max: 10_000,
    because: 'TikTok is said to take 1,000 a second',
  }),
  rateFloorPerSecond: rate({
    describe: 'Fewest requests a second of a connection, however often it is throttled.',
    default: 0.1,
    min: 0.001,
    max: 1_000,
    because: 'without requests nobody finds out that the limit has risen again',
  }),
  rateIncreasePerSecond: rate({
    describe: 'What each second in which requests are made adds to the rate of the connection.',
    default: 1,
    min: 0,
    max: 1_000,
    because: 'more is throttled more often',
  }),
  rateDecreaseRatio: ratio({
    describe: 'What a throttled answer leaves of the rate of its connection.',
    default: 0.5,
    min: 0.1,
    max: 0.95,
    because: 'at most once for all throttled answers of one round trip',
  }),
  maxRequestsPerSecond: rate({
    describe:
      'Most requests a second of all connections and replicas together; above 10, a tenth more may come at once.',
    default: 1_000,
    min: 0.01,
    max: 100_000,
    because: 'TikTok may count per app rather than per token',
  }),
  maxConnectionsCount: count({
    describe: 'Most HTTP connections to TikTok at a time.',
    default: 256,
    min: 1,
    max: 4_096,
    because: 'each carries one request, and a connection of ours has one at a time; slow ones must not use them all up',
  }),
};

export const TIKTOK = {
  baseUrl: url({
    describe: 'Origin of the Events API; the service appends /open_api/v1.3/.',
    default: 'https://business-api.tiktok.com',
    pattern: /^https?:\/\/\S+$/,
    allowed: 'an origin: http or https, host, port; no path, query, user or password',
    because: 'access tokens go there; http is for simulators',
    flag: '--tiktok-base-url',
    accept: ({ origin, pathname, username, password, search, hash }) =>
      pathname === '/' && `${username}${password}${search}${hash}` === '' ? origin : null,
  }),
  proxyUrl: optionalText({
    describe:
      'HTTP proxy that requests to TikTok go through (by CONNECT). Kafka, the registry and Redis are reached without it, and HTTPS_PROXY of the environment has no effect.',
    pattern: /^https?:\/\/([^\s/@]+@)?([^\s/@:[\]]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?\/?$/,
    allowed: 'http or https, host, port; with user:password@ in front where the proxy asks for them',
    because: 'where the network has no other way out, a request without it never arrives',
    secrecy: 'credentials',
  }),
  partnerName: optionalText({
    describe: 'partner_name of requests (Events API 2.0), for platforms that TikTok has registered as a partner.',
    pattern: /^\S(.*\S)?$/,
    allowed: 'the name as TikTok registered it',
    because: 'a name TikTok does not know makes it refuse every request (code 40063), so none is sent unless set',
  }),
};

export const TOKENS = {
  dir: text({
    describe: 'Folder in which access tokens written as file:NAME are found.',
    default: '/etc/tiktok-sync/tokens',
    pattern: /\S/,
    allowed: 'a path',
    because: 'a connection can name no file outside it',
    flag: '--tokens-dir',
  }),
  keyFile: optionalText({
    describe:
      'File with the keys of token envelopes (aesgcm:…), one KEY-ID: BASE64 per line; read again when it changes.',
    pattern: /\S/,
    allowed: 'a path',
    because: 'without it no envelope opens',
  }),
  sealWith: optionalText({
    describe: 'Id of the key that `tiktok-sync tokens seal` seals with; without it the first key of the file.',
    pattern: /^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/,
    allowed: 'letters, digits, _ . and -, at most 32',
    because: 'a new key can be handed to every replica before anything is sealed with it',
  }),
  check: toggle({
    describe:
      'Ask TikTok about a token that is new, before events need it, and about a refused connection whose events have ceased; false: the next batch tells.',
    default: true,
    because:
      'a request without events, or with a test event where the connection has a test event code; never a Purchase',
  }),
};
