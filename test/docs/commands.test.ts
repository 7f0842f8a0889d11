import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../../scripts/documents.ts';
import { command } from '../cli/fake-host.ts';

/** Pages that tell people what to type; the README also names groups of commands. */
const PAGES = [
  ...['runbooks', 'troubleshooting', 'connect', 'operations', 'producing-events', 'dashboards', 'scaling'],
  ...['configuration', 'connections', 'payload'],
]
  .map(name => `docs/${name}.md`)
  .concat('helm/README.md', 'SECURITY.md');

/** One `tiktok-sync …` of a page: its command (`dead-letters list`) and the names of its options. */
interface Typed {
  readonly line: string;
  readonly words: string;
  readonly options: readonly string[];
}

/** Command lines of shell blocks, and those that the text quotes. */
function commandsOf(page: string): Typed[] {
  const blocks = [...page.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = '']) => block.split('\n'));
  const quoted = [...page.replaceAll(/^```.*?^```/gms, '').matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
  return [...blocks, ...quoted].flatMap(line => {
    const [, typed] = /^\s*(?:\$ )?tiktok-sync (.+)$/s.exec(line) ?? [];
    return typed === undefined ? [] : [parsed(line.trim(), typed)];
  });
}

function parsed(line: string, typed: string): Typed {
  const [own = ''] = typed.replaceAll(/\s+/g, ' ').split(/ [|>#;&]/, 1);
  const words = own.split(' ');
  const first = words.findIndex(word => !/^[a-z][a-z-]*$/.test(word));
  const options = words.filter(word => /^--?[a-z]/.test(word)).map(word => word.split('=')[0] ?? word);
  return { line, words: words.slice(0, first === -1 ? undefined : first).join(' '), options };
}

/** The longest beginning of the words that is a command: what follows are its arguments. */
async function helpFor(words: string): Promise<string> {
  const { exitCode, out } = await command(`${words} --help`);
  expect(exitCode, words).toBe(0);
  return out;
}

/** Options of a help page, with their short forms. */
function optionsOf(help: string): string[] {
  return help.split('\n').flatMap(line => {
    const [flags] = /^ {2,}-[^ ,]+(?:, --[^ ]+)?/.exec(line) ?? [];
    return flags === undefined ? [] : flags.trim().split(', ');
  });
}

/** The name of the command that a help page is about. */
function nameOf(help: string): string {
  return /^Usage: tiktok-sync ([a-z -]*[a-z])/.exec(help)?.[1] ?? '';
}

describe.each(PAGES)('%s', path => {
  const typed = commandsOf(readFileSync(new URL(path, ROOT), 'utf8'));

  test('tells people what to type', () => {
    expect(typed.length).toBeGreaterThan(0);
  });

  test.each(typed.map(one => [one.line, one] as const))('%s: exists, and takes its options', async (_, one) => {
    const help = await helpFor(one.words);
    // A mistyped subcommand would get the help of its parent, or of all.
    expect(`${one.words} `).toContain(`${nameOf(help)} `);
    expect(help).not.toContain('[command]');
    expect(one.options.filter(option => !optionsOf(help).includes(option))).toEqual([]);
  });

  test('let dead-letters show say which letter, for it shows no other', () => {
    const shows = typed.filter(({ words, options }) => words === 'dead-letters show' && options.length > 0);
    expect(shows.filter(({ options }) => !options.includes('--event-id')).map(({ line }) => line)).toEqual([]);
  });
});

describe('what is typed', () => {
  test('is found in blocks and in the text, without what the shell makes of it', () => {
    const page =
      'See `tiktok-sync get connection ID > a.yaml` or `topics check`.\n```sh\n$ tiktok-sync doctor --json | jq\n```\n';
    expect(commandsOf(page).map(({ words, options }) => [words, options])).toEqual([
      ['doctor', ['--json']],
      ['get connection', []],
    ]);
  });

  test('is seen to be wrong where the option does not exist', async () => {
    expect(optionsOf(await helpFor('dead-letters list'))).toContain('--since');
    expect(optionsOf(await helpFor('dead-letters list'))).not.toContain('--rate');
    expect(optionsOf(await helpFor('apply'))).toContain('-f');
  });
});
