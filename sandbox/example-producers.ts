/** The producers of `examples/producers`, made ready to run as their readers would: built by Maven, or in a Python environment of their own. */

import { createHash } from 'node:crypto';
import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached, maven, run } from './artifacts.ts';
import { requireProgram } from './prerequisites.ts';

type Progress = (line: string) => void;

/** A program of an example, before its own arguments. */
export interface ExampleProgram {
  readonly command: string;
  readonly args: readonly string[];
}

/** The two programs of a language. TypeScript has no second one: this project's own tests decode with its libraries. */
export interface Example {
  readonly producer: ExampleProgram;
  readonly goldenRecords: ExampleProgram;
}

const FOLDER = fileURLToPath(new URL('../examples/producers/', import.meta.url));

/** Node resolves its packages in the project's own folder: the same versions, which a test holds. */
export function typescriptProducer(): ExampleProgram {
  return { command: process.execPath, args: [join(FOLDER, 'typescript', 'conversion-producer.ts')] };
}

/** Compiled once for each state of the sources. Fetches its libraries the first time. */
export async function javaExample(onProgress: Progress): Promise<Example> {
  requireProgram('jdk', onProgress);
  const source = join(FOLDER, 'java');
  const built = await cached(`example-java-${await digestOf(source, ['pom.xml', 'src'])}`, async folder => {
    onProgress('Building the Java producer with Maven …');
    await cp(join(source, 'pom.xml'), join(folder, 'pom.xml'));
    await cp(join(source, 'src'), join(folder, 'src'), { recursive: true });
    await maven(
      folder,
      onProgress,
      'compile',
      'dependency:copy-dependencies',
      `-DoutputDirectory=${join(folder, 'lib')}`,
    );
  });
  const java = requireProgram('java', onProgress);
  const program = (name: string) => ({
    command: java,
    args: ['-cp', `${join(built, 'target', 'classes')}:${join(built, 'lib', '*')}`, `example.${name}`],
  });
  return { producer: program('ConversionProducer'), goldenRecords: program('GoldenRecords') };
}

/** Its environment is made once for each list of requirements, which are fetched the first time. */
export async function pythonExample(onProgress: Progress): Promise<Example> {
  const source = join(FOLDER, 'python');
  const made = await cached(`example-python-${await digestOf(source, ['requirements.txt'])}`, async folder => {
    onProgress('Making the environment of the Python producer …');
    await run(requireProgram('python', onProgress), ['-m', 'venv', folder], folder);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r'];
    await run(join(folder, 'bin', 'python'), [...pip, join(source, 'requirements.txt')], folder);
  });
  const program = (name: string) => ({ command: join(made, 'bin', 'python'), args: [join(source, `${name}.py`)] });
  return { producer: program('conversion_producer'), goldenRecords: program('golden_records') };
}

/** A short name for the contents of these files and folders. */
async function digestOf(folder: string, names: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const name of names) {
    const inside = await readdir(join(folder, name), { recursive: true, withFileTypes: true }).catch(() => null);
    const files =
      inside === null
        ? [join(folder, name)]
        : inside.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
    for (const file of files.toSorted()) hash.update(file.slice(folder.length)).update(await readFile(file));
  }
  return hash.digest('hex').slice(0, 8);
}
