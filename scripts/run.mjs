// Plain JavaScript for Node 20, the entry of every npm script: installs what is missing, then goes on in Node 24.
// Usage: node scripts/run.mjs demo|test|verify|sandbox|bench|chaos|check [arguments for it]
import { delimiter, dirname, join } from 'node:path';
import { endWithParent, projectRoot, runToEnd } from '../bin/node-runtime.js';
import { ensureDependencies } from './dependencies.mjs';

const biome = ['node_modules/@biomejs/biome/bin/biome', 'check', '.'];
const types = ['node_modules/typescript/bin/tsc', '-p', '.'];

/** What each command runs, one step after the other; arguments from the command line go to the last step. */
const commands = {
  demo: [['sandbox/demo.ts']],
  sandbox: [['sandbox/keep.ts']],
  test: [['sandbox/prepare.ts'], ['node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', '--project', 'stack']],
  verify: [['node_modules/vitest/vitest.mjs', 'run', '--project', 'verify']],
  bench: [['test/bench/main.ts']],
  chaos: [['test/chaos/chaos.ts']],
  check: [biome, types],
  'image:check': [['sandbox/image-check.ts']],
  'chart:cluster': [['test/chart/cluster/main.ts']],
};

const [name = '', ...forwarded] = process.argv.slice(2);
const steps = commands[name];
if (steps === undefined) {
  console.error(`Usage: node scripts/run.mjs ${Object.keys(commands).join('|')} [arguments]`);
  process.exit(2);
}

if (process.env.npm_lifecycle_event !== undefined) endWithParent();

try {
  process.exitCode = await runSteps(ensureDependencies());
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

async function runSteps(node) {
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
  for (const [index, [script, ...args]] of steps.entries()) {
    const extra = index === steps.length - 1 ? forwarded : [];
    const code = await runToEnd(node, [join(projectRoot, script), ...args, ...extra], { cwd: projectRoot, env });
    if (code !== 0) return code;
  }
  return 0;
}
