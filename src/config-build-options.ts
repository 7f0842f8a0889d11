/** How events are built, as the options say: the same for the service and for `preview`. */

import type { Config } from './config-options.ts';
import type { BuildOptions } from './core/build-event.ts';

/** The sections of the configuration that decide what a TikTok event looks like. */
export type BuildSections = Pick<Config, 'events' | 'tiktok'>;

export function buildOptionsOf({ events, tiktok }: BuildSections): BuildOptions {
  const { maxAgeMs, ...rest } = events;
  return { ...rest, maxEventAgeMs: maxAgeMs, partnerName: tiktok.partnerName };
}
