/**
 * Advice on configuration that is valid and may still count something twice or not at all: what only shows when
 * mappings are seen together, and what the choice of an event id means.
 *
 * Guarantee: pure; the same entries give the same advice in the same order. Disabled entries and mappings without a
 * connection give none. Each pair is told once, at the mapping with the greater id.
 */

import type { Connection, Mapping } from './config-entry.ts';
import { countedAs } from './event-names.ts';

export interface Advice {
  /** `mapping:<id>`, as on the config topic. */
  readonly key: string;
  readonly field: string;
  readonly message: string;
}

/** A mapping whose events share a memory at TikTok with those of its pixel's other mappings. */
interface Placed {
  readonly mapping: Mapping;
  /** Pixel or event set, and whether these are test events, which count apart. */
  readonly place: string;
}

/** Advice on these entries, which should be all there are: a pixel may have several connections. */
export function adviceOn(connections: Iterable<Connection>, mappings: Iterable<Mapping>): readonly Advice[] {
  const placed = placedMappings(connections, mappings);
  const advice: Advice[] = [];
  for (const siblings of Map.groupBy(
    placed,
    ({ place, mapping }) => place + countedAs(mapping.tiktok_event_name),
  ).values()) {
    for (const [index, { mapping }] of siblings.entries()) {
      const earlier = siblings.slice(0, index).map(sibling => sibling.mapping);
      advice.push(...adviceOnId(mapping), ...adviceOnAlias(mapping, earlier), ...adviceOnRivals(mapping, earlier));
    }
  }
  return advice.sort((a, b) => compare(a.key, b.key));
}

function placedMappings(connections: Iterable<Connection>, mappings: Iterable<Mapping>): Placed[] {
  const places = new Map<string, string>();
  for (const { connection_id, pixel_id, event_source, test_event_code, enabled } of connections) {
    if (enabled) places.set(connection_id, JSON.stringify([event_source, pixel_id, test_event_code !== null]));
  }
  const placed: Placed[] = [];
  for (const mapping of mappings) {
    const place = places.get(mapping.connection_id);
    if (mapping.enabled && place !== undefined) placed.push({ mapping, place });
  }
  return placed.sort((a, b) => compare(a.mapping.mapping_id, b.mapping.mapping_id));
}

/** What `event_id_source` means for the trigger; the README says the same to marketers. */
function adviceOnId(mapping: Mapping): Advice[] {
  const onUpdates = mapping.trigger !== null && mapping.trigger !== 'CONVERSION_CREATED';
  if (mapping.event_id_source === 'UPDATE') {
    return onUpdates
      ? [
          advise(
            mapping,
            'event_id_source',
            'with UPDATE TikTok adds up the full value of every update of a conversion',
          ),
        ]
      : [
          advise(
            mapping,
            'event_id_source',
            'UPDATE has no effect on this trigger: a conversion has no id but its own',
          ),
        ];
  }
  if (!onUpdates || !mapping.include_value) return [];
  const message =
    'with CONVERSION only the first update of a conversion counts: later ones have the same event id and are dropped, ' +
    'by us for the dedup window and by TikTok for 48 hours';
  return [advise(mapping, 'event_id_source', message)];
}

function adviceOnAlias(mapping: Mapping, earlier: readonly Mapping[]): Advice[] {
  const name = mapping.tiktok_event_name;
  const other = earlier.find(({ tiktok_event_name }) => tiktok_event_name !== name);
  if (other === undefined) return [];
  const message =
    `TikTok counts ${name} and ${other.tiktok_event_name} as one event, and mapping ${other.mapping_id} sends the other ` +
    'on the same pixel: whether it then drops repeats is unknown, so a conversion may count twice';
  return [advise(mapping, 'tiktok_event_name', message)];
}

/** Two triggers of one conversion that send one name: the same id twice, or two ids. */
function adviceOnRivals(mapping: Mapping, earlier: readonly Mapping[]): Advice[] {
  const rival = earlier.find(other => rivals(mapping, other));
  if (rival === undefined) return [];
  const { tiktok_event_name: name } = mapping;
  const who = `mapping ${rival.mapping_id} sends ${name} on the same pixel for ${rival.trigger}`;
  const what =
    usesUpdateId(mapping) || usesUpdateId(rival) ? 'a conversion counts for both' : 'the first one sent wins';
  return [advise(mapping, 'tiktok_event_name', `${who}: the two compete, and ${what}`)];
}

function rivals(a: Mapping, b: Mapping): boolean {
  if (a.tiktok_event_name !== b.tiktok_event_name || a.trigger === b.trigger) return false;
  const [one, other] = [a.event_name_filter, b.event_name_filter];
  return one === '' || other === '' || one === other;
}

function usesUpdateId({ event_id_source, trigger }: Mapping): boolean {
  return event_id_source === 'UPDATE' && trigger !== 'CONVERSION_CREATED';
}

function advise(mapping: Mapping, field: string, message: string): Advice {
  return { key: `mapping:${mapping.mapping_id}`, field, message };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
