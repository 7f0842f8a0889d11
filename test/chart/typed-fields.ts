/**
 * Finds fields that Kubernetes does not have: the objects become literals of a TypeScript program that must satisfy the
 * API's types, and one run of the compiler judges all of them. Kubernetes itself drops such fields without a word.
 *
 * Two sets of types: `kubernetes-types` is Kubernetes 1.30, near the oldest release that the chart supports, so objects
 * rendered for the oldest must satisfy it; `kubernetes-models` has the fields of 1.34 and those of the operators.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KubernetesObject } from './helm.ts';
import { nameOf } from './objects.ts';
import { hasOwnSchema, modelOf } from './schemas.ts';

const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));

export interface Rendering {
  /** Whose objects they are, for messages. */
  readonly name: string;
  readonly objects: readonly KubernetesObject[];
  /** True for what the oldest supported Kubernetes gets. */
  readonly oldest: boolean;
}

const COMPILER_OPTIONS = {
  module: 'nodenext',
  target: 'es2024',
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: [],
} as const;

/** One complaint for each field that is unknown or of the wrong type, with the rendering that has it first. */
export function fieldProblems(renderings: readonly Rendering[]): string[] {
  const lines = new Map<string, string>();
  for (const { name, objects, oldest } of renderings) {
    for (const object of objects) {
      const type = typeOf(object, oldest);
      if (type === undefined) continue;
      const line = `(${JSON.stringify(object)}) satisfies ${type};`;
      if (!lines.has(line)) lines.set(line, `${name}: ${nameOf(object)}`);
    }
  }
  return compile([...lines.keys()]).map(({ line, message }) => `${[...lines.values()][line]}: ${message}`);
}

function typeOf(object: KubernetesObject, oldest: boolean): string | undefined {
  if (hasOwnSchema(object)) return undefined;
  const { apiVersion, kind } = object;
  const [group = '', version] = apiVersion.split('/');
  if (!oldest || /\.(com|sh)$/.test(group)) return `import('${modelOf(object)}').I${kind}`;
  const folder = version === undefined ? `core/${group}` : `${group.split('.', 1)[0]}/${version}`;
  return `import('kubernetes-types/${folder}.d.ts').${kind}`;
}

interface Complaint {
  /** Counted from 0. */
  readonly line: number;
  readonly message: string;
}

function compile(lines: readonly string[]): Complaint[] {
  const folder = mkdtempSync(join(tmpdir(), 'rendered-objects-'));
  try {
    symlinkSync(MODULES, join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: COMPILER_OPTIONS, files: ['objects.ts'] }),
    );
    writeFileSync(join(folder, 'objects.ts'), `${lines.join('\n')}\n`);
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(MODULES, 'typescript/bin/tsc'), '-p', folder, '--pretty', 'false'],
      { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
    );
    const found = [...stdout.matchAll(/^objects\.ts\((\d+),\d+\): error (.*)$/gm)];
    if (status !== 0 && found.length === 0)
      throw new Error(`the compiler did not judge the objects: ${stdout}${stderr}`);
    return found.map(([, line, message = '']) => ({ line: Number(line) - 1, message }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
