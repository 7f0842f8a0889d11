/** The completion script for fish, to be put into `~/.config/fish/completions/tiktok-sync.fish`. */

import {
  type ChoiceGroup,
  type CommandNode,
  choiceGroups,
  type OptionNode,
  type PlacedCommand,
  placedCommands,
} from './completion-tree.ts';

export function fishScript(root: CommandNode): string {
  const placed = placedCommands(root);
  const groups = choiceGroups(placed);
  const places = placed.slice(1).map(({ place }) => `'${place}'`);
  return `# fish completion for ${root.name}, made by \`${root.name} completion fish\`: make it anew after an upgrade.
function __tiktok_sync_at
    set -l place ''
    for word in (commandline -opc)[2..-1]
        switch "$place/$word"
            case ${places.join(' ')}
                set place "$place/$word"
        end
    end
    test "$place" = "$argv[1]"
end
${groups.map(choicesFunction).join('\n')}
complete -c ${root.name} -f
${placed.flatMap(each => linesOf(root.name, each, groups)).join('\n')}
`;
}

function linesOf(program: string, { command, place }: PlacedCommand, groups: readonly ChoiceGroup[]): string[] {
  const head = `complete -c ${program} -n ${quoted(`__tiktok_sync_at '${place}'`)}`;
  return [
    ...command.commands.map(({ description, name }) => `${head} -a ${name} -d ${quoted(description)}`),
    ...command.words.map(word => `${head} -a ${quoted(word)}`),
    ...command.options.map(option => `${head} ${flagsOf(option, place, groups)} -d ${quoted(option.description)}`),
  ];
}

function flagsOf(option: OptionNode, place: string, groups: readonly ChoiceGroup[]): string {
  const { long, short, takes } = option;
  const names = `${short === null ? '' : `-s ${short.slice(1)} `}-l ${long.slice(2)}`;
  if (takes === 'nothing') return names;
  if (takes === 'file') return `${names} -r -F`;
  const group = groups.findIndex(({ at }) => at.includes(`${place} ${long}`));
  return group < 0 ? `${names} -x` : `${names} -x -a '(__tiktok_sync_choices_${group})'`;
}

function choicesFunction({ choices }: ChoiceGroup, index: number): string {
  return `function __tiktok_sync_choices_${index}
    printf '%s\\n' ${choices.map(quoted).join(' ')}
end`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
