/**
 * The books of one process: per connection, events consumed = how they ended + handed over + in flight. `missing` is
 * what is left over, and must be 0 whatever happened.
 */

import { eventually } from '../../sandbox/eventually.ts';
import type { ServiceProcess } from '../../sandbox/service-process.ts';

const OUTCOMES = ['delivered', 'duplicate', 'skipped', 'dead_lettered', 'handed_over'] as const;

/** Outcomes that did not occur are absent. */
export type Balance = {
  readonly connection: string;
  readonly consumed: number;
  readonly inFlight: number;
  readonly missing: number;
} & { readonly [outcome in (typeof OUTCOMES)[number]]?: number };

/** One balance for each connection that had events, sorted; read from `/metrics`. */
export async function balanceOf(service: ServiceProcess): Promise<Balance[]> {
  const samples = await service.metrics();
  const balances: Balance[] = [];
  for (const [sample, consumed] of samples) {
    const connection = /^tiktok_sync_connection_events_consumed_total\{connection="([^"]*)"\}$/.exec(sample)?.[1];
    if (connection === undefined || consumed === 0) continue;
    const inFlight = samples.get(`tiktok_sync_connection_events_in_flight{connection="${connection}"}`) ?? 0;
    const ended = OUTCOMES.map(outcome => [outcome, endedAs(samples, connection, outcome)] as const);
    const missing = ended.reduce((left, [, events]) => left - events, consumed - inFlight);
    const occurred = Object.fromEntries(ended.filter(([, events]) => events > 0));
    balances.push({ connection, consumed, ...occurred, inFlight, missing });
  }
  return balances.sort((a, b) => a.connection.localeCompare(b.connection));
}

/**
 * Balances of several processes that are not as they must be once all is committed: something missing, or in flight.
 * A process that has lost its partitions without knowing it yet may hold events for a while, so this looks again.
 */
export async function unbalanced(services: readonly ServiceProcess[]): Promise<readonly Balance[]> {
  let wrong: readonly Balance[] = [];
  const balanced = async (): Promise<boolean> => {
    const books = (await Promise.all(services.map(balanceOf))).flat();
    wrong = books.filter(({ inFlight, missing }) => inFlight !== 0 || missing !== 0);
    return wrong.length === 0;
  };
  await eventually('balanced books', balanced).catch(() => {});
  return wrong;
}

function endedAs(samples: ReadonlyMap<string, number>, connection: string, outcome: string): number {
  for (const labels of [
    `connection="${connection}",outcome="${outcome}"`,
    `outcome="${outcome}",connection="${connection}"`,
  ]) {
    const events = samples.get(`tiktok_sync_connection_events_total{${labels}}`);
    if (events !== undefined) return events;
  }
  return 0;
}
