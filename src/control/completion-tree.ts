/** What completion has to know of the commands. */

export interface CommandNode {
  readonly name: string;
  readonly description: string;
  readonly commands: readonly CommandNode[];
  readonly options: readonly OptionNode[];
  /** Words that its arguments take, where they can be listed. */
  readonly words: readonly string[];
}

export interface OptionNode {
  /** `-c`; null where there is none. */
  readonly short: string | null;
  /** `--config` */
  readonly long: string;
  readonly description: string;
  readonly takes: 'nothing' | 'file' | 'value';
  /** The values, where they can be listed. */
  readonly choices: readonly string[];
}

/** A command with the words that lead to it: `/topics/ensure`; the program itself is ``. */
export interface PlacedCommand {
  readonly place: string;
  readonly command: CommandNode;
}

/** The program and every command below it. */
export function placedCommands(root: CommandNode, place = ''): readonly PlacedCommand[] {
  const below = root.commands.flatMap(command => placedCommands(command, `${place}/${command.name}`));
  return [{ place, command: root }, ...below];
}

export function namesOf({ long, short }: OptionNode): readonly string[] {
  return short === null ? [long] : [short, long];
}

/** The names of a command's options that take a file, or another value. */
export function namesTaking(kind: 'file' | 'value', { options }: CommandNode): readonly string[] {
  return options.filter(({ takes }) => takes === kind).flatMap(namesOf);
}

/** Options with the same listed values: those, and `place --option` of each. */
export interface ChoiceGroup {
  readonly choices: readonly string[];
  readonly at: readonly string[];
  /** Whether a value is only begun by a choice: no blank follows it (`--set`). */
  readonly isBegun: boolean;
}

/** Most commands take the same options, so a script lists each set of values once. */
export function choiceGroups(placed: readonly PlacedCommand[]): readonly ChoiceGroup[] {
  const uses = placed.flatMap(({ command, place }) =>
    command.options
      .filter(({ choices }) => choices.length > 0)
      .flatMap(option => namesOf(option).map(name => ({ choices: option.choices, at: `${place} ${name}` }))),
  );
  return [...Map.groupBy(uses, ({ choices }) => choices.join(' ')).values()].map(same => {
    const choices = same[0]?.choices ?? [];
    return { choices, at: same.map(({ at }) => at), isBegun: choices.every(choice => choice.endsWith('=')) };
  });
}
