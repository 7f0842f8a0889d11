/**
 * For the Dockerfile's build stage: lays out the root folder of the image, in which there is Node, the libraries that it
 * and the native packages load, and nothing else: no shell, no package manager. Also takes out of node_modules what only
 * people and compilers read.
 *   node scripts/image-root.ts /rootfs     in a folder with the production dependencies
 */

import { chmodSync, copyFileSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Packages with native code; loading them loads the libraries that they need. */
const NATIVE = ['snappy', 'lz4-napi'];

/** Debian's packages of those libraries, whose licences want to come along. */
const SYSTEM_PACKAGES = /^(gcc-\d+-base|libc6|libgcc-s1|libstdc\+\+6)$/;
const PACKAGE_DATABASE = '/var/lib/dpkg/status';

/** What a resolver, a scanner or a lawyer looks for; a base that lacks one does without. */
const SYSTEM_FILES = ['/etc/nsswitch.conf', '/etc/os-release', '/usr/local/LICENSE'];

const PASSWD = 'root:x:0:0:root:/:/nonexistent\nnode:x:1000:1000:node:/tmp:/nonexistent\n';
const GROUP = 'root:x:0:\nnode:x:1000:\n';

/** Files that no running program reads. Node runs no TypeScript inside node_modules. Licences stay. */
const SURPLUS = ['**/*.{ts,mts,cts,map,flow,markdown}', '**/*.md'];
const LICENCE = /(^|\/)(licen[cs]e|notice|copying)[^/]*$/i;
const SURPLUS_FOLDERS = '{.github,benchmark,benchmarks,doc,docs,example,examples,test,tests,__tests__}';

const root = process.argv[2];
if (root === undefined || !isAbsolute(root)) {
  process.stderr.write('Usage: node scripts/image-root.ts /FOLDER\n');
  process.exit(2);
}

prune(resolve('node_modules'));
for (const name of NATIVE) await import(pathToFileURL(resolve('node_modules', name, 'index.js')).href);
for (const library of loadedLibraries()) copy(library, library);
copy(process.execPath, '/usr/local/bin/node');
chmodSync(join(root, '/usr/local/bin/node'), 0o755);
for (const file of SYSTEM_FILES) copyIfThere(file);
for (const [name, entry] of systemPackages()) {
  // Where scanners look for the packages of an image that has no package manager.
  write(`/var/lib/dpkg/status.d/${name}`, entry);
  copyIfThere(`/usr/share/doc/${name}/copyright`);
}
write('/etc/passwd', PASSWD);
write('/etc/group', GROUP);
// Where configuration and tokens are mounted; the default of the option tokens.dir.
mkdirSync(join(root, 'etc/tiktok-sync/tokens'), { recursive: true });
mkdirSync(join(root, 'tmp'));
// As everywhere: whoever runs the container may write there, where it is a mount.
chmodSync(join(root, 'tmp'), 0o1777);

/** Shared objects in this process that are files of the system, by the paths under which the loader looks for them. */
function loadedLibraries(): string[] {
  const { sharedObjects } = process.report.getReport() as { readonly sharedObjects: readonly string[] };
  // A native package lies in node_modules, which goes into the image as a whole; the kernel's own object is no file.
  return sharedObjects.filter(path => isAbsolute(path) && !path.includes('/node_modules/'));
}

function prune(modules: string): void {
  for (const pattern of SURPLUS) {
    for (const path of globSync(pattern, { cwd: modules })) {
      if (!LICENCE.test(path)) rmSync(join(modules, path), { force: true });
    }
  }
  for (const pattern of [`*/${SURPLUS_FOLDERS}`, `@*/*/${SURPLUS_FOLDERS}`]) {
    for (const path of globSync(pattern, { cwd: modules })) rmSync(join(modules, path), { recursive: true });
  }
}

/** Name and entry of each system package that comes along in part; none where the base is not of Debian's kind. */
function systemPackages(): (readonly [string, string])[] {
  if (!existsSync(PACKAGE_DATABASE)) return [];
  const entries = readFileSync(PACKAGE_DATABASE, 'utf8').split('\n\n');
  const named = entries.map(entry => [/^Package: (.+)$/m.exec(entry)?.[1] ?? '', `${entry.trim()}\n`] as const);
  return named.filter(([name]) => SYSTEM_PACKAGES.test(name));
}

function copyIfThere(path: string): void {
  if (existsSync(path)) copy(path, path);
}

/** Copies what a path leads to, so that no link is left without its end. */
function copy(from: string, to: string): void {
  const target = join(root ?? '', to);
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(from, target);
}

function write(path: string, text: string): void {
  const target = join(root ?? '', path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
}
