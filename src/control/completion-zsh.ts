/** The completion script for zsh, to be put in a folder of `fpath` as `_tiktok-sync`, or sourced. */

import {
  type ChoiceGroup,
  type CommandNode,
  choiceGroups,
  namesOf,
  namesTaking,
  type PlacedCommand,
  placedCommands,
} from './completion-tree.ts';

export function zshScript(root: CommandNode): string {
  const placed = placedCommands(root);
  const places = placed.slice(1).map(({ place }) => `'${place}'`);
  return `#compdef ${root.name}
# Made by \`${root.name} completion zsh\`: make it anew after an upgrade.
_tiktok_sync() {
  local place= prev=\${words[CURRENT-1]} i
  local -a offered choices files values
  for ((i = 2; i < CURRENT; i++)); do
    case "$place/\${words[i]}" in
      (${places.join('|')}) place="$place/\${words[i]}" ;;
    esac
  done
  case "$place" in
${placed.map(branch).join('\n')}
  esac
  case "$place $prev" in
${choiceGroups(placed).map(choiceBranch).join('\n')}
  esac
  if (( $files[(Ie)$prev] )); then _files; return; fi
  if (( $values[(Ie)$prev] )); then return; fi
  _describe '${root.name}' offered
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _tiktok_sync "$@"; else compdef _tiktok_sync ${root.name}; fi
`;
}

function branch({ command, place }: PlacedCommand): string {
  const { commands, options, words } = command;
  const offered = [
    ...commands.map(({ description, name }) => item(name, description)),
    ...words.map(word => item(word, '')),
    ...options.flatMap(option => namesOf(option).map(name => item(name, option.description))),
  ];
  return `    ('${place}')
      offered=(${offered.join(' ')})
      files=(${namesTaking('file', command).join(' ')})
      values=(${namesTaking('value', command).join(' ')}) ;;`;
}

function choiceBranch({ at, choices, isBegun }: ChoiceGroup): string {
  const suffix = isBegun ? "-S '' " : '';
  return `    (${at.map(quoted).join('|')}) compadd ${suffix}-- ${choices.map(quoted).join(' ')}; return ;;`;
}

/** `name:description`, as `_describe` takes it. */
function item(name: string, description: string): string {
  return quoted(description === '' ? name : `${name.replaceAll(':', '\\:')}:${description}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
