/**
 * Picks some of a list, far apart, at places that nothing regular in the list can be aligned to.
 *
 * Guarantee: at most `count` of them, each once and in their order, one of each of `count` equal parts; all where there
 * are no more. A hash of their ids decides which, and the first id goes into it: the same list gives the same ones.
 */

import { hash } from 'node:crypto';

export function spread<T>(items: readonly T[], count: number, idOf: (item: T) => string): readonly T[] {
  const [seed = ''] = items.slice(0, 1).map(idOf);
  const rank = (item: T): string => hash('sha256', `${seed}\n${idOf(item)}`);
  const most = Math.min(count, items.length);
  const start = (part: number): number => Math.floor((part * items.length) / most);
  const parts = Array.from({ length: most }, (_, part) => items.slice(start(part), start(part + 1)));
  return parts.map(part => part.reduce((lowest, item) => (rank(item) < rank(lowest) ? item : lowest)));
}
