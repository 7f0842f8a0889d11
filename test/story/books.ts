/**
 * The books of one process: per connection, events consumed = how they ended + handed over + in flight. `missing` is
 * what is left over, and must be 0 whatever happened.
 */

import { eventually } from '../../sandbox/eventually.ts';
import { parseMetrics } from '../../sandbox/metrics-text.ts';
import type { ServiceProcess } from '../../sandbox/service-process.ts';
import { METRIC_PREFIX } from '../../src/adapters/metric-catalogue.ts';
import { OUTCOMES, type Outcome } from '../../src/core/outcome.ts';

/** One connection's, as a scrape has it. */
export type Ledger = Readonly<Record<'consumed' | 'inFlight' | 'missing' | Outcome, number>>;

/** Outcomes that did not occur are absent. */
export type Balance = Pick<Ledger, 'consumed' | 'inFlight' | 'missing'> &
  Partial<Pick<Ledger, Outcome>> & { readonly connection: string };

/**
 * The ledger of each connection, from the text of a scrape.
 * @throws Error where a series is missing, or there twice
 */
export function ledgersOf(text: string): Map<string, Ledger> {
  const families = parseMetrics(text);
  const samplesOf = (name: string) => families.find(family => family.name === METRIC_PREFIX + name)?.samples ?? [];
  const value = (name: string, labels: Readonly<Record<string, string>>): number => {
    const wanted = Object.entries(labels);
    const fits = samplesOf(name).filter(sample => wanted.every(([label, text]) => sample.labels[label] === text));
    if (fits[0] === undefined || fits.length > 1) throw new Error(`${fits.length} series ${name} ${wanted.join(' ')}`);
    return fits[0].value;
  };
  const connections = samplesOf('connection_events_consumed_total').map(({ labels }) => labels['connection'] ?? '');
  const ledgers = connections.map(connection => {
    const consumed = value('connection_events_consumed_total', { connection });
    const inFlight = value('connection_events_in_flight', { connection });
    const ended = OUTCOMES.map(
      outcome => [outcome, value('connection_events_total', { connection, outcome })] as const,
    );
    const missing = ended.reduce((left, [, events]) => left - events, consumed - inFlight);
    return [connection, { consumed, inFlight, missing, ...Object.fromEntries(ended) } as Ledger] as const;
  });
  return new Map(ledgers);
}

/** One balance for each connection that had events, sorted; read from `/metrics`. */
export async function balanceOf(service: ServiceProcess): Promise<Balance[]> {
  const ledgers = [...ledgersOf(await service.metricsText())].filter(([, { consumed }]) => consumed > 0);
  const balances = ledgers.map(([connection, { consumed, inFlight, missing, ...ended }]) => {
    const occurred = Object.fromEntries(Object.entries(ended).filter(([, events]) => events > 0));
    return { connection, consumed, ...occurred, inFlight, missing };
  });
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
