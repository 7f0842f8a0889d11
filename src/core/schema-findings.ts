/**
 * What is wrong with the schemas that a registry holds, or with one that a producer means to use.
 *
 * Guarantee: a finding of level `error` is one that loses records or stops somebody's upgrade. A schema without one is
 * read by this version, and every schema it was compared with can be read with it, and it with them.
 */

import type { AvroSchemaJson } from './avro-types.ts';
import { didYouMean } from './did-you-mean.ts';
import { messageOf } from './error-codes.ts';
import { FramedRecords, type SchemaKnowledge } from './framed-records.ts';
import { fieldPaths, misreading, outermost, plainType } from './schema-compatibility.ts';
import { COMPATIBILITY, type ContractSubject } from './schema-contract.ts';
import { shortRecordName, type WriterSchema } from './writer-schema.ts';

export type SchemaProblem =
  | 'SUBJECT_MISSING'
  | 'SCHEMA_NOT_REGISTERED'
  | 'RULE_NOT_SET'
  | 'RULE_TOO_WEAK'
  | 'VERSION_UNREADABLE'
  | 'VERSION_INCOMPATIBLE'
  | 'SCHEMA_UNREADABLE'
  | 'SCHEMA_INCOMPATIBLE'
  | 'REGISTRY_REFUSES'
  | 'FIELD_UNKNOWN'
  | 'FIELD_MISSING';

/** `error`: something will go wrong. `warning`: something can. */
export interface SchemaFinding {
  readonly level: 'error' | 'warning';
  readonly code: SchemaProblem;
  /** Null where no registry was asked. */
  readonly subject: string | null;
  /** What is wrong and what to do. */
  readonly message: string;
}

/** A version of a subject, and what the registry says of its schema. */
export interface SubjectVersion {
  readonly version: number;
  readonly id: number;
  readonly knowledge: SchemaKnowledge;
}

/** What a registry holds under a subject. */
export interface SubjectState {
  /** The subject's own rule; null where it has none. */
  readonly rule: string | null;
  readonly versions: readonly SubjectVersion[];
  /** The id of the schema that is asked about; null where it is not registered. */
  readonly schemaId: number | null;
  /** The versions beside which the registry would not take it. */
  readonly refusedBeside: readonly number[];
}

const REGISTER = 'tiktok-sync schemas register';
const NOTHING_THERE =
  "has no version in this registry, so it was compared with the service's own schema only: are the subject's name and the registry the right ones?";

/** What is wrong with a subject of the contract, for the service that runs on it. */
export function judgeSubject({ subject, schema, readers }: ContractSubject, state: SubjectState): SchemaFinding[] {
  const finding = findingsAbout(subject);
  if (state.versions.length === 0) {
    return [finding('error', 'SUBJECT_MISSING', `has no schema. Register it: ${REGISTER}`)];
  }
  const findings = judgeRule(subject, state.rule);
  if (state.schemaId === null) {
    const message = `does not have the schema of this version: nobody can write with it yet. Register it: ${REGISTER}`;
    findings.push(finding('warning', 'SCHEMA_NOT_REGISTERED', message));
  }
  for (const { version, id, knowledge } of state.versions) {
    const refusal = unreadable(knowledge, readers);
    const name = `version ${version} (id ${id})`;
    if (refusal !== null) {
      findings.push(finding('error', 'VERSION_UNREADABLE', `has a ${name} that the service cannot read: ${refusal}`));
    } else if (knowledge.kind === 'schema') {
      const own = readers.find(reader => reader['name'] === shortRecordName(knowledge)) ?? schema;
      for (const problem of conflicts({ schema: own, references: [] }, knowledge, name)) {
        findings.push(finding('error', 'VERSION_INCOMPATIBLE', `breaks ${COMPATIBILITY}: ${problem}`));
      }
    }
  }
  return [...findings, ...refused(subject, 'the schema of this version', state)];
}

