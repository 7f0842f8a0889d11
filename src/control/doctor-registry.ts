/** What the look at the schema registry means. */

import type { RegistryLook, SubjectLook } from '../ports-doctor.ts';
import { type Finding, fine, found, troubled } from './doctor-findings.ts';

const CHECK = 'registry';
const SUBJECTS = 'registry.subjects';
/** Rules under which no producer can publish what the service then cannot read. */
const SAFE = ['FULL_TRANSITIVE', 'FULL', 'BACKWARD_TRANSITIVE'];

export function judgeRegistry({ apiFoundAt, subjects, trouble }: RegistryLook, url: string): readonly Finding[] {
  if (trouble === null) {
    return [fine(CHECK, `${url} speaks the Confluent-compatible API`), ...subjects.flatMap(judgeSubject)];
  }
  if (trouble.code !== 'NOT_THE_API') return [troubled(CHECK, url, trouble)];
  const advice =
    apiFoundAt === null
      ? 'Set registry.url to the Confluent-compatible API, with its path; for Apicurio that ends in /apis/ccompat/v7.'
      : `The API answers at ${apiFoundAt}: set registry.url to that.`;
  return [troubled(CHECK, url, { ...trouble, advice })];
}

function judgeSubject({ compatibility, problem, subject, version }: SubjectLook): Finding[] {
  if (version === null) {
    const advice =
      'Nothing is wrong if no producer has written yet: tiktok-sync schemas register makes one. Otherwise it uses another registry or another subject name.';
    return [found(SUBJECTS, 'warning', 'SUBJECT_MISSING', `${subject} has no version yet`, advice)];
  }
  if (problem !== null) {
    const advice =
      'Records of that version become dead letters. Have the producer write a schema that is compatible with schemas/.';
    return [found(SUBJECTS, 'wrong', 'SCHEMA_UNREADABLE', `${subject} version ${version}: ${problem}`, advice)];
  }
  if (compatibility !== null && SAFE.includes(compatibility)) {
    return [fine(SUBJECTS, `${subject} version ${version} can be read, ${compatibility}`)];
  }
  const rule =
    compatibility === null ? 'has no compatibility rule of its own' : `has the compatibility rule ${compatibility}`;
  const advice =
    'A producer may register what cannot be read. Set FULL_TRANSITIVE on the subject: tiktok-sync schemas register';
  return [
    found(SUBJECTS, 'warning', 'COMPATIBILITY_WEAK', `${subject} version ${version} can be read, but ${rule}`, advice),
  ];
}
