/**
 * What the simulator refuses, and what of it can be switched: what TikTok's documents or reports from production say is
 * refused, and a stricter set for our own events, which also refuses what is only likely or only asked of senders.
 */

/** How a refusal tells which row is bad; all of these were seen or are to be feared. `wrong` names another row. */
export const ROW_NAMINGS = ['dotted', 'bracketed', 'index', 'none', 'wrong'] as const;
export type RowNaming = (typeof ROW_NAMINGS)[number];

/** What is switchable, because the documents are silent, or enforcement is unproven, or only some hold their events to it. */
export interface TrackRules {
  readonly rowNaming: RowNaming;
  /** Documented as required for web; peers that leave it out are not known to be refused. */
  readonly requirePageUrl: boolean;
  /** Earliest `event_time`, Unix seconds: an earlier one is a slip in the unit, which no document says is refused. */
  readonly earliestSeconds: number;
  /** Of every event; for the web nothing is documented. */
  readonly maxAgeMs: number;
  /** Of offline events: 28 days by two vendors' documents. */
  readonly maxOfflineAgeMs: number;
  readonly maxFutureMs: number;
  /** Longest list of e-mails, phones or external ids. */
  readonly maxListLength: number;
  readonly allowNegativeValue: boolean;
  /** Refuses a value without a currency, and the other way round. */
  readonly pairValueAndCurrency: boolean;
  /** Refuses a currency that is not on TikTok's list; its fate is undocumented. */
  readonly refuseUnlistedCurrency: boolean;
  /** Refuses fields that no document names, and those of other event sources; off, they are passed over. */
  readonly refuseUnknownFields: boolean;
  /** Refuses empty texts and lists where something is optional; what TikTok makes of them is undocumented. */
  readonly refuseEmpty: boolean;
  /** Refuses private addresses (RFC 1918, loopback, link-local, CGNAT, unique-local); a rule for senders only. */
  readonly requirePublicIp: boolean;
  /**
   * Refuses places in other than lower-case letters, digests and advertising ids in the other letter case, and the digest
   * of an empty text: only senders are asked for these.
   */
  readonly requireNormalised: boolean;
  /** Takes app events, which TikTok does only where a sales contact has switched them on. */
  readonly appEvents: boolean;
  /** Names TikTok has registered; any other is refused. */
  readonly partnerNames: readonly string[];
  /** A fault to be asked for: events whose id begins so are refused although nothing is wrong with them; null for none. */
  readonly poisonPrefix: string | null;
}

const DAY_MS = 24 * 3_600_000;

/** The default: nothing is refused but what a document or a report from production says is refused. */
export const DOCUMENTED_RULES: TrackRules = {
  rowNaming: 'dotted',
  requirePageUrl: false,
  earliestSeconds: Number.MIN_SAFE_INTEGER,
  maxAgeMs: Number.MAX_SAFE_INTEGER,
  maxOfflineAgeMs: 28 * DAY_MS,
  maxFutureMs: Number.MAX_SAFE_INTEGER,
  maxListLength: Number.MAX_SAFE_INTEGER,
  allowNegativeValue: true,
  pairValueAndCurrency: false,
  refuseUnlistedCurrency: false,
  refuseUnknownFields: false,
  refuseEmpty: false,
  requirePublicIp: false,
  requireNormalised: false,
  appEvents: false,
  partnerNames: [],
  poisonPrefix: null,
};

/** For what the service sends: also refuses what is only likely to be refused, so that nothing doubtful passes unseen. */
export const STRICT_RULES: TrackRules = {
  ...DOCUMENTED_RULES,
  earliestSeconds: 1_000_000_000,
  maxAgeMs: 28 * DAY_MS,
  maxFutureMs: 10 * 60_000,
  maxListLength: 10,
  allowNegativeValue: false,
  pairValueAndCurrency: true,
  refuseUnlistedCurrency: true,
  refuseUnknownFields: true,
  refuseEmpty: true,
  requirePublicIp: true,
  requireNormalised: true,
};

/** How demos and stories ask for an event that is refused although nothing is wrong with it. */
export const POISON_PREFIX = 'poison-';

/** The sets by the names they have outside. */
export const RULE_SETS = { documented: DOCUMENTED_RULES, strict: STRICT_RULES } as const;
