/** `tiktok-sync schemas check|register`: the schemas of the contract against those of the registry, and a producer's own against both. */

import type { AvroSchemaJson } from '../core/avro-types.ts';
import { CodedError, messageOf } from '../core/error-codes.ts';
import { plainType } from '../core/schema-compatibility.ts';
import { COMPATIBILITY, type ContractSubject } from '../core/schema-contract.ts';
import {
  judgeCandidate,
  judgeSubject,
  type SchemaFinding,
  type SubjectState,
  type SubjectVersion,
} from '../core/schema-findings.ts';
import { shortRecordName } from '../core/writer-schema.ts';
import type { SchemaAdmin } from '../ports.ts';

/** A subject as it was found, or as it is now. */
export interface SubjectReport {
  readonly subject: string;
  /** Null where the subject has no rule of its own. */
  readonly rule: string | null;
  /** The id of the schema that is asked about; null where it is not registered. */
  readonly schema_id: number | null;
  readonly versions: readonly { readonly version: number; readonly id: number }[];
}

export interface SchemasReport {
  readonly subjects: readonly SubjectReport[];
  /** Subjects whose rule was, or with a dry run would be, set. */
  readonly ruled: readonly string[];
  /** Subjects where a schema was, or with a dry run would be, registered. */
  readonly registered: readonly string[];
  readonly findings: readonly SchemaFinding[];
  /** Nothing of level `error`. */
  readonly ok: boolean;
}

/** Looks at every subject of the contract, and changes nothing. Rejects when the registry cannot be asked. */
export async function checkSchemas(subjects: readonly ContractSubject[], admin: SchemaAdmin): Promise<SchemasReport> {
  const looked = await Promise.all(
    subjects.map(async each => ({ each, state: await look(each.subject, each.schema, admin) })),
  );
  return {
    ...report(looked.flatMap(({ each, state }) => judgeSubject(each, state))),
    subjects: looked.map(({ each, state }) => reportOf(each.subject, state)),
  };
}

/** A schema that somebody means to write with. */
export interface Candidate {
  readonly schema: AvroSchemaJson;
  /** Null: the contract's subject for its record. */
  readonly subject: string | null;
}

/** Looks at a producer's schema: with `admin` null beside this version's own, otherwise beside the registry's as well. */
export async function checkCandidate(
  { schema, subject }: Candidate,
  subjects: readonly ContractSubject[],
  admin: SchemaAdmin | null,
): Promise<SchemasReport> {
  const name = subject ?? subjectFor(schema, subjects)?.subject ?? null;
  const contract = subjects.find(each => each.subject === name);
  const readers = contract?.readers ?? subjects.map(each => each.schema);
  const state = admin === null || name === null ? null : await look(name, schema, admin);
  return {
    ...report(judgeCandidate(schema, { readers }, name, state)),
    subjects: name === null || state === null ? [] : [reportOf(name, state)],
  };
}

function subjectFor(schema: AvroSchemaJson, subjects: readonly ContractSubject[]): ContractSubject | undefined {
  const name = shortRecordName({ schema, references: [] });
  return subjects.find(each => each.schema['name'] === name);
}

/**
 * Registers what is missing and sets FULL_TRANSITIVE where another rule holds. What the registry refuses is a finding;
 * the other subjects are seen to all the same. Rejects when the registry cannot be asked.
 */
export async function registerSchemas(
  subjects: readonly ContractSubject[],
  admin: SchemaAdmin,
  dryRun: boolean,
): Promise<SchemasReport> {
  const ruled: string[] = [];
  const registered: string[] = [];
  const findings: SchemaFinding[] = [];
  // One after the other: two subjects that begin at once are none the faster for it, and a refusal is told in order.
  for (const { subject, schema } of subjects) {
    const { refusedBeside, rule, schemaId, versions } = await look(subject, schema, admin);
    const isRuled = rule === COMPATIBILITY;
    if (refusedBeside.length > 0) {
      findings.push(refusal(subject, `version ${refusedBeside.join(', ')} stands against it (schemas check says how)`));
      continue;
    }
    if (!isRuled) ruled.push(subject);
    // Before the schema, so that it is judged by the rule; a subject that has neither rule nor version may take none yet.
    if (!dryRun && !isRuled && (rule !== null || versions.length > 0)) await admin.setRule(subject);
    if (schemaId !== null) continue;
    const problem = dryRun ? null : await admin.register(subject, schema).then(() => null, refusalIn);
    if (problem === null) registered.push(subject);
    else findings.push(refusal(subject, problem));
  }
  const now = await checkSchemas(subjects, admin);
  const known = dryRun ? [] : now.findings.filter(({ subject }) => !findings.some(each => each.subject === subject));
  return { ...report([...findings, ...known]), subjects: now.subjects, ruled, registered };
}

