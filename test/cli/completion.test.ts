import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProgram } from '../../src/cli.ts';
import { commandNode } from '../../src/cli-completion.ts';
import { SHELLS } from '../../src/control/completion.ts';
import { namesOf, placedCommands } from '../../src/control/completion-tree.ts';
import { command, fakeHost, NO_COMMANDS } from './fake-host.ts';

const placed = placedCommands(commandNode(createProgram(fakeHost({}).host, NO_COMMANDS, () => {}, [])));

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tiktok-sync-completion-'));
  for (const shell of SHELLS) writeFileSync(join(folder, shell), (await command(`completion ${shell}`)).out);
  writeFileSync(join(folder, 'two words.yaml'), '');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function isInstalled(shell: string): boolean {
  return spawnSync(shell, ['-c', 'true']).status === 0;
}

/** What a real bash offers for the last of these words. */
function bash(...words: readonly string[]): string[] {
  const script = `source ${join(folder, 'bash')}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tiktok_sync; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { status, stderr, stdout } = spawnSync('bash', ['-c', script, 'bash', 'tiktok-sync', ...words], {
    encoding: 'utf8',
    cwd: folder,
  });
  expect([status, stderr]).toEqual([0, '']);
  return stdout.split('\n').filter(word => word !== '');
}

describe('bash', () => {
  test.each(placed)('completes everything that stands at "$place"', ({ command: node, place }) => {
    const words = place.split('/').slice(1);
    const known = [...node.commands.map(({ name }) => name), ...node.words, ...node.options.flatMap(namesOf)];
    expect(bash(...words, '').toSorted()).toEqual(known.toSorted());
  });

  test.each<[string[], string[]]>([
    [['do'], ['doctor']],
    [['topics', 'en'], ['ensure']],
    [
      ['run', '--log-format', ''],
      ['json', 'text'],
    ],
    [['get', '-o', 'j'], ['json']],
    [['check', '--set', 'window.si'], ['window.sizeMs=']],
    [['apply', '-f', 'fi'], ['fish']],
    [['apply', '-f', 'tw'], ['two words.yaml']],
    // As bash splits `--log-format=j` into words.
    [['run', '--log-format', '=', 'j'], ['json']],
    [['check', '--config', '=', 'tw'], ['two words.yaml']],
    [
      ['run', '--log-format', '='],
      ['json', 'text'],
    ],
    [['check', '--set', 'window.sizeMs', '='], []],
    [['dead-letters', 'redrive', '--reason', 'refused'], ['refused_by_tiktok']],
    [['dead-letters', 'list', '--connection', ''], []],
    // A value that is called like a command is none.
    [['dead-letters', 'list', '--connection', 'run', '--reas'], ['--reason']],
  ])('%j', (words, offered) => {
    expect(bash(...words)).toEqual(offered);
  });

  test('offers no secret to be given on the command line', () => {
    expect(bash('run', '--set', 'kafka.sasl.')).not.toContain('kafka.sasl.password=');
  });
});

describe('the other shells', () => {
  test.each(['zsh', 'fish'])(
    '%s takes the script where it is installed, and it names every command and flag',
    shell => {
      const file = join(folder, shell);
      if (isInstalled(shell))
        expect(spawnSync(shell, ['-n', file], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
      const { out } = { out: spawnSync('cat', [file], { encoding: 'utf8' }).stdout };
      for (const { command: node, place } of placed) {
        expect(out).toContain(`'${place}'`);
        for (const { long } of node.options)
          expect(out).toContain(shell === 'fish' ? `-l ${long.slice(2)} ` : `'${long}:`);
      }
      // What opens a quote closes it: one that is left open would swallow the rest of the script.
      const quotes = out.replaceAll(shell === 'fish' ? "\\'" : "'\\''", '').split("'").length - 1;
      expect(quotes % 2).toBe(0);
    },
  );
});
