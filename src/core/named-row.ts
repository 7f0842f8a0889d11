/**
 * The row of a request that a message of TikTok's names.
 *
 * Guarantee: a zero-based number below 10,000, or null. `data.3.event_id: …`, `data[3].user.email`, `Batch.3.…` are
 * zero-based as far as known, `index 3` is a guess (facts 3.4); a wrong guess costs two requests, no event.
 */

const ROW = /\b(?:data|batch)(?:\.|\[)(\d{1,4})\b|\bindex (\d{1,4})\b/i;

/** Null where no row is named. */
export function namedRow(message: string): number | null {
  const match = ROW.exec(message);
  const digits = match?.[1] ?? match?.[2];
  return digits === undefined ? null : Number(digits);
}
