/**
 * The YAML file as a source of values. Strict: a key that is no option is a problem, and so is a key given twice.
 */

import { type Document, isAlias, isMap, isScalar, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import { Option } from './config-option.ts';
import { ALL_OPTIONS, OPTION_TREE, type OptionTree } from './config-options.ts';
import { type ConfigProblem, problem } from './config-problem.ts';
import { hint, type ReadFile, Reading, type Source } from './config-sources.ts';
import { didYouMean } from './core/did-you-mean.ts';
import { messageOf } from './core/error-codes.ts';

/** Reads the file; an empty one sets nothing. */
export function readYaml(file: string, readFile: ReadFile): Source {
  const reading = new Reading();
  let text: string;
  try {
    text = readFile(file);
  } catch (error) {
    reading.problems.push(problem('CONFIG_FILE_UNREADABLE', null, file, messageOf(error)));
    return assumeRequired(reading, file);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: true, stringKeys: true });
  for (const { message } of [...document.errors, ...document.warnings]) {
    reading.problems.push(
      problem('CONFIG_NOT_YAML', null, file, (message.split('\n')[0] ?? message).replace(/:$/, '')),
    );
  }
  if (reading.problems.length > 0) return assumeRequired(reading, file);
  const lineOf = (node: Node): string => `${file}:${lines.linePos(node.range?.[0] ?? 0).line}`;
  readSection(document.contents, OPTION_TREE, { reading, document, lineOf, prefix: '', origin: `${file}:1` });
  return reading;
}

/** What has to be set may well be set in a file that cannot be read, so it is not reported as missing as well. */
function assumeRequired(reading: Reading, file: string): Source {
  for (const { path, option } of ALL_OPTIONS.values()) {
    if (option.fallback.kind === 'required') reading.given.set(path, { raw: undefined, origin: file });
  }
  return reading;
}

interface Place {
  readonly reading: Reading;
  readonly document: Document;
  readonly lineOf: (node: Node) => string;
  /** Path of the section with a dot at its end; empty for the whole file. */
  readonly prefix: string;
  readonly origin: string;
}

function readSection(node: unknown, tree: OptionTree, place: Place): void {
  const { reading, document, prefix, origin } = place;
  const section = isAlias(node) ? node.resolve(document) : node;
  if (section === null || (isScalar(section) && section.value === null)) return;
  if (isMap<Node, Node | null>(section)) {
    for (const pair of section.items) readEntry(pair, tree, place);
    return;
  }
  const name = prefix === '' ? null : prefix.slice(0, -1);
  reading.problems.push(problem('CONFIG_WRONG_TYPE', name, origin, 'a section with options is wanted here'));
}

function readEntry({ key, value }: Pair<Node, Node | null>, tree: OptionTree, place: Place): void {
  const { reading, document, lineOf, prefix } = place;
  const name = String(isScalar(key) ? key.value : key);
  const path = prefix + name;
  const origin = lineOf(key);
  const known = Object.hasOwn(tree, name) ? tree[name] : undefined;
  if (known === undefined) reading.problems.push(unknownKey(name, tree, prefix, origin));
  else if (!(known instanceof Option)) readSection(value, known, { ...place, prefix: `${path}.`, origin });
  else {
    try {
      reading.given.set(path, { raw: value === null ? null : value.toJS(document), origin });
    } catch (error) {
      // An alias without its anchor is found only when its value is asked for.
      reading.problems.push(problem('CONFIG_NOT_YAML', path, origin, messageOf(error)));
    }
  }
}

/** Guesses the nearest sibling, or else the option that has this name in another section. */
function unknownKey(name: string, siblings: OptionTree, prefix: string, origin: string): ConfigProblem {
  const sibling = didYouMean(name, Object.keys(siblings));
  const elsewhere = [...ALL_OPTIONS.keys()].find(known => known.endsWith(`.${name}`)) ?? null;
  const guess = sibling === null ? elsewhere : prefix + sibling;
  return problem('CONFIG_UNKNOWN_OPTION', prefix + name, origin, `there is no such option${hint(guess)}`);
}
