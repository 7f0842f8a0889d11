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

/** Where a parameter may begin: single-page applications have a `?` in the fragment, careless builders a second one. */
const BEFORE_EACH_MARK = /(?=[?&#])/;

/** An address without the name in clear, or a letter of it (c, d, i, l, t) as an escape, has no click id. */
const MAY_HOLD_CLICK_ID = /ttclid|%(?:[46][349C]|[57]4)/i;

/** The click id of a landing page's address, decoded: the first that is not empty, the query's before the fragment's. */
export function clickIdIn(address: string): string | null {
  if (!MAY_HOLD_CLICK_ID.test(address)) return null;
  for (const piece of address.split(BEFORE_EACH_MARK)) {
    const parameter = piece.replace(/^[?&#]/, '');
    if (decoded(rawNameOf(parameter)) !== CLICK_ID_PARAMETER) continue;
    const value = new URLSearchParams(parameter).get(CLICK_ID_PARAMETER)?.trim();
    if (value) return value;
  }
  return null;
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
  const [path = '', ...parameters] = address.split(BEFORE_EACH_MARK);
  let kept = path;
  let removing = false;
  // The mark of a removed parameter, which the next one takes over where it began the query or the fragment.
  let mark = '';
  for (const piece of parameters) {
    if (removing && piece.startsWith('?') && !piece.includes('=')) continue;
    removing = unwanted.has(comparable(decoded(rawNameOf(piece.slice(1)))));
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
