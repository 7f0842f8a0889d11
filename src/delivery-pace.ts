/**
 * When a connection's next request may start: not before its backoff ends, and not without a permit of its request rate.
 *
 * Learns from every answer: failures in a row make the waits longer and open the circuit, throttling lowers the rate for
 * all replicas, and failures of many connections together are an outage of the vendor, for which nobody is to blame.
 * All of it is kept by connection, not by batch, so that a failing one is not hammered by each new batch.
 */

import { answerText } from './core/answer-text.ts';
import { backoffDelay } from './core/backoff.ts';
import { type CircuitState, ConnectionHealth } from './core/connection-health.ts';
import type { Verdict } from './core/judge-response.ts';
import { LONGEST_BLOCK_MS } from './core/rate-limit.ts';
import { SlowAnswers, type Slowness } from './core/slow-answers.ts';
import { ThrottledSpell } from './core/throttled-spell.ts';
import type { OutageChange } from './core/vendor-outage.ts';
import type { DeliveryParts } from './delivery-parts.ts';
import { isOutdated, type Lane } from './lane.ts';

/** Milliseconds until a request may start; 0: now, its permit is taken. */
export interface Wait {
  readonly ms: number;
  readonly why: 'backoff' | 'rate_limit';
}

const NOW: Wait = { ms: 0, why: 'rate_limit' };
/** What was last tried so long ago, longer than any wait, says nothing any more: others may have had it meanwhile. */
const STALE_MS = LONGEST_BLOCK_MS + 10 * 60_000;

