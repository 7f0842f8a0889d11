/** What of the checks can be switched, because TikTok's documents are silent or enforcement is unproven. */

/** How a refusal tells which row is bad; all of these were seen or are to be feared. `wrong` names another row. */
export const ROW_NAMINGS = ['dotted', 'bracketed', 'index', 'none', 'wrong'] as const;
export type RowNaming = (typeof ROW_NAMINGS)[number];

/** What is switchable, because the documents are silent or enforcement is unproven. */
export interface TrackRules {
  readonly rowNaming: RowNaming;
  /** Documented as required for web; peers that leave it out are not known to be refused. */
  readonly requirePageUrl: boolean;
  readonly maxAgeMs: number;
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
  /** Refuses private addresses; documented as a rule for senders only. */
  readonly requirePublicIp: boolean;
  /** Names TikTok has registered; any other is refused. */
  readonly partnerNames: readonly string[];
  /** Events whose id begins so are refused although nothing is wrong with them; null for none. */
  readonly poisonPrefix: string | null;
}

/** The default: also refuses what is only likely to be refused, so that nothing doubtful passes unseen. */
export const STRICT_RULES: TrackRules = {
  rowNaming: 'dotted',
  requirePageUrl: false,
  maxAgeMs: 28 * 24 * 3_600_000,
  maxFutureMs: 10 * 60_000,
  maxListLength: 10,
  allowNegativeValue: false,
  pairValueAndCurrency: true,
  refuseUnlistedCurrency: true,
  refuseUnknownFields: true,
  refuseEmpty: true,
  requirePublicIp: true,
  partnerNames: [],
  poisonPrefix: 'poison-',
};

/** Nothing refused but what a document or a report from production says is refused. */
export const DOCUMENTED_RULES: TrackRules = {
  ...STRICT_RULES,
  maxFutureMs: Number.MAX_SAFE_INTEGER,
  maxListLength: Number.MAX_SAFE_INTEGER,
  allowNegativeValue: true,
  pairValueAndCurrency: false,
  refuseUnlistedCurrency: false,
  refuseUnknownFields: false,
  refuseEmpty: false,
  requirePublicIp: false,
  poisonPrefix: null,
};
