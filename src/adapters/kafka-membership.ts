/**
 * Membership in a consumer group: joins, leaves, restarts, knows what is owned and for how long that is sure, and
 * tells signs of a rebalance from a rebalance.
 *
 * Signs (an assigner called, REBALANCING, a heartbeat refused) only bring the ownership into doubt: the join they
 * announce may fail and the old generation go on. The doubt ends with GROUP_JOIN (a new ownership), with a heartbeat
 * sent after the last sign and taken under the same generation (the old ownership stands), or with a crash.
 */

import type { Consumer, EachBatchHandler, Kafka } from 'kafkajs';
import type { Clock, Telemetry } from '../ports.ts';
import { observedRoundRobin } from './kafka-assigner.ts';
import { KAFKA_RETRY } from './kafka-client.ts';
import { followConsumerGroup } from './kafka-consumer-group.ts';
import { canRestart } from './kafka-crash.ts';
import type { BatchInternals, ConsumerGroupInternals, HeartbeatPayload } from './kafka-internals.ts';
import { type HeartbeatMark, MembershipLease, type MembershipObserver, observeCoordinator } from './kafka-lease.ts';
import { Ownership } from './kafka-ownership.ts';
import { flushBeforeRejoin, isMembershipLost } from './kafka-rejoin-flush.ts';

export interface MembershipOptions {
  readonly topics: readonly string[];
  readonly groupId: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly fetchWaitMs: number;
  readonly maxPartitionFetchBytes: number;
  readonly maxFetchBytes: number;
  readonly metadataMaxAgeMs: number;
}

/** Who lives by the membership. `doubted`, `confirmed` and `flush` are called only for an ownership that has begun. */
export interface MembershipListener {
  joined(ownership: Ownership): void;
  doubted(ownership: Ownership): void;
  confirmed(ownership: Ownership): void;
  flush(ownership: Ownership, budgetMs: number, signal: AbortSignal): Promise<void>;
  /** A batch without any record for us was fetched; kafkajs steps over it without telling. */
  passedOver(batch: BatchInternals): void;
  /** Nothing is owned any more; a new start is under way. */
  lost(): void;
  /** The end: reading cannot go on. */
  failed(error: Error): void;
}

/** How many partitions are fetched for at once; more helps only where the handler waits. */
const CONCURRENT_PARTITIONS = 4;
const RESTART_AFTER_MS = 1_000;
/** While in doubt the group is asked this often whether the old generation stands. */
const DOUBT_HEARTBEAT_MS = 500;

export class GroupMembership {
  readonly consumer: Consumer;
  readonly lease: MembershipLease;
  readonly #options: MembershipOptions;
  readonly #clock: Clock;
  readonly #telemetry: Pick<Telemetry, 'heartbeat' | 'notice'>;
  readonly #listener: MembershipListener;
  /** When each batch's fetch began, in fetches. */
  readonly #fetchedAt = new WeakMap<object, number>();
  #fetches = 0;
  #group: ConsumerGroupInternals | null = null;
  #ownership: Ownership | null = null;
  #epoch = 0;
  #isInDoubt = false;
  /** Counts the signs of a rebalance, so that only a heartbeat sent after the last of them ends the doubt. */
  #suspensions = 0;
  /** Joins between the look-up of the coordinator and the answer to JoinGroup; fetchers may join side by side. */
  #joinsInFlight = 0;
  #isLeaving = false;
  #cancelBeat = (): void => {};
  #eachBatch: EachBatchHandler = () => Promise.resolve();

  constructor(
    kafka: Kafka,
    options: MembershipOptions,
    listener: MembershipListener,
    parts: { readonly clock: Clock; readonly telemetry: Pick<Telemetry, 'heartbeat' | 'notice'> },
  ) {
    this.#options = options;
    this.#listener = listener;
    this.#clock = parts.clock;
    this.#telemetry = parts.telemetry;
    this.lease = new MembershipLease(options.sessionTimeoutMs, parts.clock);
    this.consumer = this.#createConsumer(kafka);
    this.#listen();
  }

