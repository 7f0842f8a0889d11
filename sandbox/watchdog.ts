import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { signalGroup } from './process-group.ts';

/**
 * Makes sure that nothing outlives this process: what is guarded is killed (a process id, with its group) or removed (a
 * folder) when this process ends in any way. Signal handlers alone cannot do that, since SIGKILL runs none.
 */
export function guard(item: number | string): void {
  if (typeof item === 'number') pids.add(item);
  tellWatchdog({ guard: item });
}

/** Takes back `guard`, once a process is gone (its id may be given to a stranger) or a folder removed. */
export function spare(item: number | string): void {
  if (typeof item === 'number') pids.delete(item);
  tellWatchdog({ spare: item });
}

const pids = new Set<number>();
let watchdog: ChildProcess | undefined;

function tellWatchdog(message: { guard: number | string } | { spare: number | string }): void {
  watchdog ??= startWatchdog();
  watchdog.stdin?.write(`${JSON.stringify(message)}\n`);
}

function startWatchdog(): ChildProcess {
  const script = fileURLToPath(new URL('./watchdog-process.ts', import.meta.url));
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  child.unref();
  // The type of a piped stdin is a Writable; what it is in fact, a socket, can be kept from holding this process open.
  (child.stdin as unknown as { unref(): void }).unref();
  child.stdin?.on('error', () => {});
  // On an ordinary exit the children are gone before the exit code is seen, not some milliseconds later.
  process.on('exit', () => {
    for (const pid of pids) signalGroup(pid, 'SIGKILL');
  });
  return child;
}
