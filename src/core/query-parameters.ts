/**
 * Parameters of page and referrer addresses: one read by name, or some taken out, because an address may hold what
 * must not leave.
 *
 * Guarantee: pure and total, in linear time. Parameters are removed whole, by name, wherever in the address they stand;
 * every other byte stays as it is, and `ttclid` always stays: without it TikTok cannot credit the click.
 */

/** Takes an address, gives it back without the parameters. */
export type WithoutParameters = (address: string) => string;

/** The parameter that is never removed. */
export const CLICK_ID_PARAMETER = 'ttclid';

const UNESCAPED = `${CLICK_ID_PARAMETER}=`;

/** What is left of a mark that was copied out of a page's source, where `&` is written `&amp;`. */
const REST_OF_MARK = /^(?:amp;)+/;

/** One of the letters c, d, i, l and t as an escape. */
const ESCAPED_LETTER = /%(?:6[349Cc]|74)/;

/** The click id of a landing page's address, decoded: the first that is not empty, the query's before the fragment's. */
export function clickIdIn(address: string): string | null {
  if (!address.includes(CLICK_ID_PARAMETER) && !(address.includes('%') && ESCAPED_LETTER.test(address))) return null;
  for (const piece of piecesOf(address)) {
    const parameter = isMark(piece.charCodeAt(0)) ? piece.slice(1) : piece;
    const value = clickIdOf(parameter.replace(REST_OF_MARK, ''))?.trim();
    if (value) return value;
  }
  return null;
}

/** What the parameter says if it is a click id: as it stands where nothing in it is an escape. */
function clickIdOf(parameter: string): string | null {
  const isEscaped = parameter.includes('%') || parameter.includes('+');
  if (!isEscaped) return parameter.startsWith(UNESCAPED) ? parameter.slice(UNESCAPED.length) : null;
  return new URLSearchParams(parameter).get(CLICK_ID_PARAMETER);
}

/** Names are compared decoded, without regard to letter case and to what stands in brackets: `email[]` is `email`. */
export function createParameterFilter(names: readonly string[]): WithoutParameters {
  const unwanted = new Set(names.map(comparable));
  unwanted.delete(CLICK_ID_PARAMETER);
  if (unwanted.size === 0) return asItIs;
  return address => filtered(address, unwanted);
}

function asItIs(address: string): string {
  return address;
}

/** A removed parameter ends before the next one: a `?` that begins none is part of its value, and goes with it. */
function filtered(address: string, unwanted: ReadonlySet<string>): string {
  const pieces = piecesOf(address);
  let kept = pieces[0] ?? '';
  let removing = false;
  // The mark of a removed parameter, which the next one takes over where it began the query or the fragment.
  let mark = '';
  for (let index = 1; index < pieces.length; index += 1) {
    const piece = pieces[index] ?? '';
    if (removing && piece.startsWith('?') && !piece.includes('=')) continue;
    removing = unwanted.has(comparable(decoded(rawNameOf(piece.slice(1).replace(REST_OF_MARK, '')))));
    if (removing) {
      if (!piece.startsWith('&') && mark !== '#') mark = piece.charAt(0);
    } else {
      kept += withMark(mark, piece);
      mark = '';
    }
  }
  return kept;
}

function withMark(mark: string, piece: string): string {
  if (piece.startsWith('&') && mark !== '') return mark + piece.slice(1);
  return piece.startsWith('?') && mark === '#' ? mark + piece : piece;
}

/**
 * The address cut before each mark behind which a parameter may begin: single-page applications have a `?` in the
 * fragment, careless builders a second one. By hand, in half the time of a regular expression.
 */
function piecesOf(address: string): string[] {
  const pieces: string[] = [];
  let start = 0;
  for (let at = 1; at < address.length; at += 1) {
    if (!isMark(address.charCodeAt(at))) continue;
    pieces.push(address.slice(start, at));
    start = at;
  }
  pieces.push(address.slice(start));
  return pieces;
}

/** `&`, `?` or `#`. */
function isMark(code: number): boolean {
  return code === 38 || code === 63 || code === 35;
}

function rawNameOf(parameter: string): string {
  const end = parameter.indexOf('=');
  return end === -1 ? parameter : parameter.slice(0, end);
}

function comparable(name: string): string {
  const bracket = name.indexOf('[');
  return (bracket > 0 ? name.slice(0, bracket) : name).trim().toLowerCase();
}

function decoded(name: string): string {
  const spaced = name.replaceAll('+', ' ');
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    // Half an escape: then the name is what stands there.
    return spaced;
  }
}
