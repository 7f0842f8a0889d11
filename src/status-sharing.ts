/**
 * Shares connection states between replicas: writes what is found out here to the status topic, and takes in what the
 * others wrote, so that all agree and a restart knows.
 *
 * Nothing waits for it for long: what cannot be written is tried again, the newest state of a connection at that time,
 * and where the topic is missing every replica keeps states of its own.
 */

import { CoalescingWriter } from './coalescing-writer.ts';
import type { ConnectionStates } from './connection-states.ts';
import { type ConnectionState, isSameState, isSameSubject, newerOf } from './core/connection-state.ts';
import {
  connectionIdOf,
  readStatus,
  type StatusDecoder,
  type StatusRecord,
  statusRecordOf,
} from './core/connection-status-record.ts';
import { CodedError, messageOf } from './core/error-codes.ts';
import type { Clock, ConnectionStatusTopic, StatusRecords, Telemetry } from './ports.ts';

export interface StatusSharingParts {
  readonly topic: ConnectionStatusTopic;
  readonly states: ConnectionStates;
  readonly decoder: StatusDecoder;
  /** True when the decoder knows the schemas of these records. */
  readonly learnSchemas: (records: readonly { readonly value: Buffer }[]) => Promise<boolean>;
  readonly workspaceOf: (connectionId: string) => string | null;
  readonly clock: Clock;
  readonly random: () => number;
  readonly telemetry: Telemetry;
  /** Which replica this is. */
  readonly instance: string;
}

/** How late a replica hears of what another one found out. */
const READ_INTERVAL_MS = 1_000;
/** After a failure, or where the topic is missing. */
const READ_AGAIN_MS = 15_000;
const MAX_RECORDS_PER_WRITE = 1_000;
/** Who waits for a state to be told waits no longer: events must not stand still for the status topic. */
const TOLD_WITHIN_MS = 5_000;

/** What the topic holds about a connection. */
interface Shared {
  readonly offset: number;
  readonly state: ConnectionState | null;
}

export class StatusSharing {
  readonly #parts: StatusSharingParts;
  readonly #shared = new Map<string, Shared>();
  /** Connections whose state is going to be written. */
  readonly #toWrite = new Set<string>();
  /** By connection, who waits for the newest write asked for, until that is acknowledged. */
  readonly #telling = new Map<string, Set<() => void>>();
  readonly #writer: CoalescingWriter<string>;
  /** Those of them of which only is to be told that TikTok was asked about them again. */
  readonly #probed = new Set<string>();
  /** What this replica wrote last. */
  readonly #written = new Map<string, ConnectionState>();
  #isShared = false;
  #hasFailed = false;
  #isStopped = false;
  #cancelRead = (): void => {};

