/** `schemas check|register` on the real registry, or (`--offline`) on none: connects, lets `control/schemas.ts` judge, says what was found. */

import { registryAway } from './adapters/needed-schemas.ts';
import { readSchemas } from './adapters/schema-files.ts';
import { createRegistry } from './clients.ts';
import type { Config } from './config.ts';
import { EXIT, type ExitCode } from './control/exit-codes.ts';
import { type Host, readGiven } from './control/host.ts';
import {
  type Candidate,
  checkCandidate,
  checkSchemas,
  parseCandidate,
  registerSchemas,
  type SchemasReport,
  schemaLines,
} from './control/schemas.ts';
import { CodedError, messageOf } from './core/error-codes.ts';
import { type ContractSubject, contractSubjects } from './core/schema-contract.ts';

export type SchemasRequest = { readonly json: boolean } & (
  | { readonly action: 'register'; readonly dryRun: boolean }
  /** `file` null: the schemas of this version. `-` is standard input. */
  | { readonly action: 'check'; readonly file: string | null; readonly subject: string | null }
);

/** `registry` null: none is asked. */
export interface SchemasNeeds {
  readonly topics: Config['topics'];
  readonly registry: Config['registry'] | null;
}

/** @throws CodedError `DEPENDENCY_UNREACHABLE` when the registry cannot be asked, or for a file that is no schema. */
export async function runSchemas(request: SchemasRequest, needs: SchemasNeeds, host: Host): Promise<ExitCode> {
  const subjects = contractSubjects(needs.topics, readSchemas());
  const file = request.action === 'check' ? request.file : null;
  const candidate = file === null ? null : await readCandidate(file, request, host);
  const report = await ask(request, candidate, subjects, needs).catch((error: unknown) => {
    throw error instanceof CodedError ? error : registryAway(messageOf(error), error);
  });
  const dryRun = request.action === 'register' && request.dryRun;
  const lines = schemaLines(report, file === null ? null : nameOf(file), dryRun);
  host.out.write(
    request.json ? `${JSON.stringify({ ...report, dry_run: dryRun }, null, 2)}\n` : `${lines.join('\n')}\n`,
  );
  return report.ok ? EXIT.ok : EXIT.foundWrong;
}

function ask(
  request: SchemasRequest,
  candidate: Candidate | null,
  subjects: readonly ContractSubject[],
  { registry }: SchemasNeeds,
): Promise<SchemasReport> {
  const admin = registry === null ? null : createRegistry(registry);
  if (candidate !== null) return checkCandidate(candidate, subjects, admin);
  if (admin === null) throw new CodedError('USAGE', 'without a registry there is only a schema of yours to look at');
  return request.action === 'register'
    ? registerSchemas(subjects, admin, request.dryRun)
    : checkSchemas(subjects, admin);
}

async function readCandidate(file: string, request: SchemasRequest, host: Host): Promise<Candidate> {
  const text = await readGiven(file === '-' ? null : file, host);
  const subject = request.action === 'check' ? request.subject : null;
  return { schema: parseCandidate(text, nameOf(file)), subject };
}

/** How messages call the file. */
function nameOf(file: string): string {
  return file === '-' ? 'The schema on standard input' : file;
}
