/** The Events API: what is asked of TikTok, what it answers, and how that is understood. */

import {
  BLUE,
  CIRCUIT_STATE_NUMBERS,
  CIRCUIT_STATES,
  GREEN,
  ORANGE,
  PURPLE,
  RED,
  VERDICT_COLOURS,
} from '../colours.ts';
import { coloured, heatmap, lines, type Row, stacked, timeline } from '../panels.ts';
import { growth, rate, series, stateNumber } from '../promql.ts';

export function tiktokApi(): Row {
  return {
    id: 500,
    title: 'TikTok API',
    panels: [
      coloured(
        stacked({
          id: 501,
          title: 'Answers by HTTP status',
          description:
            'Requests a second. Healthy: 2xx only. `none` is no answer at all: timeout, reset, refused connection, DNS. 4xx and 5xx come from a proxy or TikTok’s edge more often than from the API.',
          unit: 'reqps',
          width: 8,
          queries: [
            { expr: `sum by (http_status_class) (${rate('api_requests_total')})`, legend: '{{http_status_class}}' },
          ],
        }),
        { '2xx': GREEN, '3xx': BLUE, '4xx': ORANGE, '5xx': RED, none: PURPLE },
      ),
      coloured(
        stacked({
          id: 502,
          title: 'Answers by TikTok’s code',
          description:
            'TikTok answers most refusals with HTTP 200 and a code; 0 is success. `tiktok-sync explain --code N` says what one means, docs/tiktok-answers.md lists all.',
          unit: 'reqps',
          width: 8,
          queries: [{ expr: `sum by (api_code) (${rate('api_requests_total')}) > 0`, legend: '{{api_code}}' }],
        }),
        { 0: GREEN, none: PURPLE },
      ),
      coloured(
        stacked({
          id: 503,
          title: 'How answers were understood',
          description:
            'delivered: all taken. partial, split and poison: single events refused. retry: will pass. throttled: asked to slow down. ambiguous: nobody knows, tried three times. connection-refused: token or permission, the connection is parked.',
          unit: 'reqps',
          width: 8,
          queries: [{ expr: `sum by (verdict) (${rate('api_verdicts_total')})`, legend: '{{verdict}}' }],
        }),
        VERDICT_COLOURS,
      ),
      heatmap({
        id: 504,
        title: 'Request duration',
        description:
          'How long TikTok takes to answer. Healthy: below a second. A second band near the timeout means that requests hang: they may have been taken, and go out again with the same ids.',
        unit: 's',
        width: 12,
        queries: [{ expr: `sum by (le) (${growth('api_request_duration_seconds_bucket')})`, legend: '{{le}}' }],
      }),
      stacked({
        id: 505,
        title: 'Retries, by why',
        description:
          'Requests to be made again, by the verdict on the last one. Healthy: few. Retries repeat the same event ids, so TikTok drops what it had taken.',
        unit: 'reqps',
        width: 12,
        queries: [{ expr: `sum by (reason) (${rate('api_retries_total')})`, legend: '{{reason}}' }],
      }),
      coloured(
        lines({
          id: 506,
          title: 'Requests under way',
          description:
            'Requests that TikTok has not answered, against the most that may be. At the limit for long: TikTok is slow, or delivery.maxConnectionsCount is too low for the number of connections.',
          unit: 'short',
          width: 8,
          queries: [
            { expr: `sum(${series('api_inflight_requests')})`, legend: 'under way' },
            { expr: `sum(${series('api_inflight_limit')})`, legend: 'limit' },
          ],
        }),
        { 'under way': BLUE, limit: RED },
      ),
      coloured(
        lines({
          id: 507,
          title: 'Waiting for a permit',
          description:
            'Seconds a second that requests of all connections wait for their rate limit, and how often the rates shared on Redis could not be asked (each replica limits itself then). Healthy: near zero. High: raise max_requests_per_second of the connection, if TikTok granted it.',
          unit: 's',
          width: 8,
          queries: [
            { expr: `sum(${rate('rate_limit_wait_seconds_total')})`, legend: 'waiting' },
            { expr: `sum(${rate('rate_limit_fallbacks_total')})`, legend: 'limits not shared, a second' },
          ],
        }),
        { waiting: ORANGE, 'limits not shared, a second': RED },
      ),
      timeline(
        {
          id: 508,
          title: 'TikTok as each replica sees it',
          description:
            'Whether a replica takes TikTok as a whole for away: at least half of its connections fail, and nothing succeeds. It reads a trickle then and keeps trying. Healthy: reachable.',
          unit: 'none',
          width: 8,
          queries: [{ expr: `max by (instance) (${series('vendor_outage')})`, legend: '{{instance}}' }],
        },
        { 0: ['reachable', GREEN], 1: ['away', RED] },
      ),
      timeline(
        {
          id: 509,
          title: 'Circuit breakers',
          description:
            'By connection. closed: requests flow. open: they failed in a row and wait. half open: one is tried. Healthy: closed. Open for long while TikTok is reachable for others: the connection’s own trouble, see its dashboard.',
          unit: 'none',
          width: 24,
          height: 7,
          queries: [{ expr: stateNumber('circuit_state', CIRCUIT_STATE_NUMBERS), legend: '{{connection}}' }],
        },
        CIRCUIT_STATES,
      ),
    ],
  };
}
