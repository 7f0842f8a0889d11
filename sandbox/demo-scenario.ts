/**
 * The demo's business: the two workspaces, three connections and six mappings of config/example-connections.yaml, and
 * a believable stream of events, with what must come of each, worked out here and not asked of the service.
 */

import { type Applied, applyExample } from './apply-example.ts';
import type { EventProducer, Fields } from './event-producer.ts';
import type { LedgerEvent } from './tiktok-ledger-page.ts';
import { pixelOf, tokenOf } from './world.ts';

/** What the demo expects TikTok to have taken, as `pixel|event name|event id`; test events begin with `test `. */
export type Expected = Set<string>;

/** An event of the simulator's ledger as it stands among the expected ones. */
export function keyOf({ event_source_id, event, event_id, test_event_code }: LedgerEvent): string {
  return expectedKey(event_source_id, event, String(event_id), test_event_code !== null);
}

function expectedKey(pixel: string, event: string, id: string, isTest: boolean): string {
  return `${isTest ? 'test ' : ''}${pixel}|${event}|${id}`;
}

/** What the demo stands on: a `World`, or the containers of docker-compose.yml. */
export interface Ground {
  readonly producer: EventProducer;
  readonly topics: { readonly conversions: string };
  readonly simulator: { addPixel(pixelId: string, token: string): void | Promise<void> };
  /** The `TIKTOK_SYNC_…` variables of the service. */
  readonly env: Readonly<Record<string, string>>;
}

export interface Stream {
  /** Produces the next few records; returns how many. */
  step(): Promise<number>;
  readonly expected: Expected;
  /** How many dead letters are due for each reason. */
  readonly expectedLetters: ReadonlyMap<string, number>;
  readonly produced: number;
  /** Records of workspaces without a connection, which the service counts and does not log. */
  readonly withoutConnection: number;
}

const MAIN = 'acme-main';
const TRIAL = 'acme-trial';
const SHOP = 'globex-shop';

export const CONNECTIONS = [MAIN, TRIAL, SHOP] as const;

/**
 * Writes connections and mappings to the config topic and tells the simulator of their pixels; of the shop's it knows
 * another token.
 */
export async function configure({ simulator, env }: Ground): Promise<Applied> {
  for (const id of CONNECTIONS) await simulator.addPixel(pixelOf(id), knownToken(id));
  return applyExample(env);
}

/** The token that TikTok knows for the pixel of a connection. */
export function knownToken(connectionId: string): string {
  return connectionId === SHOP ? 'a-token-that-the-shop-never-pasted' : tokenOf(connectionId);
}

/**
 * A stream in which something happens: `perStep` conversions at a time, with the odd one among them. Where claims outlive
 * a stream, each needs a `run` of its own: it is part of its conversions' ids.
 */
export function createStream(world: Ground, perStep: number, run = ''): Stream {
  return new DemoStream(world, perStep, run);
}

class DemoStream implements Stream {
  readonly expected: Expected = new Set();
  readonly expectedLetters = new Map<string, number>();
  produced = 0;
  withoutConnection = 0;
  readonly #world: Ground;
  readonly #perStep: number;
  readonly #run: string;
  #serial = 0;
  #last: Fields[] = [];

  constructor(world: Ground, perStep: number, run: string) {
    this.#world = world;
    this.#perStep = perStep;
    this.#run = run;
  }

