/** How the connection stands now, and since when. */

import {
  CIRCUIT_STATE_NUMBERS,
  CIRCUIT_STATES,
  CONNECTION_STATE_NUMBERS,
  CONNECTION_STATES,
  GREEN,
  RED,
  YELLOW,
} from '../colours.ts';
import { type Row, stat, stateNow, timeline } from '../panels.ts';
import { overRange, series, stateNumber } from '../promql.ts';

const ENDED = (outcome: string) => `sum(${overRange('connection_events_total', `outcome=~"${outcome}"`)})`;

export function state(): Row {
  return {
    id: 100,
    title: 'Is it delivering?',
    panels: [
      stateNow(
        {
          id: 101,
          title: 'State',
          description:
            'Healthy: active. token invalid or parked: TikTok refuses token or permission; paste a new one and its dead letters are redriven. undecided: not asked yet. unusable: correct its entry (`tiktok-sync get connection ID`).',
          unit: 'none',
          width: 6,
          queries: [{ expr: stateNumber('connection_state', CONNECTION_STATE_NUMBERS), legend: '{{connection}}' }],
        },
        CONNECTION_STATES,
      ).noValue('unknown'),
      stateNow(
        {
          id: 102,
          title: 'Token',
          description:
            'Whether TikTok takes its token, as far as a request or a check has told. `tiktok-sync connections verify ID` asks it now.',
          unit: 'none',
          width: 6,
          queries: [{ expr: `min(${series('connection_token_valid')})`, legend: 'token' }],
        },
        { 0: ['refused', RED], 1: ['valid', GREEN] },
      ).noValue('not known'),
      stateNow(
        {
          id: 103,
          title: 'Circuit breaker',
          description:
            'Healthy: closed. open: its requests failed in a row and wait; half open: one is tried. Nothing is lost meanwhile, see what it holds.',
          unit: 'none',
          width: 6,
          queries: [{ expr: stateNumber('circuit_state', CIRCUIT_STATE_NUMBERS), legend: '{{connection}}' }],
        },
        CIRCUIT_STATES,
      ).noValue('unknown'),
      stat(
        {
          id: 104,
          title: 'Last success',
          description:
            'Time since TikTok last accepted events of it. Healthy: a few windows, or as long as it had none.',
          unit: 's',
          width: 6,
          queries: [{ expr: `min(time() - ${series('connection_last_success_timestamp_seconds')})`, legend: 'ago' }],
        },
        [GREEN, [3_600, YELLOW], [86_400, RED]],
      )
        .decimals(0)
        .noValue('never'),
      stat(
        {
          id: 105,
          title: 'Success ratio',
          description:
            'Delivered of delivered and dead-lettered, in the time shown. Healthy: near 100 %. The overview’s row Dead letters has the reasons, `tiktok-sync dead-letters list --connection ID` the events.',
          unit: 'percentunit',
          width: 6,
          queries: [{ expr: `${ENDED('delivered')} / (${ENDED('delivered|dead_lettered')} > 0)`, legend: 'delivered' }],
        },
        [RED, [0.9, YELLOW], [0.99, GREEN]],
      )
        .decimals(1)
        .noValue('no events'),
      stat(
        {
          id: 106,
          title: 'Delivered',
          description: 'Events that TikTok accepted, in the time shown.',
          unit: 'short',
          width: 6,
          queries: [{ expr: ENDED('delivered'), legend: 'delivered' }],
        },
        [YELLOW, [1, GREEN]],
      ).decimals(0),
      stat(
        {
          id: 107,
          title: 'Dead letters',
          description: 'Events that became dead letters, in the time shown. Healthy: none.',
          unit: 'short',
          width: 6,
          queries: [{ expr: ENDED('dead_lettered'), legend: 'dead letters' }],
        },
        [GREEN, [1, YELLOW], [100, RED]],
      ).decimals(0),
      stat(
        {
          id: 108,
          title: 'In flight',
          description:
            'Events read and not settled. Healthy: up to a window’s worth. Growing: TikTok throttles it or its circuit is open; above a tenth of a crowded buffer the rest becomes dead letters (connection_backpressure), redriven later.',
          unit: 'short',
          width: 6,
          queries: [{ expr: `sum(${series('connection_events_in_flight')})`, legend: 'events' }],
        },
        [GREEN, [10_000, YELLOW], [50_000, RED]],
      ),
      timeline(
        {
          id: 109,
          title: 'State over time',
          description: 'When it changed, and back. A release shows as active again.',
          unit: 'none',
          width: 12,
          height: 5,
          queries: [{ expr: stateNumber('connection_state', CONNECTION_STATE_NUMBERS), legend: '{{connection}}' }],
        },
        CONNECTION_STATES,
      ),
      timeline(
        {
          id: 110,
          title: 'Circuit over time',
          description:
            'Short openings are TikTok’s hiccups; a comb of open and half open is a connection that stays broken.',
          unit: 'none',
          width: 12,
          height: 5,
          queries: [{ expr: stateNumber('circuit_state', CIRCUIT_STATE_NUMBERS), legend: '{{connection}}' }],
        },
        CIRCUIT_STATES,
      ),
    ],
  };
}
