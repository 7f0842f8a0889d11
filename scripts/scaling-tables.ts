/** The tables of docs/scaling.md, from formulas and from what was measured (the README's figures among it). */

import { CONNECTION_STATES } from '../src/adapters/metric-catalogue.ts';
import { ALL_OPTIONS } from '../src/config-options.ts';
import { CIRCUIT_STATES } from '../src/core/connection-health.ts';
import { MATCH_QUALITIES } from '../src/core/match-quality.ts';
import { OUTCOMES } from '../src/core/outcome.ts';
import { MAX_EVENTS_PER_REQUEST } from '../src/core/tiktok-body.ts';
import { MATCH_KEYS } from '../src/core/tiktok-event.ts';
import { claimsHeld, eventsPerRequest, eventsWaiting, perSecond, requestsPerWindow } from './scaling-figures.ts';

/** `npm run bench -- redis-memory`: the most of its figures, that of a hash table that has just doubled. */
const BYTES_PER_CLAIM = 318;
/** Days that a claim lives by default: the mark's life is the longest of the dedup window, 48 h and the replay horizon. */
const CLAIM_LIFE_DAYS = optionOf('dedup.replayHorizonMs') / 86_400_000;
/** Of the busiest seconds over the mean of a day: an assumption. */
const PEAK = 4;
/** Share of a core to plan with. */
const USE_OF_A_CORE = 0.5;

const CAP = MAX_EVENTS_PER_REQUEST.V2;
const WINDOW_SECONDS = optionOf('window.sizeMs') / 1000;
const HUNDRED_MILLION = 100_000_000;

/** Series of one connection: consumed, in flight, token, rate, last success, and the sets. */
export const SERIES_PER_CONNECTION =
  5 + OUTCOMES.length + MATCH_KEYS.length + MATCH_QUALITIES.length + CONNECTION_STATES.length + CIRCUIT_STATES.length;

/** How full requests are, by events of a connection in a window at one replica. */
export function fillTable(): string {
  const rows = [0.1, 1, 3, 10, 100, 500, 1_000, 2_500, 10_000].map(perWindow => {
    const load = { perWindow, cap: CAP };
    const cells = [perWindow, eventsPerRequest(load), 1_000 / eventsPerRequest(load), eventsWaiting(load)];
    return row(cells.map(rounded));
  });
  return table(
    ['events in a window', 'events a request', 'requests for 1,000 events', 'events that wait, on average'],
    rows,
  );
}

/** A hundred million events a day: events a request and requests a second, by connections and replicas. */
export function requestTable(): string {
  const replicas = [1, 3, 6, 12];
  const rows = [10, 100, 1_000, 10_000].map(connections => {
    const cells = replicas.map(count => {
      const perWindow = (perSecond(HUNDRED_MILLION) * WINDOW_SECONDS) / connections / count;
      const load = { perWindow, cap: CAP };
      const requests = (requestsPerWindow(load) * connections * count) / WINDOW_SECONDS;
      return `${rounded(eventsPerRequest(load))} · ${rounded(requests)}`;
    });
    return row([rounded(connections), ...cells]);
  });
  return table(['connections', ...replicas.map(count => `${count} replica${count === 1 ? '' : 's'}`)], rows);
}

/** What a day's events need. `lowest`: records per CPU-second in the machine's worst hour. */
export function growthTable(readme: string): string {
  const { lowest } = throughput(readme);
  const spare = optionOf('window.maxBufferedEventsCount') * optionOf('window.pressureRatio');
  const days = [1_000_000, 10_000_000, HUNDRED_MILLION];
  const figures = days.map((events): Record<string, string> => {
    const peak = perSecond(events) * PEAK;
    const waiting = (peak * WINDOW_SECONDS) / 2;
    const { claims, bytes } = claimsHeld(events, CLAIM_LIFE_DAYS, BYTES_PER_CLAIM);
    return {
      'events a second, mean': rounded(perSecond(events)),
      [`at the peak (× ${PEAK})`]: rounded(peak),
      'cores at the peak': rounded(peak / lowest),
      'replicas for the processor, one of them spare': String(1 + Math.ceil(peak / (lowest * USE_OF_A_CORE))),
      'events that wait at the peak, at most': rounded(waiting),
      'replicas for a buffer of the default size, one of them spare': String(1 + Math.ceil(waiting / spare)),
      'claims on Redis': rounded(claims),
      'memory of Redis': `${rounded(bytes / 1e9)} GB`,
      'calls to Redis a second at the peak, of 500 claims each': rounded((2 * peak) / 500),
    };
  });
  const names = Object.keys(figures[0] ?? {});
  const rows = names.map(name => row([name, ...figures.map(figure => figure[name] ?? '')]));
  return table(['events a day', ...days.map(rounded)], rows);
}

/** Time series of a replica, by connections. */
export function seriesTable(): string {
  const rows = [10, 100, 500].map(connections =>
    row([rounded(connections), rounded(connections * SERIES_PER_CONNECTION)]),
  );
  return table(['connections with labels of their own', 'series of a replica for them'], rows);
}

/** Records per CPU-second as the README has them: the run it shows, and the worst hour. */
export function throughput(readme: string): { readonly shown: number; readonly lowest: number } {
  const shown = Number(/^records per CPU-second +(\d+)$/m.exec(readme)?.[1]);
  const lowest = Number(/between ([\d,]+) and [\d,]+ records per CPU-second/.exec(readme)?.[1]?.replace(',', ''));
  if (!(shown > 0 && lowest > 0)) throw new Error('the README no longer says how many records a CPU-second carries');
  return { shown, lowest };
}

function optionOf(path: string): number {
  const fallback = ALL_OPTIONS.get(path)?.option.fallback;
  if (fallback?.kind !== 'value' || typeof fallback.value !== 'number') throw new Error(`${path} has no default`);
  return fallback.value;
}

/** Three figures, with a comma for thousands. */
function rounded(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 3 });
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function table(head: readonly string[], rows: readonly string[]): string {
  return [row(head), row(head.map(() => '---')).replaceAll(' ', ''), ...rows].join('\n');
}