/** What would go wrong if a producer wrote with `candidate`. `state` null: no registry was asked. */
export function judgeCandidate(
  candidate: AvroSchemaJson,
  contract: Pick<ContractSubject, 'readers'>,
  subject: string | null,
  state: SubjectState | null,
): SchemaFinding[] {
  const finding = findingsAbout(subject);
  const written: WriterSchema = { schema: candidate, references: [] };
  const refusal = unreadable({ kind: 'schema', ...written }, contract.readers);
  const own = contract.readers.find(reader => reader['name'] === shortRecordName(written));
  if (own === undefined || refusal !== null) {
    const message = `the service could not read its records, they would become dead letters: ${refusal}`;
    return [finding('error', 'SCHEMA_UNREADABLE', message), ...refused(subject, 'it', state)];
  }
  const isEmpty = subject !== null && state?.versions.length === 0;
  const problems = [
    ...conflicts(written, { schema: own, references: [] }, "the service's own schema"),
    ...(state?.versions ?? []).flatMap(({ version, id, knowledge }) =>
      knowledge.kind === 'schema' ? conflicts(written, knowledge, `version ${version} (id ${id})`) : [],
    ),
  ];
  return [
    ...problems.map(problem => finding('error', 'SCHEMA_INCOMPATIBLE', `breaks ${COMPATIBILITY}: ${problem}`)),
    ...refused(subject, 'it', state),
    ...(isEmpty ? [finding('warning', 'SUBJECT_MISSING', NOTHING_THERE)] : []),
    ...judgeFields(candidate, own, finding),
  ];
}

/** Why the service cannot read records of this schema; null where it can. */
export function unreadable(knowledge: SchemaKnowledge, readers: readonly AvroSchemaJson[]): string | null {
  const records = new FramedRecords(
    readers.map(schema => ({ schema, extraFields: [], finish: (decoded: unknown) => decoded as object })),
  );
  const problem = records.problemOf(ASKED, knowledge);
  return problem?.replace(/ schema 0 (\([^)]*\): )?/, ' ') ?? null;
}

/** The id under which a schema that has none is looked at. */
const ASKED = 0;

/** What stands between two schemas by the rules of Avro, either way round. `other` is how messages call the second. */
export function conflicts(schema: WriterSchema, second: WriterSchema, other: string): string[] {
  try {
    const [type, otherType] = [plainType(schema), plainType(second)];
    const backward = misreading(type, otherType);
    const forward = misreading(otherType, type);
    return [
      ...(backward === null ? [] : [`records of ${other} could not be read with it (${backward})`]),
      ...(forward === null ? [] : [`its records could not be read with ${other} (${forward})`]),
    ];
  } catch (error) {
    return [`it cannot be compared with ${other}: ${messageOf(error).slice(0, 300)}`];
  }
}

type Finding = (level: SchemaFinding['level'], code: SchemaProblem, message: string) => SchemaFinding;

function findingsAbout(subject: string | null): Finding {
  return (level, code, message) => ({ level, code, subject, message });
}

function judgeRule(subject: string, rule: string | null): SchemaFinding[] {
  const finding = findingsAbout(subject);
  if (rule === COMPATIBILITY) return [];
  if (rule === null) {
    const message = `has no compatibility rule of its own: the registry's default decides. Set ${COMPATIBILITY}: ${REGISTER}`;
    return [finding('error', 'RULE_NOT_SET', message)];
  }
  const message = `has the rule ${rule}: a schema may be registered that old records or readers do not go with. Set ${COMPATIBILITY}: ${REGISTER}`;
  return [finding('error', 'RULE_TOO_WEAK', message)];
}

function refused(subject: string | null, what: string, state: SubjectState | null): SchemaFinding[] {
  if (state === null || state.refusedBeside.length === 0) return [];
  const message = `the registry would not take ${what} beside version ${state.refusedBeside.join(', ')}, under the rule ${state.rule ?? 'that is its default'}`;
  return [findingsAbout(subject)('error', 'REGISTRY_REFUSES', message)];
}

/** What Avro takes for an addition and a removal may have been a slip of the pen. */
function judgeFields(candidate: AvroSchemaJson, own: AvroSchemaJson, finding: Finding): SchemaFinding[] {
  const written = fieldPaths(plainType({ schema: candidate, references: [] }));
  const known = fieldPaths(plainType({ schema: own, references: [] }));
  const missing = outermost(known.filter(path => !written.includes(path)));
  const unknown = outermost(written.filter(path => !known.includes(path)));
  return [
    ...unknown.map(path => {
      const guess = didYouMean(path, missing);
      const hint = guess === null ? 'it is left alone' : `did you mean ${guess}?`;
      return finding('warning', 'FIELD_UNKNOWN', `the service does not know the field ${path}: ${hint}`);
    }),
    ...(missing.length === 0
      ? []
      : [finding('warning', 'FIELD_MISSING', `these fields would always be null: ${missing.join(', ')}`)]),
  ];
}
