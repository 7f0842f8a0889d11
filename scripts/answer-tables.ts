/** Tables of what TikTok's answers mean, for docs/tiktok-answers.md, from the data that answers are judged by. */

import { STATUS_ROWS } from '../src/core/http-statuses.ts';
import { CODE_ROWS, CONNECTION_BLAMED, type CodeRow, ruleOfCode } from '../src/core/tiktok-codes.ts';
import { TRANSPORT_ROWS } from '../src/core/transport-errors.ts';
import type { VerdictRule } from '../src/core/verdict-rule.ts';

interface Range {
  readonly from: number;
  readonly to: number;
}

const NOBODYS_CODE = 49_999;

/** Every code, in the order of codes. */
export function codeTable(): string {
  const rows = CODE_ROWS.flatMap(row =>
    row.from === 40002
      ? [codeRow(row), codeRow({ ...row, ...CONNECTION_BLAMED }, ' about the connection')]
      : [codeRow(row)],
  );
  const { advice, source } = ruleOfCode(NOBODYS_CODE);
  const other = `| any other | | \`ambiguous\`, three attempts | ${advice} | ${source} |`;
  return ['| code | name | class | what an operator does | source |', '|---|---|---|---|---|', ...rows, other].join(
    '\n',
  );
}

function codeRow(row: CodeRow, note = ''): string {
  const { name, advice, source, confidence } = row;
  const named = name === name?.toUpperCase() ? `\`${name}\`` : (name ?? '');
  return `| ${rangeWords(row)}${note} | ${named} | ${classWords(row)} | ${advice} | ${source} (${confidence}) |`;
}

function classWords({ class: verdict, vendorWide, limitedAttempts }: VerdictRule): string {
  return `\`${verdict}\`${vendorWide ? ', vendor-wide' : ''}${limitedAttempts ? ', three attempts' : ''}`;
}

/** Every HTTP status, for answers without a code. */
export function statusTable(): string {
  const rows = STATUS_ROWS.map(row => `| ${rangeWords(row)} | ${classWords(row)} | ${row.advice} | ${row.source} |`);
  return ['| HTTP status | class | what an operator does | source |', '|---|---|---|---|', ...rows].join('\n');
}

/** Every error of a request without an answer. */
export function transportTable(): string {
  const rows = TRANSPORT_ROWS.map(({ codes, prefixes, meaning, mayHaveBeenTaken, vendorWide, advice }) => {
    const errors = [...codes, ...prefixes.map(prefix => `${prefix}…`)].map(error => `\`${error}\``).join(', ');
    const verdict = `\`${mayHaveBeenTaken ? 'ambiguous' : 'retry'}\`${vendorWide ? ', vendor-wide' : ''}`;
    return `| ${errors} | ${meaning} | ${verdict} | ${advice} |`;
  });
  const other = '| any other | unknown | `ambiguous`, vendor-wide | Look at the way to TikTok. |';
  return ['| error | what happened | class | what an operator does |', '|---|---|---|---|', ...rows, other].join('\n');
}

function rangeWords({ from, to }: Range): string {
  if (from === to) return String(from);
  return Number.isFinite(to) ? `${from}–${to}` : `${from} and above`;
}