  get ownership(): Ownership | null {
    return this.#ownership;
  }

  get group(): ConsumerGroupInternals | null {
    return this.#group;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get isInDoubt(): boolean {
    return this.#isInDoubt;
  }

  /** How many fetches have begun so far. */
  get fetches(): number {
    return this.#fetches;
  }

  /** Whether `ownership` is what the group last gave us, and kafkajs works under its generation. */
  isCurrent(ownership: Ownership): boolean {
    return ownership === this.#ownership && ownership.isCurrentIn(this.#group);
  }

  /** The number of the fetch that brought `batch`. */
  fetchOf(batch: object): number {
    return this.#fetchedAt.get(batch) ?? 0;
  }

  /** Connects and joins. Resolves after the first try to join; failures are told to the listener. */
  async join(eachBatch: EachBatchHandler): Promise<void> {
    this.#eachBatch = eachBatch;
    await this.consumer.connect();
    await this.consumer.subscribe({ topics: [...this.#options.topics], fromBeginning: true });
    this.#beatSoon();
    await this.#run();
  }

  async leave(): Promise<void> {
    this.#isLeaving = true;
    this.#cancelBeat();
    await this.consumer.disconnect();
    this.#lose();
  }

  #createConsumer(kafka: Kafka): Consumer {
    const options = this.#options;
    return kafka.consumer({
      groupId: options.groupId,
      sessionTimeout: options.sessionTimeoutMs,
      rebalanceTimeout: options.rebalanceTimeoutMs,
      heartbeatInterval: options.heartbeatIntervalMs,
      maxWaitTimeInMs: options.fetchWaitMs,
      maxBytesPerPartition: options.maxPartitionFetchBytes,
      maxBytes: options.maxFetchBytes,
      metadataMaxAge: options.metadataMaxAgeMs,
      allowAutoTopicCreation: false,
      // A restart after `leave` would join again, without anybody knowing.
      retry: { ...KAFKA_RETRY, restartOnFailure: () => Promise.resolve(!this.#isLeaving) },
      partitionAssigners: [
        observedRoundRobin({
          clusterKnown: cluster => followConsumerGroup(cluster, group => this.#groupMade(group)),
          beforeJoin: () => this.#beforeJoin(),
          joinGivenUp: () => this.#joinEnded(),
          coordinatorFound: coordinator => observeCoordinator(coordinator, this.#observer(), this.#clock),
          joinStarts: () => this.#doubt(),
        }),
      ],
    });
  }

  async #run(): Promise<void> {
    await this.consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: CONCURRENT_PARTITIONS,
      eachBatch: payload => this.#eachBatch(payload),
    });
  }

  /** A listener that throws would break into kafkajs's own join, so these do little and throw nothing. */
  #listen(): void {
    const { consumer } = this;
    const { GROUP_JOIN, REBALANCING, STOP, CRASH } = consumer.events;
    consumer.on(GROUP_JOIN, ({ payload }) => this.#joined(payload.memberAssignment));
    consumer.on(REBALANCING, () => this.#doubt());
    consumer.on(STOP, () => this.#lose());
    consumer.on(CRASH, ({ payload }) => this.#crashed(payload.error, payload.restart));
  }

  #groupMade(group: ConsumerGroupInternals): void {
    this.#group = group;
    this.#joinsInFlight = 0;
    const { fetch } = group;
    group.fetch = async nodeId => {
      this.#fetches += 1;
      const began = this.#fetches;
      const batches = await fetch.call(group, nodeId);
      for (const batch of batches) {
        this.#fetchedAt.set(batch, began);
        if (batch.isEmptyDueToFiltering()) this.#listener.passedOver(batch);
      }
      return batches;
    };
  }

  #joined(assignment: Readonly<Record<string, readonly number[]>>): void {
    if (this.#group === null || this.#isLeaving) return;
    this.#epoch += 1;
    this.#isInDoubt = false;
    this.#ownership = new Ownership(this.#epoch, this.#group, assignment);
    this.#listener.joined(this.#ownership);
  }

  #doubt(): void {
    this.#suspensions += 1;
    if (this.#ownership === null || this.#isInDoubt) return;
    this.#isInDoubt = true;
    if (this.#ownership.begun) this.#listener.doubted(this.#ownership);
  }

  #confirm(mark: HeartbeatMark, payload: HeartbeatPayload): void {
    const ownership = this.#ownership;
    if (ownership === null || !this.#isInDoubt || this.#joinsInFlight > 0) return;
    if (mark.suspensions !== this.#suspensions || payload.groupGenerationId !== ownership.generationId) return;
    this.#isInDoubt = false;
    ownership.flush = null;
    if (ownership.begun) this.#listener.confirmed(ownership);
  }

  #lose(): void {
    this.#doubt();
    this.lease.cancel();
    if (this.#ownership === null) return;
    this.#ownership = null;
    this.#listener.lost();
  }

  #crashed(error: Error, restarts: boolean): void {
    this.#lose();
    if (restarts || this.#isLeaving) return;
    if (!canRestart(error)) {
      this.#listener.failed(error);
      return;
    }
    this.#telemetry.notice('warn', 'KAFKA_CONSUMER_RESTARTS', `the consumer stopped (${error.name}) and starts again`);
    this.#clock.after(RESTART_AFTER_MS, () => {
      if (!this.#isLeaving) this.#run().catch((cause: Error) => this.#listener.failed(cause));
    });
  }

  /** Runs once for an ownership in doubt; a join that is tried again waits for the same flush. */
  async #beforeJoin(): Promise<void> {
    this.#joinsInFlight += 1;
    const [ownership, group] = [this.#ownership, this.#group];
    if (ownership === null || !ownership.begun || group === null) return;
    // The coordinator has dropped us: nothing can be committed any more.
    if (this.lease.isCancelled || group.memberId === null) return;
    this.#doubt();
    ownership.flush ??= flushBeforeRejoin(
      group,
      this.#options.rebalanceTimeoutMs / 2,
      this.#clock,
      (budgetMs, signal) => this.#listener.flush(ownership, budgetMs, signal),
    ).catch((error: Error) => this.#listener.failed(error));
    await ownership.flush;
  }

  #joinEnded(): void {
    this.#joinsInFlight -= 1;
  }

  #observer(): MembershipObserver {
    return {
      heartbeatSent: () => ({ sentAt: this.#clock.monotonic(), suspensions: this.#suspensions }),
      heartbeatTaken: (mark, payload) => {
        this.lease.renew(mark.sentAt);
        this.#telemetry.heartbeat();
        this.#confirm(mark, payload);
      },
      heartbeatRefused: (mark, code) => this.#heartbeatRefused(mark, code),
      joinEnded: () => this.#joinEnded(),
      synced: sentAt => this.lease.renew(sentAt),
    };
  }

  #heartbeatRefused(mark: HeartbeatMark, code: string): void {
    if (code === 'REBALANCE_IN_PROGRESS') {
      this.lease.renew(mark.sentAt);
      this.#doubt();
    } else if (isMembershipLost(code)) {
      this.lease.cancel();
      this.#doubt();
    }
  }

  /**
   * Heartbeats beside kafkajs's own, which come only between fetches and batches: a handler that waits for the claim
   * store must not cost the membership. Their errors are left to kafkajs, whose next heartbeat meets the same answer.
   */
  #beatSoon(): void {
    const delayMs = this.#isInDoubt ? DOUBT_HEARTBEAT_MS : this.#options.heartbeatIntervalMs;
    this.#cancelBeat = this.#clock.after(Math.min(delayMs, this.#options.heartbeatIntervalMs), () => {
      this.#beat();
      this.#beatSoon();
    });
  }

  #beat(): void {
    if (this.#ownership === null || this.#joinsInFlight > 0) return;
    const interval = this.#isInDoubt ? 0 : this.#options.heartbeatIntervalMs;
    void this.#group?.heartbeat({ interval }).catch(() => {});
  }
}
