// Plain JavaScript for Node 20: makes node_modules match package-lock.json and see to it that Node 24 is in it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { bundledNode, findNode, NEEDED, projectRoot } from '../bin/node-runtime.js';

const modules = join(projectRoot, 'node_modules');

/** Installs what is missing and gives back the path of a Node that runs the project. Throws an Error that says what to do. */
export function ensureDependencies() {
  if (isStale()) install();
  const node = findNode() ?? installNode();
  linkOwnCommand();
  return node;
}

/** Compares the lock file with npm's own record of what it installed, so that an install by hand counts too. */
function isStale() {
  const record = join(modules, '.package-lock.json');
  if (!existsSync(record)) return true;
  const wanted = packagesOf(join(projectRoot, 'package-lock.json'));
  const installed = packagesOf(record);
  return Object.entries(wanted).some(([path, { version, optional, devOptional }]) => {
    // Optional ones may be for another platform.
    if (path === '' || optional || devOptional) return false;
    return installed[path]?.version !== version;
  });
}

function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
}

function install() {
  console.error('Installing dependencies with npm ci (half a minute the first time) …');
  const done = run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], projectRoot);
  if (!done) throw new Error('npm ci failed; its output above says why. Nothing else was started.');
}

/** npm may be told to run no install scripts (ignore-scripts); then the binary has to be fetched by hand. */
function installNode() {
  console.error('Fetching Node 24 …');
  const folder = join(modules, 'node');
  const script = join(folder, 'installArchSpecificPackage.js');
  if (existsSync(script)) run(process.execPath, [script], folder);
  if (existsSync(bundledNode)) return bundledNode;
  throw new Error(
    `The npm package "node" brought no binary for ${process.platform}/${process.arch}. ` +
      `Install Node ${NEEDED} or newer and run this command with it.`,
  );
}

/** So that `npx tiktok-sync` starts the clone's own command without installing anything. */
function linkOwnCommand() {
  const link = join(modules, '.bin', 'tiktok-sync');
  if (existsSync(link)) return;
  mkdirSync(join(modules, '.bin'), { recursive: true });
  try {
    symlinkSync(join('..', '..', 'bin', 'tiktok-sync.js'), link);
  } catch (error) {
    // Another command of this project may have made it at the same moment.
    if (error.code !== 'EEXIST') throw error;
  }
}

function run(command, args, cwd) {
  // npm scripts put node_modules/.bin first, and npm must not run on a Node that it is about to replace.
  const path = (process.env.PATH ?? '').split(delimiter).filter(entry => !entry.startsWith(modules));
  const env = { ...process.env, PATH: path.join(delimiter) };
  return spawnSync(command, args, { cwd, env, stdio: ['ignore', 2, 2] }).status === 0;
}
