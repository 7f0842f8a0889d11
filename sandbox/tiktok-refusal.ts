/** How a problem in a body becomes TikTok's words: which row it names, and in what form. */

import type { Problem } from './tiktok-checks.ts';
import type { RowNaming } from './tiktok-strictness.ts';

/** `row` is the truth about the first bad row, null when the request as a whole is bad; `message` may hide or bend it. */
export type TrackVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: number; readonly message: string; readonly row: number | null };

/** Path of a problem in a row: what TikTok calls the list, the row, and the steps into it (`data`, 3, `user`, …). */
export function refusal(found: Problem, naming: RowNaming, rowCount: number): TrackVerdict {
  const row = typeof found.path[1] === 'number' ? found.path[1] : null;
  return { ok: false, code: found.code, message: message(found, naming, row, rowCount), row };
}

function message({ path, text }: Problem, naming: RowNaming, row: number | null, rowCount: number): string {
  if (path.length === 0) return text;
  if (row === null) return `${path.join('.')}: ${text}`;
  switch (naming) {
    case 'dotted':
      return `${path.join('.')}: ${text}`;
    case 'bracketed':
      return `${path[0]}[${row}]${path
        .slice(2)
        .map(step => (typeof step === 'number' ? `[${step}]` : `.${step}`))
        .join('')}: ${text}`;
    case 'index':
      return `Invalid event at index ${row}: ${text}`;
    case 'none':
      return `Invalid parameter: ${text}`;
    case 'wrong':
      return `${[path[0], (row + 1) % rowCount, ...path.slice(2)].join('.')}: ${text}`;
  }
}
