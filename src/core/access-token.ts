/**
 * What an access token of TikTok's looks like, wherever it is kept.
 *
 * Guarantee: what passes fits into an HTTP header as it is; no problem text repeats any part of what was given.
 */

/** TikTok's tokens have 40 to 60 characters. */
export const LONGEST_TOKEN_BYTES = 4_096;

/** What an HTTP header takes, without blanks. */
const TOKEN = /^[\x21-\x7e]+$/;

/** Shorter ones, which TikTok does not give out, might be found in an answer's own words and numbers. */
const SHORTEST_FOUND = 8;
const HIDDEN = '[redacted]';

/** A file's or an input's text without the line end and the byte order mark that editors and `echo` put around it. */
export function withoutLineEnd(text: string): string {
  return text.replace(/^\uFEFF/, '').replace(/\r?\n$/, '');
}

/** Whether a word may be a token: long, and with a digit or longer than any name of a field. */
export function looksLikeToken(word: string): boolean {
  return word.length >= 40 || (word.length >= 20 && /\d/.test(word));
}

/** What is wrong with a token, to stand behind its place (`the file "acme" …`); null when it may be sent. */
export function tokenProblem(token: string): string | null {
  if (token.length > LONGEST_TOKEN_BYTES) return 'is too large for a token';
  return TOKEN.test(token) ? null : 'is empty or holds blanks or other characters no token has';
}

/** A text without the token, as it is and as JSON may write it. */
export function withoutToken(text: string, token: string): string {
  if (token.length < SHORTEST_FOUND) return text;
  const plain = text.replaceAll(token, HIDDEN);
  return plain.includes('\\') ? plain.replace(new RegExp([...token].map(inJson).join(''), 'gi'), HIDDEN) : plain;
}

/** Every way in which JSON may write a character of a token. */
function inJson(character: string): string {
  const code = character.charCodeAt(0).toString(16).padStart(4, '0');
  const plain = character.replace(/[^A-Za-z0-9]/, '\\$&');
  return `(?:${plain}|\\\\u${code}${/["\\/]/.test(character) ? `|\\\\${plain}` : ''})`;
}
