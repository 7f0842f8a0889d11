/** `kill -9` of random instances at random moments. */

import { setTimeout as pause } from 'node:timers/promises';
import type { Instance } from './instance.ts';

export interface KillOptions {
  readonly kills: number;
  /** All of them happen within this time. */
  readonly withinMs: number;
  readonly random: () => number;
  readonly onKill: (serial: number, instance: Instance) => void;
}

/** Returns the times (epoch milliseconds) of the kills. */
export async function killAtRandom(instances: readonly Instance[], options: KillOptions): Promise<number[]> {
  const { kills, onKill, random, withinMs } = options;
  const moments = Array.from({ length: kills }, () => random() * withinMs).sort((a, b) => a - b);
  const startedAt = performance.now();
  const times: number[] = [];
  for (const moment of moments) {
    await pause(Math.max(0, startedAt + moment - performance.now()));
    const instance = await anyRunning(instances, random);
    times.push(Date.now());
    instance.kill();
    onKill(times.length, instance);
  }
  return times;
}

async function anyRunning(instances: readonly Instance[], random: () => number): Promise<Instance> {
  for (;;) {
    const running = instances.filter(({ service }) => service.process.pid !== undefined);
    const chosen = running[Math.floor(random() * running.length)];
    if (chosen !== undefined) return chosen;
    await pause(20);
  }
}
