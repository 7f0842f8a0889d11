/**
 * Makes a vendor's message fit to be logged, counted and stored.
 *
 * Guarantee: at most 300 characters; e-mail addresses, digests, tokens and phone numbers are gone. TikTok's messages
 * may quote the value they dislike.
 */

const MAX_LENGTH = 300;
/** No more than this is looked at: the patterns take quadratic time where they do not match. */
const MAX_READ = 1_200;
/** A secret that the cut at `MAX_READ` parted is no longer than this where no pattern knows its first part. */
const CUT_MARGIN = 80;
/** Here a pattern knew the first part, and nothing is left of it. */
const KNOWN_AT_CUT = /\[(?:e-mail|redacted|number)\]$/;

/** Order matters: an address may hold digits, a token may hold both. */
const PERSONAL: readonly (readonly [RegExp, string])[] = [
  [/[^\s"'<>,;:=]+(?:@|%40)[^\s"'<>,;:=]+/gi, '[e-mail]'],
  [/\b[A-Za-z0-9_-]{32,}\b/g, '[redacted]'],
  [/\+?\d[\d ().-]{6,}\d/g, '[number]'],
];

/** A message cut and cleaned; control characters become spaces. */
export function redact(message: string): string {
  let clean = message.slice(0, MAX_READ).replace(/\p{Cc}+/gu, ' ');
  for (const [pattern, replacement] of PERSONAL) clean = clean.replace(pattern, replacement);
  const isCut = message.length > MAX_READ;
  if (isCut && !KNOWN_AT_CUT.test(clean)) clean = clean.slice(0, -CUT_MARGIN);
  return isCut || clean.length > MAX_LENGTH ? `${clean.slice(0, MAX_LENGTH - 1)}…` : clean;
}
