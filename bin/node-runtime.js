// Plain JavaScript for Node 20: finds the Node that can run this project and runs things with it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));

/** Where the development dependency `node` keeps its binary. */
export const bundledNode = join(projectRoot, 'node_modules', 'node', 'bin', 'node');

/** The first release that runs TypeScript files with everything this project uses. */
export const NEEDED = '24.6';

/** True for a version such as `24.6.0` that can run the service. */
export function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 6);
}

/** Path of a Node that can run the service: this one, else the bundled one, else undefined. */
export function findNode() {
  if (isNewEnough(process.versions.node)) return process.execPath;
  return existsSync(bundledNode) ? bundledNode : undefined;
}

/**
 * Tells a new signal from an echo: a Ctrl-C reaches every process in front of the terminal, and npm passes it on as well.
 * A person who means it twice is slower than that. `now` gives milliseconds.
 */
export function echoFilter(now) {
  const last = new Map();
  return signal => {
    const at = now();
    const isNew = at - (last.get(signal) ?? -Infinity) > 300;
    last.set(signal, at);
    return isNew;
  };
}

/** True for the environment that `npx` and `npm exec` give to what they run. */
export function isRunByNpx(env) {
  return env.npm_command === 'exec' || env.npm_lifecycle_event === 'npx';
}

/**
 * Sends this process a SIGTERM once its parent is gone. npm and its shell end on a SIGTERM without passing it on. After
 * a stop signal of its own nothing is sent any more, since a second one means "exit at once".
 */
export function endWithParent() {
  const parent = process.ppid;
  const signals = ['SIGINT', 'SIGTERM'];
  let stopping = false;
  const onSignal = signal => {
    stopping = true;
    unwatch();
    // Nobody else listens: what the signal does by default.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  const look = () => {
    // A Ctrl-C ends the shell and is for us as well: a signal that is already here is heard first.
    if (process.ppid !== parent) setImmediate(() => stopping || process.kill(process.pid, 'SIGTERM'));
  };
  const timer = setInterval(look, 500).unref();
  const unwatch = () => {
    clearInterval(timer);
    for (const signal of signals) process.off(signal, onSignal);
  };
  for (const signal of signals) process.on(signal, onSignal);
}

/**
 * Runs a program to its end on this terminal and resolves to the exit code that stands for how it ended. The program
 * runs in a group of its own and gets stop signals from us alone, each once, since a second one means "exit at once".
 */
export function runToEnd(command, args, options = {}) {
  const child = spawn(command, args, { stdio: 'inherit', detached: true, ...options });
  const isNew = echoFilter(() => performance.now());
  const forward = signal => {
    if (isNew(signal)) child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, forward);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      for (const name of signals) process.off(name, forward);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}
