/**
 * Brings the programs that the tests need, before the first of them: a test's time is for what it tests. What cannot be
 * brought is named, and only the tests that need it fail.
 */

import { requireProgram } from './prerequisites.ts';
import { SandboxError } from './stack-contract.ts';

for (const name of ['java', 'maven', 'redis', 'openssl', 'prometheus', 'compose'] as const) {
  try {
    requireProgram(name, line => console.log(line));
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error;
    console.error(`${error.message}\nThe tests that need it will fail.`);
  }
}
