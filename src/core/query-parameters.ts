/**
 * Query parameters taken out of page and referrer addresses, because an address may hold what must not leave.
 *
 * Guarantee: pure and total. Parameters are removed whole, by name, in the query and in the fragment; every other byte
 * of the address stays as it is, and `ttclid` always stays: without it TikTok cannot credit the click.
 */

/** Takes an address, gives it back without the parameters. */
export type WithoutParameters = (address: string) => string;

/** The parameter that is never removed. */
export const CLICK_ID_PARAMETER = 'ttclid';

/** Names are compared decoded and without regard to letter case. */
export function createParameterFilter(names: readonly string[]): WithoutParameters {
  const unwanted = new Set(names.map(name => name.toLowerCase()));
  unwanted.delete(CLICK_ID_PARAMETER);
  if (unwanted.size === 0) return asItIs;
  return address => {
    const hash = address.indexOf('#');
    if (hash === -1) return filtered(address, '?', unwanted);
    return filtered(address.slice(0, hash), '?', unwanted) + filteredFragment(address.slice(hash), unwanted);
  };
}

function asItIs(address: string): string {
  return address;
}

/** Single-page applications keep parameters behind the fragment's own `?`, sign-in pages right behind the `#`. */
function filteredFragment(fragment: string, unwanted: ReadonlySet<string>): string {
  if (fragment.includes('?')) return filtered(fragment, '?', unwanted);
  return fragment.includes('=') ? filtered(fragment, '#', unwanted) : fragment;
}

/** What follows `mark` without its unwanted parameters, and without the mark where none is left. */
function filtered(address: string, mark: '?' | '#', unwanted: ReadonlySet<string>): string {
  const start = address.indexOf(mark);
  if (start === -1) return address;
  const all = address.slice(start + 1).split('&');
  const kept = all.filter(parameter => !unwanted.has(nameOf(parameter)));
  if (kept.length === all.length) return address;
  const before = address.slice(0, start);
  return kept.length === 0 ? before : `${before}${mark}${kept.join('&')}`;
}

function nameOf(parameter: string): string {
  const [name = ''] = parameter.split('=', 1);
  return decoded(name).toLowerCase();
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
