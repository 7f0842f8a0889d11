import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { AGREEMENT } from '../../sandbox/demo-report.ts';
import { CONNECTIONS } from '../../sandbox/demo-scenario.ts';
import { tokensFor, World } from '../../sandbox/world.ts';
import { useStack } from '../stack.ts';

const stack = await useStack();
const SCRIPT = fileURLToPath(new URL('../../sandbox/compose-demo.ts', import.meta.url));

test('the stream of docker compose arrives whole, and its end says so', async () => {
  await using world = await World.create(stack, { name: stack.unique('compose'), env: tokensFor(...CONNECTIONS) });
  const service = await world.startService();
  const env = { PATH: process.env['PATH'] ?? '', ...world.env };
  const demo = spawn(process.execPath, [SCRIPT, '--service', service.url, '--steps', '3'], { env });
  const [out, err, [exitCode]] = await Promise.all([text(demo.stdout), text(demo.stderr), once(demo, 'exit')]);
  expect(err).toBe('');
  expect(out).toContain(AGREEMENT);
  expect(exitCode).toBe(0);
});
