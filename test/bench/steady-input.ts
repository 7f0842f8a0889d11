/** A steady stream of conversions over some connections in turn, and when each was produced. */

import { setTimeout as pause } from 'node:timers/promises';
import type { Fields } from '../../sandbox/event-producer.ts';
import type { World } from '../../sandbox/world.ts';
import { conversion } from '../story/business.ts';

const TICK_MS = 50;

export interface SteadyInputOptions {
  readonly connections: readonly string[];
  /** Records per second over all connections. */
  readonly rate: number;
  /** Keeps, per event id, when it was produced; off for streams of millions. */
  readonly keepTimes?: boolean;
}

export class SteadyInput {
  /** Records acknowledged by Kafka. */
  produced = 0;
  /** Of each connection. */
  readonly producedFor = new Map<string, number>();
  /** Epoch milliseconds just before a record was given to the producer, by event id. */
  readonly producedAt = new Map<string, number>();
  readonly #world: World;
  readonly #options: SteadyInputOptions;
  #running: Promise<void> | null = null;
  #going = false;
  #serial = 0;

  constructor(world: World, options: SteadyInputOptions) {
    this.#world = world;
    this.#options = options;
  }

  start(): void {
    this.#going = true;
    this.#running = this.#run();
    // Whoever stops it hears of a failure; until then it is no unhandled rejection.
    this.#running.catch(() => {});
  }

  /** Resolves when the last batch is acknowledged. @throws what the producer threw meanwhile. */
  async stop(): Promise<void> {
    this.#going = false;
    await this.#running;
  }

  async #run(): Promise<void> {
    const startedAt = performance.now();
    const { rate } = this.#options;
    while (this.#going) {
      const due = Math.floor(((performance.now() - startedAt) / 1000) * rate) - this.#serial;
      // After a pause of Kafka's the backlog comes in bounded batches.
      if (due > 0) await this.#produce(Math.min(due, rate));
      await pause(TICK_MS);
    }
  }

  async #produce(count: number): Promise<void> {
    const { connections, keepTimes } = this.#options;
    const events: Fields[] = [];
    for (let index = 0; index < count; index++) {
      const connection = connections[this.#serial % connections.length] as string;
      const id = `conversion-${this.#serial++}`;
      events.push(conversion(connection, id));
      this.producedFor.set(connection, (this.producedFor.get(connection) ?? 0) + 1);
      if (keepTimes === true) this.producedAt.set(id, Date.now());
    }
    await this.#world.producer.conversions(events);
    this.produced += count;
  }
}
