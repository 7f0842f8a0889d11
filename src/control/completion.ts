/** The tree of commands, as completion scripts and tests of the command line see it, and the script of each shell. */

import { bashScript } from './completion-bash.ts';
import { fishScript } from './completion-fish.ts';
import type { CommandNode } from './completion-tree.ts';
import { zshScript } from './completion-zsh.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const SCRIPTS: Readonly<Record<Shell, (root: CommandNode) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** A script that stands alone: it never runs the program. */
export function completionScript(shell: Shell, root: CommandNode): string {
  return SCRIPTS[shell](root);
}
