/**
 * `helm/values.yaml` as documentation: sections, and for each value its path, default and description. A comment
 * `## @param PATH TEXT` stands for a value (with everything below it), `## @extra PATH TEXT` for one inside an open
 * value, `## @section TITLE` begins a table.
 */

import { parse } from 'yaml';

export interface Parameter {
  /** `kafka.auth.mode` */
  readonly path: string;
  readonly describe: string;
  /** As in the file; undefined for an `@extra`, which is in no file. */
  readonly fallback: unknown;
}

export interface Section {
  readonly title: string;
  readonly parameters: readonly Parameter[];
}

/** @throws Error for a value without a comment, or a comment without a value. */
export function readSections(text: string): readonly Section[] {
  const values: unknown = parse(text);
  const sections: { title: string; parameters: Parameter[] }[] = [];
  for (const [, tag = '', rest = ''] of text.matchAll(/^ *## @(section|param|extra) (.*)$/gm)) {
    const [path = '', ...words] = rest.split(' ');
    if (tag === 'section') sections.push({ title: rest, parameters: [] });
    else sections.at(-1)?.parameters.push({ path, describe: words.join(' '), fallback: lookUp(values, path) });
    if (tag === 'param' && lookUp(values, path) === undefined) throw new Error(`helm/values.yaml has no value ${path}`);
  }
  const told = new Set(sections.flatMap(({ parameters }) => parameters.map(({ path }) => path)));
  const untold = leaves(values, '', told);
  if (untold.length > 0) throw new Error(`helm/values.yaml: no "## @param" says what ${untold.join(', ')} is`);
  return sections;
}

function lookUp(values: unknown, path: string): unknown {
  return path.split('.').reduce((node, key) => (isObject(node) ? node[key] : undefined), values);
}

function leaves(node: unknown, path: string, told: ReadonlySet<string>): string[] {
  if (told.has(path)) return [];
  if (!isObject(node)) return [path];
  return Object.entries(node).flatMap(([key, child]) => leaves(child, path === '' ? key : `${path}.${key}`, told));
}

function isObject(node: unknown): node is Readonly<Record<string, unknown>> {
  return typeof node === 'object' && node !== null && !Array.isArray(node);
}

/** The tables of the chart's README. */
export function parameterTables(sections: readonly Section[]): string {
  return sections.map(({ title, parameters }) => `### ${title}\n\n${table(parameters)}`).join('\n\n');
}

function table(parameters: readonly Parameter[]): string {
  const rows = parameters.map(({ path, describe, fallback }) => {
    const shown = fallback === undefined ? '' : `\`${short(fallback)}\``;
    return `| \`${path}\` | ${shown} | ${describe.replaceAll('|', '\\|')} |`;
  });
  return ['| value | default | what it is |', '|---|---|---|', ...rows].join('\n');
}

/** Long objects are better read in the file. */
function short(fallback: unknown): string {
  const text = JSON.stringify(fallback);
  return text.length > 40 ? 'see values.yaml' : text;
}
