import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';

/** The one-broker stack that all test files share, with names that no other test uses. */
export interface SharedStack {
  readonly brokers: string;
  readonly registryUrl: string;
  readonly redisUrl: string;
  /** A name of its own for a topic, group or key prefix: `unique('conversions')` → `conversions-3f9c01ab`. */
  unique(name: string): string;
}

/**
 * The shared stack, started by the first test file that asks. Call it at the top of the file:
 * `const stack = await useStack();`. What stops or freezes a server belongs on a stack of the test's own.
 */
export async function useStack(): Promise<SharedStack> {
  const answer = await fetch(inject('stackHost'));
  if (!answer.ok) throw new Error(await answer.text());
  const addresses = (await answer.json()) as Omit<SharedStack, 'unique'>;
  return { ...addresses, unique: name => `${name}-${randomBytes(4).toString('hex')}` };
}
