/** What one can do with a running simulator: in the process directly, from others over its admin paths. */

import type { Faults } from './tiktok-faults.ts';
import type { Ledger } from './tiktok-ledger.ts';
import type { SettingsChange, SimulatorSettings } from './tiktok-settings.ts';

export interface Simulator {
  /** Origin, to be given to the service as its TikTok base URL. */
  readonly url: string;
  readonly faults: Faults;
  /** The live ledger. */
  ledger(): Ledger;
  /** Registers a pixel, or gives it a new token; the old one is unknown from then on. */
  addPixel(pixelId: string, token: string): void;
  removePixel(pixelId: string): boolean;
  /** Makes a token unknown and its pixels wait for another; false when it was unknown already. */
  revokeToken(token: string): boolean;
  settings(): SimulatorSettings;
  set(change: SettingsChange): void;
  /** TikTok's clock: event ages and the memory for repeats go by it. */
  now(): number;
  advance(ms: number): void;
  /** Breaks every connection and refuses new ones, until `up`. */
  down(): Promise<void>;
  /** Listens again on the same port. */
  up(): Promise<void>;
  /** `down`, and `up` by itself after `ms`. */
  downFor(ms: number): void;
  /** Breaks every connection and lets go of port and timers. */
  stop(): Promise<void>;
}
