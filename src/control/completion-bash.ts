/** The completion script for bash; 3.2 and later. */

import {
  type ChoiceGroup,
  type CommandNode,
  choiceGroups,
  namesOf,
  namesTaking,
  type PlacedCommand,
  placedCommands,
} from './completion-tree.ts';

export function bashScript(root: CommandNode): string {
  const placed = placedCommands(root);
  const places = placed.slice(1).map(({ place }) => `'${place}'`);
  return `# bash completion for ${root.name}, made by \`${root.name} completion bash\`: make it anew after an upgrade.
_tiktok_sync() {
  local cur prev place word words files values i
  cur=\${COMP_WORDS[COMP_CWORD]}
  prev=\${COMP_WORDS[COMP_CWORD-1]}
  # bash takes the = of --option=value for a word of its own.
  if [[ $cur == '=' && $prev == --* ]]; then cur=
  elif [[ $prev == '=' && \${COMP_WORDS[COMP_CWORD-2]} == --* ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  place=
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case "$place/$word" in
      ${places.join('|')}) place=$place/$word ;;
    esac
  done
  case "$place" in
${placed.map(branch).join('\n')}
  esac
  COMPREPLY=()
  case "$place $prev" in
${choiceGroups(placed).map(choiceBranch).join('\n')}
  esac
  case " $files " in *" $prev "*) local IFS=$'\\n'; compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur")); return ;; esac
  case " $values " in *" $prev "*) return ;; esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _tiktok_sync ${root.name}
`;
}

function branch({ command, place }: PlacedCommand): string {
  const { commands, options, words } = command;
  const offered = [...commands.map(({ name }) => name), ...words, ...options.flatMap(namesOf)];
  return `    '${place}')
      words='${offered.join(' ')}'
      files='${namesTaking('file', command).join(' ')}'
      values='${namesTaking('value', command).join(' ')}' ;;`;
}

function choiceBranch({ at, choices, isBegun }: ChoiceGroup): string {
  const begun = isBegun ? 'compopt -o nospace 2>/dev/null; ' : '';
  return `    ${at.map(each => `'${each}'`).join('|')})
      ${begun}COMPREPLY=($(compgen -W '${choices.join(' ')}' -- "$cur")); return ;;`;
}
