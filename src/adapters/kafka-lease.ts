/**
 * How long this process may believe that it owns its partitions.
 *
 * The coordinator forgets a member whose last heartbeat is older than the session timeout. What the member knows for
 * sure is when it *sent* the last heartbeat that the coordinator took: from then on it counts, so that a process that
 * was frozen (SIGSTOP, a paused VM, a long garbage collection) finds its lease over before it does anything. An answer
 * of REBALANCE_IN_PROGRESS re-arms the session too.
 */

import type { Clock } from '../ports.ts';
import { type BrokerInternals, type HeartbeatPayload, kafkaErrorCode } from './kafka-internals.ts';

export class MembershipLease {
  readonly #clock: Clock;
  readonly #sessionTimeoutMs: number;
  /** Monotonic milliseconds. */
  #sentAt: number | null = null;
  #isCancelled = true;

  constructor(sessionTimeoutMs: number, clock: Clock) {
    this.#sessionTimeoutMs = sessionTimeoutMs;
    this.#clock = clock;
  }

  /** The coordinator took a request that was sent at `sentAt` (monotonic milliseconds). */
  renew(sentAt: number): void {
    this.#sentAt = this.#isCancelled ? sentAt : Math.max(sentAt, this.#sentAt ?? sentAt);
    this.#isCancelled = false;
  }

  /** The coordinator does not know this member any more. */
  cancel(): void {
    this.#isCancelled = true;
  }

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  holds(): boolean {
    return (
      !this.#isCancelled && this.#sentAt !== null && this.#clock.monotonic() - this.#sentAt < this.#sessionTimeoutMs
    );
  }

  /** Milliseconds since the last taken request was sent; `null` before the first. */
  ageMs(): number | null {
    return this.#sentAt === null ? null : this.#clock.monotonic() - this.#sentAt;
  }
}

/** What happens between a member and its coordinator. Calls are made before the answer reaches kafkajs. */
export interface MembershipObserver {
  /** A heartbeat is sent; what it returns comes back with the answer. */
  heartbeatSent(): HeartbeatMark;
  heartbeatTaken(mark: HeartbeatMark, payload: HeartbeatPayload): void;
  heartbeatRefused(mark: HeartbeatMark, code: string): void;
  /** A JoinGroup request was answered, or failed. */
  joinEnded(): void;
  /** The coordinator gave out partitions on a request that was sent at `sentAt` (monotonic milliseconds). */
  synced(sentAt: number): void;
}

export interface HeartbeatMark {
  /** Monotonic milliseconds. */
  readonly sentAt: number;
  /** How many times the membership had been in doubt by then. */
  readonly suspensions: number;
}

const observed = new WeakSet<BrokerInternals>();

/** Watches a broker of one client; brokers are never shared between clients. Doing it again changes nothing. */
export function observeCoordinator(broker: BrokerInternals, observer: MembershipObserver, clock: Clock): void {
  if (observed.has(broker)) return;
  observed.add(broker);
  const { heartbeat, joinGroup, syncGroup } = broker;
  broker.heartbeat = async payload => {
    const mark = observer.heartbeatSent();
    try {
      const answer = await heartbeat.call(broker, payload);
      observer.heartbeatTaken(mark, payload);
      return answer;
    } catch (error) {
      observer.heartbeatRefused(mark, kafkaErrorCode(error));
      throw error;
    }
  };
  broker.joinGroup = async payload => {
    try {
      return await joinGroup.call(broker, payload);
    } finally {
      observer.joinEnded();
    }
  };
  broker.syncGroup = async payload => {
    const sentAt = clock.monotonic();
    const answer = await syncGroup.call(broker, payload);
    observer.synced(sentAt);
    return answer;
  };
}
