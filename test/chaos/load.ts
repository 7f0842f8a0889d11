/** A steady stream of conversions, some of them produced twice, and the list of what TikTok must count of it. */

import { setTimeout as pause } from 'node:timers/promises';
import type { Fields } from '../../sandbox/event-producer.ts';
import { pixelOf, type World } from '../../sandbox/world.ts';

export interface LoadOptions {
  /** Each has a mapping that sends every conversion as `Lead`. */
  readonly connections: readonly string[];
  readonly eventsPerSecond: number;
  /** Share of records that repeat an earlier conversion. */
  readonly duplicates: number;
  readonly random: () => number;
}

const TICK_MS = 100;
/** Repeats are chosen among so many conversions before. */
const RECENT = 2_000;

export class Load {
  /** `pixel|event name|event id` of every event that TikTok must count, once. */
  readonly expected = new Set<string>();
  /** Records acknowledged by Kafka. */
  produced = 0;
  readonly #world: World;
  readonly #options: LoadOptions;
  readonly #recent: Fields[] = [];
  #serial = 0;
  #running: Promise<void> | null = null;
  #going = false;

  constructor(world: World, options: LoadOptions) {
    this.#world = world;
    this.#options = options;
  }

  start(): void {
    this.#going = true;
    this.#running = this.#run();
  }

  /** Resolves when the last batch is acknowledged. */
  async stop(): Promise<void> {
    this.#going = false;
    await this.#running;
  }

  async #run(): Promise<void> {
    const startedAt = performance.now();
    let made = 0;
    while (this.#going) {
      const due = Math.floor(((performance.now() - startedAt) / 1000) * this.#options.eventsPerSecond) - made;
      if (due > 0) {
        // After a pause of Kafka's the backlog comes in bounded batches, as an upstream service would send it.
        const batch = Array.from({ length: Math.min(due, this.#options.eventsPerSecond) }, () => this.#next());
        await this.#world.producer.conversions(batch);
        this.produced += batch.length;
        made += batch.length;
      }
      await pause(TICK_MS);
    }
  }

  #next(): Fields {
    const { connections, duplicates, random } = this.#options;
    const earlier = this.#recent[Math.floor(random() * this.#recent.length)];
    if (earlier !== undefined && random() < duplicates) return earlier;
    const serial = ++this.#serial;
    const connection = connections[Math.floor(random() * connections.length)] as string;
    const id = `conversion-${serial}`;
    const event = {
      conversion_id: id,
      workspace_id: `workspace-${connection}`,
      contact_id: `contact-${serial}`,
      event_name: 'Contact form',
      occurred_at: Date.now(),
      email: `visitor.${serial}@example.com`,
    };
    this.expected.add(`${pixelOf(connection)}|Lead|${id}`);
    this.#recent[serial % RECENT] = event;
    return event;
  }
}
