/**
 * Picks some of a list, far apart.
 *
 * Guarantee: at most `count` of them, each once and in their order; all where there are no more.
 */

/** The middle one of each of `count` equal parts. */
export function spread<T>(items: readonly T[], count: number): readonly T[] {
  const most = Math.min(count, items.length);
  return Array.from({ length: most }, (_, part) => Math.floor(((part + 0.5) * items.length) / most)).flatMap(index =>
    items.slice(index, index + 1),
  );
}
