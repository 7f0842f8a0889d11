/**
 * Which known name a misspelt one most likely stands for.
 *
 * Guarantee: answers null rather than a name that is nothing like the one given.
 */

/** The nearest of `known`, or null. Case, `-`, `_` and `.` do not count as differences. */
export function didYouMean(given: string, known: Iterable<string>): string | null {
  const wanted = simplify(given);
  let best: string | null = null;
  let least = Math.max(2, Math.floor(wanted.length / 3)) + 1;
  for (const name of known) {
    const edits = distance(wanted, simplify(name), least);
    if (edits < least) {
      best = name;
      least = edits;
    }
  }
  return best;
}

function simplify(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]/g, '');
}

/** Levenshtein distance of two short words; answers `limit` as soon as it cannot be below it. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return Math.min(row[b.length]!, limit);
}
