/** Blocks of docs/producing-events.md that show files as they are: the producers' own text, and golden records. */

import { readdirSync, readFileSync } from 'node:fs';
import { DEAD_LETTER_REASONS } from '../src/core/outcome.ts';
import { DEAD_LETTER_TEXTS, type DeadLetterText } from './reason-texts.ts';

const ROOT = new URL('../', import.meta.url);

/** The record that the page shows whole: short, and with amounts. */
const SHOWN = { file: 'conversion-created.json', record: 'negative, zero and whole amounts' };

interface Golden {
  readonly schema: string;
  readonly schema_id: number;
  readonly records: readonly Readonly<Record<'name' | 'avro_json' | 'bare' | 'framed', string> & { value: object }>[];
}

/** A file of the repository as a block of code. */
export function fileBlock(path: string, language: string): string {
  return fence(language, readFileSync(new URL(path, ROOT), 'utf8').trimEnd());
}

export function goldenFileTable(): string {
  const files = readdirSync(new URL('schemas/golden/', ROOT)).toSorted();
  const rows = files.map(file => {
    const { records, schema, schema_id } = golden(file);
    const link = (name: string, path: string) => `[${name}](../schemas/${path})`;
    return `| ${link(schema, schema)} | ${link(file, `golden/${file}`)} | ${schema_id} | ${records.map(({ name }) => name).join('; ')} |`;
  });
  return ['| schema | golden records | `schema_id` | what they are |', '|---|---|---|---|', ...rows].join('\n');
}

export function goldenRecordBlock(): string {
  const record = golden(SHOWN.file).records.find(({ name }) => name === SHOWN.record);
  if (record === undefined) throw new Error(`${SHOWN.file} has no record "${SHOWN.record}"`);
  const { avro_json, bare, framed, value } = record;
  const forms = { value: JSON.stringify(value), avro_json, bare, framed };
  const width = Math.max(...Object.keys(forms).map(name => name.length));
  return fence(
    'text',
    Object.entries(forms)
      .map(([name, text]) => `${name.padEnd(width)}  ${text}`)
      .join('\n'),
  );
}

/** The reasons that are nobody's fault upstream, by who acts. */
export function reasonsOfOthers(): string {
  const rows = OTHERS.map(([who, title]) => {
    const reasons = DEAD_LETTER_REASONS.filter(reason => DEAD_LETTER_TEXTS[reason].who === who);
    return `| ${title} | ${reasons.map(reason => `\`${reason}\``).join(', ')} |`;
  });
  return ['| who acts | reasons |', '|---|---|', ...rows].join('\n');
}

const OTHERS: readonly (readonly [DeadLetterText['who'], string])[] = [
  ['connections', 'whoever keeps the connections and mappings'],
  ['operator', 'the operator of the service'],
];

function golden(file: string): Golden {
  return JSON.parse(readFileSync(new URL(`schemas/golden/${file}`, ROOT), 'utf8')) as Golden;
}

function fence(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}
