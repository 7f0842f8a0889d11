/** Options written as YAML with comments: sections as headings, one option after the other, in declaration order. */

import { stringify } from 'yaml';

export interface OutlineEntry {
  /** `kafka.tls.enabled` */
  readonly path: string;
  /** null: written as a comment without a value. */
  readonly value: { readonly plain: unknown } | null;
  /** Lines above the option. */
  readonly above: readonly string[];
  /** Comment at the end of its line. */
  readonly beside: string;
}

/** `entries` must be sorted by section, as the declaration is. */
export function yamlOutline(entries: readonly OutlineEntry[]): string {
  const lines: string[] = [];
  let open: readonly string[] = [];
  for (const { path, value, above, beside } of entries) {
    const keys = path.split('.');
    const name = keys.pop() ?? path;
    const shared = keys.findIndex((key, depth) => open[depth] !== key);
    for (let depth = shared === -1 ? keys.length : shared; depth < keys.length; depth++) {
      if (depth === 0 && lines.length > 0) lines.push('');
      lines.push(`${indent(depth)}${keys[depth]}:`);
    }
    open = keys;
    // A described option stands apart from the one before it.
    if (above.length > 0 && lines.at(-1) !== `${indent(keys.length - 1)}${keys.at(-1)}:`) lines.push('');
    lines.push(...above.map(line => `${indent(keys.length)}# ${line}`.trimEnd()));
    const comment = beside === '' ? '' : `  # ${beside}`;
    const setting = value === null ? `# ${name}:` : `${name}: ${inline(value.plain)}`;
    lines.push(`${indent(keys.length)}${setting}${comment}`);
  }
  return `${lines.join('\n')}\n`;
}

function indent(depth: number): string {
  return '  '.repeat(depth);
}

/** A value on the line of its key. */
function inline(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd();
}
