// Plain JavaScript for Node 20: every check of the project, from an empty node_modules. The last line counts them all.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { projectRoot, runToEnd } from '../bin/node-runtime.js';
import { ensureDependencies } from './dependencies.mjs';

const count = { passed: 0, failed: 0 };
const folder = mkdtempSync(join(tmpdir(), 'tiktok-sync-ci-'));
try {
  await runAll(ensureDependencies());
} catch (error) {
  console.error(error.message);
  count.failed += 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${count.passed} passed, ${count.failed} failed`);
process.exitCode = count.failed === 0 ? 0 : 1;

async function runAll(node) {
  const run = (script, ...args) => {
    const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
    return runToEnd(node, [join(projectRoot, script), ...args], { cwd: projectRoot, env });
  };
  const step = async (title, ...command) => {
    console.log(`== ${title}`);
    const code = await run(...command);
    count[code === 0 ? 'passed' : 'failed'] += 1;
  };
  await step('format', 'node_modules/@biomejs/biome/bin/biome', 'format', '.');
  await step('lint', 'node_modules/@biomejs/biome/bin/biome', 'check', '--formatter-enabled=false', '.');
  await step('types', 'node_modules/typescript/bin/tsc', '-p', '.');
  console.log('== tests');
  const report = join(folder, 'tests.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  countTests(await runToEnd('npm', ['test', '--', ...reporters], { cwd: projectRoot, env: process.env }), report);
}

/** Adds the tests of a run. A file that does not load, or a run that fails as a whole, is a failure too. */
function countTests(code, report) {
  let failed = 0;
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
    count.passed += numPassedTests;
    failed = numFailedTests;
    failed += testResults.filter(file => file.status === 'failed' && file.assertionResults.length === 0).length;
  } catch (error) {
    console.error(`No test report: ${error.message}`);
  }
  count.failed += code !== 0 && failed === 0 ? 1 : failed;
}