/** The words of a registry that does not take a schema; anything else that went wrong is thrown again. */
function refusalIn(error: unknown): string {
  const status = error instanceof Error && 'status' in error ? error.status : null;
  if (status === 409 || status === 422) return messageOf(error);
  throw error;
}

function refusal(subject: string, problem: string): SchemaFinding {
  return {
    level: 'error',
    code: 'REGISTRY_REFUSES',
    subject,
    message: `does not take this version's schema: ${problem}`,
  };
}

async function look(subject: string, schema: AvroSchemaJson, admin: SchemaAdmin): Promise<SubjectState> {
  const [rule, found] = await Promise.all([admin.compatibilityOf(subject), admin.versions(subject)]);
  const schemaId = found.length === 0 ? null : await admin.lookup(subject, schema);
  const versions: SubjectVersion[] = [];
  const refusedBeside: number[] = [];
  for (const { version, id } of found) {
    const knowledge = await admin.fetchSchema(id);
    if (knowledge.kind === 'unavailable') throw new Error(knowledge.problem);
    versions.push({ version, id, knowledge });
    if (schemaId === null && !(await admin.accepts(subject, version, schema))) refusedBeside.push(version);
  }
  return { rule, versions, schemaId, refusedBeside };
}

function report(findings: readonly SchemaFinding[]): Omit<SchemasReport, 'subjects'> {
  return { ruled: [], registered: [], findings, ok: findings.every(({ level }) => level !== 'error') };
}

function reportOf(subject: string, { rule, schemaId, versions }: SubjectState): SubjectReport {
  return { subject, rule, schema_id: schemaId, versions: versions.map(({ version, id }) => ({ version, id })) };
}

/** @throws CodedError `INPUT_UNREADABLE` for what is no JSON, `INPUT_INVALID` for what is no schema of a record */
export function parseCandidate(text: string, file: string): AvroSchemaJson {
  let schema: unknown;
  try {
    schema = JSON.parse(text);
  } catch (error) {
    throw new CodedError('INPUT_UNREADABLE', `${file} is not JSON: ${messageOf(error)}`);
  }
  try {
    plainType({ schema, references: [] });
  } catch (error) {
    const problem = messageOf(error).slice(0, 300);
    throw new CodedError('INPUT_INVALID', `${file} is not the Avro schema of a record: ${problem}`);
  }
  return schema as AvroSchemaJson;
}

/** One line for each subject and each finding, then the verdict. */
export function schemaLines(report: SchemasReport, candidate: string | null, dryRun: boolean): string[] {
  const { findings, ok, registered, ruled, subjects } = report;
  const found = subjects.map(each => subjectLine(each));
  const verb = dryRun ? 'would be ' : '';
  const done = [
    ...ruled.map(subject => `${verb}set to ${COMPATIBILITY}  ${subject}`),
    ...registered.map(subject => `${verb}registered  ${subject}`),
  ];
  const told = findings
    .toSorted((a, b) => a.level.localeCompare(b.level))
    .map(({ level, code, subject, message }) =>
      [level.padEnd(8), subject, `${message} [${code}]`].filter(Boolean).join(' '),
    );
  return [...found, ...done, ...told, verdict(ok, candidate, subjects, dryRun)];
}

function subjectLine({ subject, rule, schema_id, versions }: SubjectReport): string {
  const ids = versions.map(({ version, id }) => `${version} (id ${id})`).join(', ');
  const own = schema_id === null ? 'this schema is not registered' : `this schema is id ${schema_id}`;
  return `subject  ${subject}: versions ${ids || 'none'}; rule ${rule ?? 'none'}; ${own}`;
}

function verdict(ok: boolean, candidate: string | null, asked: readonly SubjectReport[], dryRun: boolean): string {
  const subject = candidate ?? 'The schemas';
  if (!ok) return candidate === null ? 'The schemas are not as they should be.' : `${candidate} must not be used.`;
  if (dryRun) return 'Nothing was changed.';
  if (candidate === null) return `${subject} are as they should be.`;
  if (asked.length === 0)
    return `${candidate} can be used: the service reads its records, both ways. No registry was asked.`;
  return asked.some(({ versions }) => versions.length > 0)
    ? `${candidate} can be used: the service reads its records, and it is ${COMPATIBILITY} with every version.`
    : `${candidate} can be used: the service reads its records, both ways. The registry has no version of it.`;
}
