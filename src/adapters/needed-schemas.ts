/** Schemas without which nothing can be read or written: had now, or an error that says which option to look at. */

import { CodedError } from '../core/error-codes.ts';
import type { FramedRecords } from '../core/framed-records.ts';
import type { SchemaFetcher } from '../ports.ts';

/**
 * Teaches `decoder` what it lacks for these records. A schema that the registry denies makes its records unreadable.
 * @throws CodedError `DEPENDENCY_UNREACHABLE` when the registry cannot be asked
 */
export async function learnNeeded<T extends object>(
  decoder: FramedRecords<T>,
  records: readonly { readonly value: Buffer | null }[],
  registry: SchemaFetcher,
): Promise<void> {
  for (const schemaId of decoder.unlearned(records)) {
    const answer = await registry.fetchSchema(schemaId);
    if (answer.kind === 'unavailable') throw registryAway(answer.problem);
    decoder.learn(schemaId, answer);
  }
}

/** The registry refused what a start or a command needs, or could not be asked. */
export function registryAway(problem: string, cause?: unknown): CodedError {
  return new CodedError('DEPENDENCY_UNREACHABLE', `${problem}. Check registry.url.`, { cause });
}
