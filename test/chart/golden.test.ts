import { expect, test } from 'vitest';
import { template } from './helm.ts';

// What an upgrade would change for whoever has set only what must be set. After a change that is meant:
// npx vitest run --project unit test/chart/golden.test.ts --update
test('the least values render what was reviewed', async () => {
  const { ok, stdout, stderr } = template();
  expect(ok, stderr).toBe(true);
  await expect(stdout).toMatchFileSnapshot('golden/minimal.yaml');
});
