/** docs/file-map.md's map of `src/`: every file with the first sentence of its opening comment. */

import { readdirSync, readFileSync } from 'node:fs';

const SOURCES = new URL('../src/', import.meta.url);

/** The files a newcomer reads first, in this order; the others of the root follow by name. */
const STORY = ['main.ts', 'cli.ts', 'service.ts', 'pipeline.ts'];

/** The folders in the order of the reading, with what they are for. */
const FOLDERS = [
  ['', 'the story: how the service starts, runs and stops'],
  ['core/', 'what is decided: pure functions and plain data, no promise, clock, client or file'],
  ['adapters/', 'what is touched: Kafka, the registry, Redis, TikTok, logs and metrics'],
  ['control/', 'what people operate: commands, health, status'],
] as const;

export function fileMap(): string {
  return FOLDERS.map(([folder, meaning]) => section(folder, meaning)).join('\n\n');
}

/** Folded up, as hundreds of rows would hide what follows. */
function section(folder: string, meaning: string): string {
  const files = readdirSync(new URL(folder, SOURCES)).filter(name => name.endsWith('.ts'));
  const rows = files.sort(byStory).map(name => `| [${name}](../src/${folder}${name}) | ${sentenceOf(folder + name)} |`);
  const table = ['| file | what it is for |', '|---|---|', ...rows].join('\n');
  const title = `<code>src/${folder}</code>: ${meaning} (${files.length} files)`;
  return `<details><summary>${title}</summary>\n\n${table}\n\n</details>`;
}

function byStory(a: string, b: string): number {
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

function rank(name: string): number {
  const place = STORY.indexOf(name);
  return place === -1 ? STORY.length : place;
}

function sentenceOf(path: string): string {
  const sentence = firstSentence(readFileSync(new URL(path, SOURCES), 'utf8'));
  if (sentence === null) throw new Error(`src/${path} does not open with a comment that says what it is for`);
  return sentence.replaceAll('|', '\\|').replace(/<(?=\w)/g, '&lt;');
}

/** The first sentence of the comment a file opens with (what leads to a list ends there); null where there is none. */
export function firstSentence(source: string): string | null {
  const comment = /^\/\*\*([\s\S]*?)\*\//.exec(source)?.[1];
  const [paragraph = ''] = (comment ?? '')
    .replaceAll(/^[ \t]*\*[ \t]?/gm, '')
    .trim()
    .split(/\n\s*\n/, 1);
  const text = paragraph.replaceAll(/\s+/g, ' ').trim();
  if (text === '') return null;
  return /^.*?[.](?= |$)/.exec(text)?.[0] ?? text.replace(/:$/, '.');
}
