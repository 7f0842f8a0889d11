import { describe, expect, test } from 'vitest';
import { createProgram } from '../../src/cli.ts';
import { commandNode } from '../../src/cli-completion.ts';
import { type CommandNode, namesOf, placedCommands } from '../../src/control/completion-tree.ts';
import { EXIT } from '../../src/control/exit-codes.ts';
import { command, fakeHost, MINIMAL, NO_COMMANDS } from './fake-host.ts';

const root: CommandNode = commandNode(createProgram(fakeHost({}).host, NO_COMMANDS, () => {}, []));
const commands = placedCommands(root)
  .slice(1)
  .map(({ command: node, place }) => ({ node, line: place.slice(1).replaceAll('/', ' ') }));
const leaves = commands.filter(({ node }) => node.commands.length === 0);

/** Commands without `--json`, and why. */
const WITHOUT_JSON: Readonly<Record<string, string>> = {
  run: 'prints its log, whose form is log.format',
  completion: 'prints a script for a shell',
};

describe('every command', () => {
  test.each(commands)('$line has a description, examples of itself and exit codes', async ({ line, node }) => {
    const { exitCode, out } = await command(`${line} --help`);
    expect(exitCode).toBe(0);
    expect(node.description).toMatch(/^[A-Z].*\.$/s);
    expect(out).toContain(`tiktok-sync ${line}`);
    expect(out).toMatch(/Examples:\n {2}\$ .*tiktok-sync /);
    expect(out).toMatch(/^Exit codes:\s+0 /m);
  });

  test.each(leaves)('$line prints its data as JSON, too, or is known not to', ({ line, node }) => {
    const hasJson = node.options.some(option => namesOf(option).includes('--json'));
    expect(hasJson).toBe(!(line in WITHOUT_JSON));
  });

  test.each(leaves)('$line says what each of its options does', ({ node }) => {
    expect(node.options.filter(({ description }) => description === '').map(({ long }) => long)).toEqual([]);
  });

  test('the commands without --json exist', () => {
    const lines = leaves.map(({ line }) => line);
    for (const name of Object.keys(WITHOUT_JSON)) expect(lines).toContain(name);
  });

  test.each(leaves)('$line takes a mistyped option for what it most likely is', async ({ line, node }) => {
    const [missing] = /'(?:-\w, )?(--[\w-]+) /.exec((await command(line)).err)?.slice(1) ?? [];
    const known = missing ?? node.options.find(({ long }) => long.length > 6)?.long ?? '--help';
    const { err, exitCode } = await command(`${line} ${known}x`);
    expect(exitCode).toBe(EXIT.usage);
    expect(err).toContain(`Did you mean ${known}?`);
  });
});

describe('a mistyped word is answered with the nearest one', () => {
  test.each([
    ['docter', 'Did you mean doctor?'],
    ['topics ensur', 'Did you mean ensure?'],
    ['dead-letters lst', 'Did you mean list?'],
    ['connections verfy', 'Did you mean verify?'],
    ['check --set windw.sizeMs=10s', 'did you mean window.sizeMs?'],
    ['check --log-level wran', 'did you mean warn?'],
    ['check --set kafka.sasl.mechanism=scram-sha-265', 'did you mean scram-sha-256?'],
    ['check --set delivery.batchMaxEventsCount=2000', '1 to 1000'],
    ['version extra', 'tiktok-sync version --help'],
    ['apply', 'tiktok-sync apply --help'],
    ['dead-letters list --reason refused_by_tictoc', 'did you mean refused_by_tiktok?'],
    ['delete conection x', 'Did you mean connection?'],
    ['connections list --state tokn_invalid', 'Did you mean token_invalid?'],
    ['completion bsh', 'Did you mean bash?'],
    ['completion powershell', 'bash, zsh, fish'],
  ])('%s', async (line, hint) => {
    const { err, exitCode } = await command(line, { env: MINIMAL });
    expect([EXIT.usage, EXIT.invalid]).toContain(exitCode);
    expect(err).toContain(hint);
  });

  test.each([
    ['run --redis-ur=redis://u:hush@h', 'Did you mean --redis-url?'],
    ['tokens seal --connection x --tokn=hush', "unknown option '--tokn'\n"],
    ['tokens seal --conection=hush', '(Did you mean --connection? It says --conection.)'],
  ])('%s: what follows the = is not repeated', async (line, hint) => {
    const { err, exitCode } = await command(line, { env: MINIMAL });
    expect(exitCode).toBe(EXIT.usage);
    expect(err).toContain(hint);
    expect(err).not.toContain('hush');
  });

  test('a variable', async () => {
    const { err } = await command('check', { env: { ...MINIMAL, TIKTOK_SYNC_WINDW_MS: '10s' } });
    expect(err).toContain('did you mean TIKTOK_SYNC_WINDOW_MS?');
  });
});
