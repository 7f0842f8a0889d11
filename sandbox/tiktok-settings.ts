/** What of the simulator can be switched while it runs, from the process or over HTTP, under the same names. */

import { z } from 'zod';
import type { TrackRules } from './tiktok-strictness.ts';
import { DOCUMENTED_RULES, ROW_NAMINGS } from './tiktok-strictness.ts';

export interface SimulatorSettings extends TrackRules {
  /** HTTP status of a refused token (40104, 40105): 200 as seen in the field, or 401. */
  readonly authStatus: 200 | 401;
  /** HTTP status of a refused body: both were seen. */
  readonly refusalStatus: 200 | 400;
  /** HTTP status of 40100 (too frequent): 200 by most reports, 401 by one. */
  readonly throttleStatus: 200 | 401 | 429;
  /** Delay of every answer. */
  readonly baseLatencyMs: number;
  /** Requests per second and token; TikTok's figure, quoted by RudderStack. */
  readonly maxRequestsPerSecond: number;
}

export const DEFAULT_SETTINGS: SimulatorSettings = {
  ...DOCUMENTED_RULES,
  authStatus: 200,
  refusalStatus: 200,
  throttleStatus: 200,
  baseLatencyMs: 0,
  maxRequestsPerSecond: 1000,
};

const milliseconds = z.number().nonnegative();

/** The settings to change; others stay. */
export type SettingsChange = { readonly [Name in keyof SimulatorSettings]?: SimulatorSettings[Name] | undefined };

/** Body of `POST /admin/settings`: the settings to change. */
export const SETTINGS_CHANGE = z
  .strictObject({
    rowNaming: z.enum(ROW_NAMINGS),
    requirePageUrl: z.boolean(),
    maxAgeMs: milliseconds,
    maxOfflineAgeMs: milliseconds,
    earliestSeconds: z.int(),
    maxFutureMs: milliseconds,
    maxListLength: z.int().positive(),
    allowNegativeValue: z.boolean(),
    pairValueAndCurrency: z.boolean(),
    refuseUnlistedCurrency: z.boolean(),
    refuseUnknownFields: z.boolean(),
    refuseEmpty: z.boolean(),
    requirePublicIp: z.boolean(),
    requireNormalised: z.boolean(),
    appEvents: z.boolean(),
    partnerNames: z.array(z.string()),
    poisonPrefix: z.nullable(z.string().min(1)),
    authStatus: z.literal([200, 401]),
    refusalStatus: z.literal([200, 400]),
    throttleStatus: z.literal([200, 401, 429]),
    baseLatencyMs: milliseconds,
    maxRequestsPerSecond: z.int().positive(),
  } satisfies Record<keyof SimulatorSettings, z.ZodType>)
  .partial();

/** `settings` with what `change` names. */
export function changed(settings: SimulatorSettings, change: SettingsChange): SimulatorSettings {
  const given = Object.entries(change).filter(([, value]) => value !== undefined);
  return { ...settings, ...Object.fromEntries(given) };
}
