import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { eventually } from '../../sandbox/eventually.ts';
import { useStack } from '../stack.ts';

const stack = await useStack();

test('the folder of a world goes with its process, also after Ctrl-C', async () => {
  const script = fileURLToPath(new URL('./world-owner.ts', import.meta.url));
  const { unique, ...addresses } = stack;
  const owner = spawn(process.execPath, [script, JSON.stringify(addresses), unique('owned')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(owner.stdout, 'data')) as [Buffer];
  const folder = line.toString().trim();
  expect(existsSync(folder)).toBe(true);
  owner.kill('SIGINT');
  await eventually('the folder is gone', () => !existsSync(folder));
});