export class DeliveryPace {
  readonly #parts: DeliveryParts;
  /** Connections without a success since their last failure. */
  readonly #failing = new Map<string, ConnectionHealth>();
  readonly #rates = new Map<string, number>();
  /** By connection, the last time in which TikTok throttled it. */
  readonly #spells = new Map<string, ThrottledSpell>();
  readonly #answers = new SlowAnswers();
  /** Whether there was an outage of the vendor when it was last looked at. */
  #sawOutage = false;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  /** How the connection fares while it fails; null while it does not. */
  failing(connectionId: string): ConnectionHealth | null {
    const health = this.#failing.get(connectionId) ?? null;
    if (health === null || health.sinceLastMs(this.#parts.clock.monotonic()) <= STALE_MS) return health;
    this.#recover(connectionId, health, 'it has not been tried for long');
    return null;
  }

  /** The time in which TikTok throttles the connection, though requests of it may pass; null while there is none. */
  throttledSpell(connectionId: string): ThrottledSpell | null {
    const spell = this.#spells.get(connectionId) ?? null;
    return spell === null || spell.isOver(this.#parts.clock.monotonic()) ? null : spell;
  }

  /** How slowly TikTok answers the connection while it answers others quickly; null while it does not. */
  slowness(connectionId: string): Slowness | null {
    return this.#answers.of(connectionId, this.#parts.clock.monotonic());
  }

  /** Whether the connection fails in a way that may be everybody's, and nobody has got through since. */
  mayFailForAll(connectionId: string): boolean {
    const health = this.failing(connectionId);
    const since = health?.firstAt ?? null;
    return health?.lastAnswer != null && since !== null && this.#mayBeVendors(health.lastAnswer, since);
  }

  /** Circuits that are not closed. */
  circuits(): ReadonlyMap<string, CircuitState> {
    return new Map([...this.#failing].map(([id, { circuit }]) => [id, circuit]));
  }

  /** Requests a second that each connection may make, as of its last request. */
  rates(): ReadonlyMap<string, number> {
    return this.#rates;
  }

  /** Asked before each request; where it says 0, the request is to be made. Never rejects. */
  async wait(lane: Lane): Promise<Wait> {
    const { clock, credentialsNow, limits } = this.#parts;
    const { connectionId } = lane;
    const health = this.failing(connectionId);
    // Another token, or another version of the entry, is used at once.
    if (health !== null && isOutdated(lane, credentialsNow(connectionId))) health.retryNow();
    const backoffMs = health?.waitMs(clock.monotonic()) ?? 0;
    const spell = this.throttledSpell(connectionId);
    if (backoffMs > 0) {
      spell?.waits(0, clock.monotonic());
      return { ms: backoffMs, why: 'backoff' };
    }
    const { waitMs, ratePerSecond } = await limits.acquire(connectionId, this.#ceilingOf(connectionId));
    this.#rates.set(connectionId, ratePerSecond);
    if (waitMs > 0) {
      spell?.waits(ratePerSecond, clock.monotonic());
      return { ms: waitMs, why: 'rate_limit' };
    }
    if (health !== null) this.#change(connectionId, health, 'a trial is under way', () => health.tries());
    return NOW;
  }

  /** TikTok judged the events, whatever it said of them: the connection works. */
  passed({ answerTookMs, connectionId, waitedMs }: Lane): void {
    const { clock, outage } = this.#parts;
    this.#answers.answered(connectionId, answerTookMs - waitedMs, clock.monotonic());
    this.#mayEndOutage(now => outage.succeeded(connectionId, now));
    this.#tryAllAfterOutage();
    const health = this.#failing.get(connectionId);
    if (health !== undefined) this.#recover(connectionId, health, 'TikTok judged its events');
  }

  /** TikTok answered, and judged no event: it refused the connection, say. There is no failure to wait for any more. */
  answered({ connectionId }: Lane, reason: string): void {
    const { clock, enabledConnections, outage } = this.#parts;
    outage.failed(connectionId, false, enabledConnections(), clock.monotonic());
    const health = this.#failing.get(connectionId);
    if (health !== undefined) this.#recover(connectionId, health, reason);
  }

  /** The same ids go again, after a wait. */
  async failed(lane: Lane, verdict: Verdict): Promise<void> {
    const { limits, options, random, telemetry } = this.#parts;
    const { connectionId } = lane;
    this.#watchOutage(connectionId, verdict);
    const health = this.failing(connectionId) ?? new ConnectionHealth(options.circuitFailuresCount);
    this.#failing.set(connectionId, health);
    const attempt = health.failures + 1;
    const delay = backoffDelay(attempt, options.retryBaseMs, options.retryMaxMs, random());
    this.#change(connectionId, health, answerText(verdict), () => this.#note(connectionId, health, verdict, delay));
    telemetry.requestRetried(connectionId, verdict.class, attempt, delay);
    if (verdict.class === 'throttled' || verdict.retryAfterMs !== null) {
      this.#noteThrottling(connectionId, verdict);
      await limits.throttled(connectionId, { retryAfterMs: verdict.retryAfterMs, sinceMs: lane.answerTookMs });
    }
  }

  /** Called again and again: notices that nobody fails any more, and an outage that another delivery came upon. */
  watch(): void {
    const { outage } = this.#parts;
    this.#mayEndOutage(now => outage.watch(now));
    if (outage.active) this.#blameNobody();
    this.#tryAllAfterOutage();
    // Those that no event asks for any more: their partition may be another replica's now.
    for (const connectionId of this.#failing.keys()) this.failing(connectionId);
  }

  /** The connection is gone. */
  forget(connectionId: string): void {
    this.#failing.delete(connectionId);
    this.#rates.delete(connectionId);
    this.#spells.delete(connectionId);
    this.#answers.forget(connectionId);
  }

  #note(connectionId: string, health: ConnectionHealth, answer: Verdict, delay: number): void {
    const { clock, outage } = this.#parts;
    const now = clock.monotonic();
    const isOwn = answer.class !== 'throttled' && !answer.limitedAttempts && !outage.active;
    // Alone on the scene it is held to be the connection's own: there is nobody to compare it with.
    const mayBeVendors = this.#mayBeVendors(answer, health.firstAt ?? now) && outage.hasOthers(connectionId, now);
    health.failed({ now, workingTime: outage.workingTime(now), retryAt: now + delay, isOwn, mayBeVendors, answer });
  }

  #mayBeVendors({ vendorWide }: Verdict, since: number): boolean {
    return vendorWide && this.#parts.outage.isPossibleSince(since);
  }

  #noteThrottling(connectionId: string, answer: Verdict): void {
    const now = this.#parts.clock.monotonic();
    const rate = this.#rates.get(connectionId) ?? Number.POSITIVE_INFINITY;
    const spell = this.throttledSpell(connectionId);
    if (spell === null) this.#spells.set(connectionId, new ThrottledSpell(answer, rate, now));
    else spell.throttled(answer, now);
  }

  #mayEndOutage(report: (now: number) => OutageChange): void {
    const { clock, outage, telemetry } = this.#parts;
    const now = clock.monotonic();
    const lastedMs = outage.lastedMs(now);
    if (report(now) === 'ended') telemetry.vendorOutage('ended', lastedMs);
  }

  #watchOutage(connectionId: string, { vendorWide }: Verdict): void {
    const { clock, enabledConnections, outage, telemetry } = this.#parts;
    if (outage.failed(connectionId, vendorWide, enabledConnections(), clock.monotonic()) !== 'began') return;
    telemetry.vendorOutage('began', 0);
    this.#blameNobody();
  }

  /** There is nothing to back off from any more; the lanes that wait notice it at their next look, each in its time. */
  #tryAllAfterOutage(): void {
    const { active } = this.#parts.outage;
    if (this.#sawOutage && !active) for (const health of this.#failing.values()) health.retryNow();
    this.#sawOutage = active;
  }

  #blameNobody(): void {
    this.#sawOutage = true;
    for (const [id, health] of this.#failing) {
      this.#change(id, health, 'TikTok as a whole is away', () => health.clearOwnFailures());
    }
  }

  #recover(connectionId: string, health: ConnectionHealth, reason: string): void {
    this.#failing.delete(connectionId);
    if (health.circuit !== 'closed') this.#parts.telemetry.circuitChanged(connectionId, 'closed', reason);
  }

  #change(connectionId: string, health: ConnectionHealth, reason: string, change: () => void): void {
    const before = health.circuit;
    change();
    if (health.circuit !== before) this.#parts.telemetry.circuitChanged(connectionId, health.circuit, reason);
  }

  #ceilingOf(connectionId: string): number | null {
    const connection = this.#parts.connectionNow(connectionId);
    return connection === null || connection === 'unusable' ? null : connection.max_requests_per_second;
  }
}