  constructor(parts: StatusSharingParts) {
    this.#parts = parts;
    const { clock, random, states, telemetry } = parts;
    this.#writer = new CoalescingWriter({
      write: ids => this.#write(ids),
      onFailure: error => telemetry.connectionStatusFailed('write', messageOf(error)),
      onRecovery: () => telemetry.notice('info', 'CONNECTION_STATUS_WRITTEN', 'connection states are written again'),
      ...{ clock, random, maxItems: MAX_RECORDS_PER_WRITE },
    });
    states.onChanged(connectionId => this.#writeSoon(connectionId));
    states.onProbed(connectionId => {
      if (this.#isShared) this.#probed.add(connectionId);
      this.#writeSoon(connectionId);
    });
  }

  /** Reads what is there, and then on. Resolves after the first try, at the latest after `waitMs`; never rejects. */
  async start(waitMs: number): Promise<void> {
    const { promise: waited, resolve } = Promise.withResolvers<void>();
    const cancel = this.#parts.clock.after(waitMs, resolve);
    await Promise.race([this.#follow(), waited]);
    cancel();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelRead();
    this.#writer.close();
  }

  /** Whether the topic can be read, so that what other replicas find out is known here. */
  get isShared(): boolean {
    return this.#isShared;
  }

  /** Whether the topic tells of this very entry and token, or of newer ones. */
  isTold(connectionId: string, state: ConnectionState): boolean {
    const shared = this.#shared.get(connectionId)?.state ?? null;
    return shared !== null && (isSameSubject(shared, state) || newerOf(shared, state) === shared);
  }

  /** Resolves once what was found out here about the connection is on the topic, or it has taken too long. */
  told(connectionId: string): Promise<void> {
    const waiting = this.#telling.get(connectionId);
    if (waiting === undefined) return Promise.resolve();
    // Who gives up leaves: a write that fails for days must not remember each letter of that time.
    return new Promise(resolve => {
      const end = (): void => {
        cancel();
        waiting.delete(end);
        resolve();
      };
      const cancel = this.#parts.clock.after(TOLD_WITHIN_MS, end);
      waiting.add(end);
    });
  }

  /** Tells of a state that nobody found out but everybody can see (`undecided`, `disabled`), unless somebody has. */
  announce(connectionId: string): void {
    const state = this.#parts.states.of(connectionId);
    if (state !== null && !this.isTold(connectionId, state)) this.#writeSoon(connectionId);
  }

  /**
   * What the topic tells is about an entry of a config topic that is no more, since that was made anew: its offset says
   * nothing about which is newer. What is known here takes its place.
   */
  overrule(connectionId: string): void {
    const shared = this.#shared.get(connectionId);
    if (shared !== undefined) this.#shared.set(connectionId, { ...shared, state: null });
    this.#written.delete(connectionId);
    this.#parts.states.outdated(connectionId);
    this.#writeSoon(connectionId);
  }

  async #follow(): Promise<void> {
    const isRead = await this.#read();
    if (this.#isStopped) return;
    this.#cancelRead = this.#parts.clock.after(isRead ? READ_INTERVAL_MS : READ_AGAIN_MS, () => void this.#follow());
  }

  async #read(): Promise<boolean> {
    try {
      if (!(await this.#take(await this.#parts.topic.read()))) return true;
    } catch (error) {
      if (!this.#isStopped) this.#failed(error);
      return false;
    }
    if (this.#isShared && !this.#hasFailed) return true;
    this.#hasFailed = false;
    this.#isShared = true;
    // What was found out while nothing could be read is not on the topic yet.
    for (const [connectionId, state] of this.#parts.states.answered()) {
      if (this.#isNews(connectionId, state)) this.#writeSoon(connectionId);
    }
    this.#parts.telemetry.notice(
      'info',
      'CONNECTION_STATUS_SHARED',
      'connection states are shared with other replicas',
    );
    return true;
  }

  #failed(error: unknown): void {
    const { telemetry } = this.#parts;
    const isMissing = error instanceof CodedError && error.code === 'TOPICS_WRONG';
    if (!isMissing) telemetry.connectionStatusFailed('read', messageOf(error));
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const message = 'connection states are kept by each replica alone while the status topic cannot be read';
    // That the topic is missing was said by the check of the topics.
    telemetry.notice(isMissing ? 'info' : 'warn', 'CONNECTION_STATUS_NOT_SHARED', message, {
      problem: messageOf(error),
    });
  }

  /** Takes in what is new on the topic; false when a schema must be waited for. */
  async #take(records: StatusRecords): Promise<boolean> {
    const fresh = [...records].flatMap(([key, { offset, value }]) => {
      const connectionId = connectionIdOf(key);
      if (connectionId === null || this.#shared.get(connectionId)?.offset === offset) return [];
      return [{ connectionId, offset, value }];
    });
    if (fresh.length > 0 && !(await this.#parts.learnSchemas(fresh))) return false;
    for (const { connectionId, offset, value } of fresh) this.#takeOne(connectionId, offset, value);
    if (records.size < this.#shared.size) this.#takeDeletions(new Set([...records.keys()].map(connectionIdOf)));
    return true;
  }

  #takeOne(connectionId: string, offset: number, value: Buffer): void {
    const { clock, decoder, instance, states } = this.#parts;
    const read = readStatus(decoder, value);
    const news = read?.state ?? null;
    this.#shared.set(connectionId, { offset, state: news });
    if (news === null) return;
    const before = states.of(connectionId);
    states.learned(connectionId, news, clock.now());
    // Somebody had not heard of this yet; what the topic holds last must be what holds.
    const holds = states.of(connectionId);
    // The same told again: its replica has asked TikTok, so nobody else need to.
    if (read?.instance !== instance && before !== null && isSameState(before, news))
      states.probed(connectionId, clock.now());
    const isOurs = holds !== null && holds === before && holds === this.#written.get(connectionId);
    if (!isOurs || !isSameSubject(holds, news) || read?.instance === instance) return;
    this.#written.delete(connectionId);
    this.#writeSoon(connectionId);
  }

  #takeDeletions(present: ReadonlySet<string | null>): void {
    for (const connectionId of this.#shared.keys()) {
      if (present.has(connectionId)) continue;
      this.#shared.delete(connectionId);
      this.#written.delete(connectionId);
      this.#parts.states.learned(connectionId, null, this.#parts.clock.now());
    }
  }

  #writeSoon(connectionId: string): void {
    if (!this.#isShared || this.#toWrite.has(connectionId)) return;
    this.#toWrite.add(connectionId);
    const waiting = new Set<() => void>();
    this.#telling.set(connectionId, waiting);
    void this.#writer.write([connectionId]).then(() => {
      if (this.#telling.get(connectionId) === waiting) this.#telling.delete(connectionId);
      for (const end of waiting) end();
    });
  }

  /** Writes what holds now, which may be newer than what was found out when the write was asked for. */
  async #write(connectionIds: readonly string[]): Promise<void> {
    const { clock, instance, states, topic, workspaceOf } = this.#parts;
    const changes = new Map<string, StatusRecord | null>();
    const written = new Map<string, ConnectionState>();
    for (const connectionId of connectionIds) {
      this.#toWrite.delete(connectionId);
      const isProbed = this.#probed.has(connectionId);
      const state = states.of(connectionId);
      if (states.latest(connectionId) === null) changes.set(connectionId, null);
      if (state === null || !(isProbed ? this.#isHeld(connectionId, state) : this.#isUntold(connectionId, state))) {
        this.#probed.delete(connectionId);
        continue;
      }
      const writing = { workspaceId: workspaceOf(connectionId), instance, now: clock.now() };
      changes.set(connectionId, statusRecordOf(connectionId, state, writing));
      written.set(connectionId, state);
    }
    if (changes.size === 0) return;
    await topic.write(changes);
    for (const [connectionId, state] of written) {
      this.#written.set(connectionId, state);
      this.#probed.delete(connectionId);
    }
  }

  #isUntold(connectionId: string, state: ConnectionState): boolean {
    return state !== this.#written.get(connectionId) && this.#isNews(connectionId, state);
  }

  /** Whether the topic holds this, or something older. */
  #isHeld(connectionId: string, state: ConnectionState): boolean {
    const shared = this.#shared.get(connectionId)?.state ?? null;
    return shared === null || newerOf(state, shared) === state;
  }

  /** Whether this is newer than what the topic holds. A replica that is behind keeps what it sees to itself. */
  #isNews(connectionId: string, state: ConnectionState): boolean {
    const shared = this.#shared.get(connectionId)?.state ?? null;
    return shared === null || newerOf(shared, state) !== shared;
  }
}
