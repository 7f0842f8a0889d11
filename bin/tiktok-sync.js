#!/usr/bin/env node
// Plain JavaScript for Node 20: the service is TypeScript that Node 24 runs as it is, so this file only finds that Node.
import { fileURLToPath } from 'node:url';
import { endWithParent, findNode, isNewEnough, isRunByNpx, NEEDED, projectRoot, runToEnd } from './node-runtime.js';

if (isRunByNpx(process.env)) endWithParent();

if (isNewEnough(process.versions.node)) {
  await import('../src/main.ts').catch(error => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    console.error(`${error.message}\nRun "npm ci" in ${projectRoot}: the libraries are not installed.`);
    process.exit(1);
  });
} else {
  const node = findNode();
  if (node === undefined) {
    console.error(
      `tiktok-sync needs Node ${NEEDED} or newer, this is ${process.versions.node}, and the project's own copy is not installed.\n` +
        'Run "npm ci" in the project folder (it brings Node 24 along), or install Node 24.',
    );
    process.exit(1);
  }
  process.exitCode = await runToEnd(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)]);
}
