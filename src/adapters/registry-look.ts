/** Whether the schema registry is there, by the right path, and what it has of the event topics. */

import { systemCodeOf } from '../core/error-codes.ts';
import type { SchemaKnowledge } from '../core/framed-records.ts';
import type { RegistryLook, SubjectLook, Trouble } from '../ports-doctor.ts';
import { askRegistry, type RegistryConnection } from './registry-http.ts';
import { SchemaRegistry } from './schema-registry.ts';
import { tlsAdvice } from './tls-advice.ts';

/** Where registries that are more than Confluent's have its API; the first is that of Apicurio. */
const OTHER_PATHS = ['/apis/ccompat/v7', '/api/ccompat/v7', '/apis/ccompat/v8'];

/** `problemOf`: why records of a schema could not be read; null where they can. */
export async function lookAtRegistry(
  connection: RegistryConnection,
  subjects: readonly string[],
  problemOf: (schemaId: number, knowledge: SchemaKnowledge) => string | null,
): Promise<RegistryLook> {
  const trouble = await troubleOf(connection);
  if (trouble !== null) {
    const apiFoundAt = trouble.code === 'NOT_THE_API' ? await findApi(connection) : null;
    return { trouble, apiFoundAt, subjects: [] };
  }
  const registry = new SchemaRegistry(connection);
  const looks = await Promise.all(subjects.map(subject => lookAtSubject(registry, subject, problemOf)));
  return { trouble: null, apiFoundAt: null, subjects: looks };
}

async function lookAtSubject(
  registry: SchemaRegistry,
  subject: string,
  problemOf: (schemaId: number, knowledge: SchemaKnowledge) => string | null,
): Promise<SubjectLook> {
  const latest = await registry.latest(subject);
  if (latest === null) return { subject, version: null, problem: null, compatibility: null };
  const [answer, compatibility] = await Promise.all([
    registry.fetchSchema(latest.id),
    // A right of its own with some registries, and not needed to run.
    registry.compatibilityOf(subject).catch(() => null),
  ]);
  const problem = answer.kind === 'unavailable' ? answer.problem : problemOf(latest.id, answer);
  return { subject, version: latest.version, problem, compatibility };
}

async function troubleOf(connection: RegistryConnection): Promise<Trouble | null> {
  try {
    const { body, status } = await askRegistry(connection, 'GET', '/subjects', null);
    if (status === 200 && Array.isArray(body)) return null;
    if (status === 401 || status === 403) {
      const advice = 'Check registry.username and registry.password, and what the user may do.';
      return { kind: 'refused', code: 'REGISTRY_DENIES', problem: `answered ${status} to GET /subjects`, advice };
    }
    if (status >= 500 || status === 429) {
      const problem = `answered ${status} to GET /subjects`;
      return {
        kind: 'unreachable',
        code: 'REGISTRY_FAILS',
        problem,
        advice: 'Look at the registry, and run it again.',
      };
    }
    return {
      kind: 'refused',
      code: 'NOT_THE_API',
      problem: `answered ${status} to GET /subjects, without a list`,
      advice: '',
    };
  } catch (error) {
    return unreached(connection, error);
  }
}

function unreached({ timeoutMs, url }: RegistryConnection, error: unknown): Trouble {
  const code = systemCodeOf(error) ?? 'NO_ANSWER';
  // What node's client makes of the signal of a time limit.
  if (error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')) {
    const advice = 'Check registry.url, and whether a firewall is in between.';
    return { kind: 'unreachable', code: 'TIMED_OUT', problem: `no answer within ${timeoutMs / 1_000} s`, advice };
  }
  const tls = url.startsWith('https:') ? tlsAdvice(error, 'registry.tls') : null;
  if (tls !== null) return { kind: 'refused', code, problem: code, advice: tls.text };
  return {
    kind: 'unreachable',
    code,
    problem: code,
    advice: 'Check host and port in registry.url, and that the registry runs.',
  };
}

async function findApi(connection: RegistryConnection): Promise<string | null> {
  const { origin } = new URL(connection.url);
  const found = await Promise.all(
    OTHER_PATHS.map(async path => {
      const url = `${origin}${path}`;
      return (await troubleOf({ ...connection, url })) === null ? url : null;
    }),
  );
  return found.find(url => url !== null) ?? null;
}
