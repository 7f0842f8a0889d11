/** The business that the stories tell of: who converts, and what an advertiser wants to hear of it. */

import type { Fields } from '../../sandbox/event-producer.ts';
import type { Simulator } from '../../sandbox/tiktok-simulator.ts';
import { tokensFor, World, type WorldOptions } from '../../sandbox/world.ts';
import type { SharedStack } from '../stack.ts';

/** Waits and retries short enough for a story. */
export const BRISK = {
  TIKTOK_SYNC_DELIVERY_RETRY_BASE_MS: '50',
  TIKTOK_SYNC_DELIVERY_RETRY_MAX_MS: '300',
} as const;

export interface StoryOptions extends Omit<WorldOptions, 'name'> {
  /** Each sends every conversion of its workspace `workspace-<id>` as a `Lead`. */
  readonly connections: readonly string[];
}

/** A world with these connections, each with a mapping `lead-<id>`. */
export async function createWorld(stack: SharedStack, name: string, options: StoryOptions): Promise<World> {
  const { connections, env, ...more } = options;
  const world = await World.create(stack, {
    ...more,
    name: stack.unique(name),
    env: { ...BRISK, ...tokensFor(...connections), ...env },
  });
  for (const id of connections) {
    await world.connect(id);
    await world.producer.mapping(lead(id));
  }
  return world;
}

/** A mapping that sends conversions of a connection as `Lead`, without a value. */
export function lead(connectionId: string, more: Fields = {}): Fields & { readonly mapping_id: string } {
  return {
    mapping_id: `lead-${connectionId}`,
    connection_id: connectionId,
    trigger: 'CONVERSION_CREATED',
    tiktok_event_name: 'Lead',
    ...more,
  };
}

/** A conversion in the workspace of a connection, with an address that nobody else has. */
export function conversion(connectionId: string, id: string, more: Fields = {}): Fields {
  return {
    conversion_id: id,
    workspace_id: `workspace-${connectionId}`,
    contact_id: `contact of ${id}`,
    event_name: 'Contact form',
    occurred_at: Date.now(),
    email: `visitor+${id.replace(/[^A-Za-z0-9.-]/g, '')}@example.com`,
    ...more,
  };
}

/** Ids `<name>-1` … `<name>-<count>`. */
export function ids(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name}-${index + 1}`);
}

/** Ids of the events that TikTok counts, sorted. */
export function countedIds(simulator: Simulator, sourceId?: string): string[] {
  return simulator
    .ledger()
    .counted(sourceId)
    .map(event => event.event_id ?? '')
    .sort();
}

/** How often TikTok got an event again that it had already counted. */
export function repeats(simulator: Simulator): number {
  return simulator.ledger().summary().repeats;
}
