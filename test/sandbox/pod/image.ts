/** What the Dockerfile says a container of the image runs, where, as whom, and which files of the project it has. */

import { readFileSync } from 'node:fs';

export interface ContainerImage {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly workingDirectory: string;
  readonly uid: number;
  readonly gid: number;
  readonly env: Readonly<Record<string, string>>;
  /** Paths of the project that are copied into the working directory. */
  readonly files: readonly string[];
}

type Instruction = readonly [word: string, rest: string];

/** The image that `docker build .` makes: the last stage, with those it stands on. */
export function readImage(
  dockerfile = readFileSync(new URL('../../../Dockerfile', import.meta.url), 'utf8'),
): ContainerImage {
  const instructions = instructionsOf(dockerfile);
  const rests = (word: string) => instructions.flatMap(([each, rest]) => (each === word ? [rest] : []));
  const last = (word: string) => {
    const rest = rests(word).at(-1);
    if (rest === undefined) throw new Error(`the Dockerfile says no ${word}`);
    return rest;
  };
  const [uid, gid] = last('USER').split(':').map(Number);
  if (!uid || !gid) throw new Error(`USER ${last('USER')} is not a number pair`);
  return {
    entrypoint: JSON.parse(last('ENTRYPOINT')) as string[],
    command: JSON.parse(last('CMD')) as string[],
    workingDirectory: last('WORKDIR'),
    uid,
    gid,
    env: Object.fromEntries(rests('ENV').flatMap(environment)),
    files: rests('COPY').flatMap(copied),
  };
}

/** Those of the last stage, after those of the stage it is made from. */
function instructionsOf(dockerfile: string): readonly Instruction[] {
  const lines = dockerfile
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n');
  const stages = new Map<string, readonly Instruction[]>();
  let own: Instruction[] = [];
  for (const line of lines.filter(text => text !== '')) {
    const [word = '', ...rest] = line.split(' ');
    if (word === 'FROM') {
      const [base = '', , name = ''] = rest;
      own = [...(stages.get(base) ?? [])];
      stages.set(name, own);
    } else own.push([word, rest.join(' ')]);
  }
  return own;
}

/** An argument of the build has no value here, as in an image built without any. */
function environment(text: string): [string, string][] {
  return text.split(' ').map(pair => {
    const [name = '', value = ''] = pair.split('=', 2);
    return [name, value.replaceAll(/\$\{\w+\}/g, '')];
  });
}

/** `node_modules` comes from another stage, and the project has it, too. */
function copied(text: string): string[] {
  const words = text.split(' ');
  if (words[0]?.startsWith('--from')) return words.at(-1) === './node_modules' ? ['node_modules'] : [];
  return words.slice(0, -1).filter(word => !word.startsWith('--'));
}