  async step(): Promise<number> {
    const before = this.produced;
    const { producer } = this.#world;
    const fresh = Array.from({ length: this.#perStep }, () => this.#conversion());
    await this.#conversions(fresh);
    // A retrying upstream service: the same conversions again, as other records.
    await this.#conversions(this.#last.slice(0, 3));
    await this.#deals(fresh.slice(0, 2));
    if (this.#serial === this.#perStep * 3) await this.#oddities(producer);
    this.#last = fresh;
    return this.produced - before;
  }

  #conversion(): Fields {
    const serial = ++this.#serial;
    const id = `conv-${this.#run}${String(serial).padStart(5, '0')}`;
    const name = ['Contact form', 'Book a demo', 'Start a trial'][serial % 3] as string;
    this.#expect(MAIN, 'Lead', id);
    if (name === 'Book a demo') this.#expect(MAIN, 'Schedule', id);
    if (name === 'Start a trial') this.#expect(TRIAL, 'StartTrial', id);
    return {
      conversion_id: id,
      workspace_id: 'acme',
      contact_id: `contact-${serial % 400}`,
      event_name: name,
      occurred_at: Date.now(),
      email: `visitor${serial}@example.com`,
      phone: `+44 7700 9${String(serial).padStart(5, '0')}`,
      first_touch: touch(serial, 'first'),
      last_touch: serial % 7 === 0 ? null : touch(serial, 'last'),
      currency: serial % 2 === 0 ? 'GBP' : 'XXX',
      quote_value: '19.90',
    };
  }

  /** Two expected updates of the first conversion, one payment of the second. */
  async #deals([first, second]: readonly Fields[]): Promise<void> {
    if (first === undefined || second === undefined) return;
    const now = Date.now();
    const update = (of: Fields, n: number, kind: string, more: Fields): Fields => {
      return { ...of, ...more, kind, update_id: `${String(of['conversion_id'])}-update-${n}`, updated_at: now };
    };
    const updates = [
      update(first, 1, 'EXPECTED', { quote_value: '1200.00', currency: 'GBP' }),
      update(first, 2, 'EXPECTED', { quote_value: '1500.50', currency: 'GBP' }),
      update(second, 1, 'REALIZED', { sales_value: '999.99', currency: 'GBP' }),
    ];
    await this.#world.producer.revenueUpdates(updates);
    this.produced += updates.length;
    this.#expect(MAIN, 'SubmitApplication', `${String(first['conversion_id'])}-update-1`);
    this.#expect(MAIN, 'SubmitApplication', `${String(first['conversion_id'])}-update-2`);
    this.#expect(MAIN, 'Purchase', String(second['conversion_id']));
  }

  /** One of everything that goes wrong in real life. */
  async #oddities(producer: EventProducer): Promise<void> {
    const plain = { contact_id: 'contact-1', occurred_at: Date.now(), last_touch: touch(1, 'last') };
    await this.#conversions([
      { ...plain, conversion_id: 'nobody-listens', workspace_id: 'initech', event_name: 'Contact form' },
      { ...plain, conversion_id: 'poison-1', workspace_id: 'acme', event_name: 'Contact form' },
      { ...plain, conversion_id: 'shop-1', workspace_id: 'globex', event_name: 'Question' },
      { ...plain, conversion_id: 'shop-2', workspace_id: 'globex', event_name: 'Question' },
    ]);
    this.withoutConnection += 1;
    // The simulator refuses ids that begin with "poison", and does not know the token that the shop pasted.
    this.#expectLetters('refused_by_tiktok', 1);
    this.#expectLetters('connection_parked', 2);
    const truncated = producer.encodeConversion({ ...plain, conversion_id: 'cut', workspace_id: 'acme' });
    await producer.raw(this.#world.topics.conversions, [truncated.subarray(0, 9)]);
    this.#expectLetters('undecodable', 1);
    const unpaid = { sales_value: '5', currency: null, kind: 'REALIZED', updated_at: Date.now() };
    await producer.revenueUpdates([
      { ...plain, ...unpaid, conversion_id: 'no-currency', workspace_id: 'acme', update_id: 'no-currency-1' },
    ]);
    this.#expectLetters('currency_missing', 1);
    this.produced += 2;
  }

  async #conversions(events: readonly Fields[]): Promise<void> {
    if (events.length === 0) return;
    await this.#world.producer.conversions(events);
    this.produced += events.length;
  }

  #expect(connectionId: string, eventName: string, eventId: string): void {
    this.expected.add(expectedKey(pixelOf(connectionId), eventName, eventId, connectionId === TRIAL));
  }

  #expectLetters(reason: string, count: number): void {
    this.expectedLetters.set(reason, (this.expectedLetters.get(reason) ?? 0) + count);
  }
}

function touch(serial: number, which: string): Fields {
  return {
    ttclid: `E.C.P.${which}.${serial}`,
    page_url: `https://acme.example/landing?utm_source=tiktok&visit=${serial}`,
    ip: `81.2.69.${serial % 250}`,
    user_agent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)',
    occurred_at: Date.now() - 60_000,
  };
}
