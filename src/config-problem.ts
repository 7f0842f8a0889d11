/** What can be wrong with a configuration: every problem says where, what, what would be right, and why. */

import type { ErrorCode } from './core/error-codes.ts';

export interface ConfigProblem {
  readonly code: ErrorCode;
  /** Path of the option; null where the source itself cannot be read. */
  readonly option: string | null;
  /** Where the value came from: `default`, `FILE:LINE`, `env NAME`, `flag --NAME`; `not set` where there is none. */
  readonly origin: string;
  readonly message: string;
  /** What the option takes. */
  readonly allowed: string | null;
  /** Why it takes nothing else. */
  readonly because: string | null;
}

/** A problem about no particular bound. */
export function problem(code: ErrorCode, option: string | null, origin: string, message: string): ConfigProblem {
  return { code, option, origin, message, allowed: null, because: null };
}

/** One problem as lines for a terminal. */
export function describeProblem({ code, option, origin, message, allowed, because }: ConfigProblem): string {
  const lines = [`${code}  ${option === null ? origin : `${option} (${origin})`}: ${message}`];
  if (allowed !== null) lines.push(`    allowed: ${allowed}`);
  if (because !== null) lines.push(`    because: ${because}`);
  return lines.join('\n');
}
