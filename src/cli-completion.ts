/** `tiktok-sync completion` on the command line. */

import { Argument, type Command, type Option } from 'commander';
import { LETTER_REASONS } from './cli-letter-filters.ts';
import { ALL_OPTIONS } from './config-options.ts';
import { completionScript, SHELLS, type Shell } from './control/completion.ts';
import type { CommandNode, OptionNode } from './control/completion-tree.ts';
import type { Host } from './control/host.ts';

export function addCompletion(program: Command, host: Host): void {
  program
    .command('completion')
    .description('Print a script that makes the shell complete commands, flags and their values.')
    .addArgument(new Argument('<shell>', 'for which shell').choices(SHELLS))
    .action((shell: Shell) => {
      host.out.write(completionScript(shell, commandNode(program)));
    })
    .addHelpText('after', HELP);
}

const HELP = `
The script stands alone: it never runs the program, so make it anew after an upgrade.

Examples:
  $ tiktok-sync completion bash > ~/.local/share/bash-completion/completions/tiktok-sync
  $ tiktok-sync completion zsh > "\${fpath[1]}/_tiktok-sync"
  $ tiktok-sync completion fish > ~/.config/fish/completions/tiktok-sync.fish

Exit codes: 0 the script was printed, 2 no such shell.`;

/** A command of commander's, with all below it. */
export function commandNode(command: Command): CommandNode {
  const help = command.createHelp();
  return {
    name: command.name(),
    description: command.description(),
    commands: command.commands.map(commandNode),
    options: help.visibleOptions(command).map(optionNode),
    words: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
  };
}

function optionNode(option: Option): OptionNode {
  const isValue = option.required || option.optional;
  return {
    short: option.short ?? null,
    long: option.long ?? `-${option.short}`,
    description: option.description,
    takes: isValue ? (/file>/.test(option.flags) ? 'file' : 'value') : 'nothing',
    choices: option.argChoices ?? choicesOf(option),
  };
}

/** Those that commander is not told, as it would take one value only; and of the options of the configuration: `--set` takes the path of any, and flags of their own may have listed values. */
function choicesOf({ long }: Option): readonly string[] {
  if (long === '--set') {
    const open = [...ALL_OPTIONS.values()].filter(({ option }) => option.secrecy !== 'secret');
    return open.map(({ path }) => `${path}=`);
  }
  if (long === '--reason') return LETTER_REASONS;
  return [...ALL_OPTIONS.values()].find(({ option }) => option.flag === long)?.option.choices ?? [];
}
