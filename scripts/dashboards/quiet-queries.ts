/**
 * Queries that say only zero while all is well and under the demo's load, with the reason. A test asks every other
 * query of a real Prometheus and wants a value; of these it wants that they have series, and stay as quiet as said.
 */

export interface QuietQuery {
  readonly board: 'tiktok-sync-overview' | 'tiktok-sync-connection';
  readonly panel: number;
  /** Its letter. */
  readonly query: string;
  /** Always zero, or a value now and then. */
  readonly says: 'zero' | 'zero or more';
  readonly because: string;
}

function quiet(panel: number, query: string, because: string, says: QuietQuery['says'] = 'zero'): QuietQuery {
  return { board: 'tiktok-sync-overview', panel, query, says, because };
}

export const QUIET_QUERIES: readonly QuietQuery[] = [
  quiet(107, 'A', 'TikTok is not away'),
  quiet(110, 'A', 'windows are short, so that nothing is five minutes late'),
  quiet(110, 'B', 'the dead letters of the demo are the producers’ and the advertisers’ business'),
  quiet(205, 'A', 'nothing is too old, and no connection fills the buffer'),
  quiet(305, 'A', 'partitions stand still only for the moment of a rebalance', 'zero or more'),
  quiet(309, 'A', 'commits fail only when a rebalance overtakes them', 'zero or more'),
  quiet(507, 'B', 'Redis is up, so that the replicas share their rates'),
  quiet(508, 'A', 'TikTok is not away'),
  quiet(705, 'A', 'Redis is up'),
  quiet(807, 'A', 'the status topic can be read and written'),
  quiet(903, 'A', 'the dead-letter topic can be written'),
  quiet(904, 'A', 'whatever is settled can be written'),
  quiet(906, 'A', 'no connection recovers, so that nothing is redriven'),
  quiet(907, 'A', 'no connection recovers, so that nothing is redriven'),
];
