/** What is wrong with the connections, mappings and tokens as they stand on the config topic. */

import { adviceOn } from '../core/config-advice.ts';
import type { Connection, Mapping } from '../core/config-entry.ts';
import { compileFields } from '../core/entry-fields.ts';
import { IDS_DIFFER, type StoredConfig } from '../core/stored-config.ts';
import type { Tokens } from '../ports.ts';
import { type Finding, fine, found, many } from './doctor-findings.ts';

const ENTRIES = 'connections';
const TOKENS = 'tokens';

interface Usable {
  readonly connections: readonly Connection[];
  readonly mappings: readonly Mapping[];
}

/** Contacts nothing: tokens are looked up here. `ignored`: the keys of `config.ignore`. */
export function judgeConnections(
  stored: StoredConfig,
  tokens: Tokens,
  ignored: readonly string[] = [],
): readonly Finding[] {
  const { findings, ...usable } = compileAll(stored, ignored);
  const { connections, mappings } = usable;
  if (stored.entries.size + stored.unreadable.size === 0) {
    const advice = 'Every event is skipped (no_connection) until there is one. Write one: tiktok-sync apply -f FILE';
    return [found(ENTRIES, 'warning', 'NO_CONNECTIONS', 'the config topic has no connections', advice)];
  }
  const told = `${many(connections.length, 'connection')} and ${many(mappings.length, 'mapping')} can be used`;
  return [
    fine(ENTRIES, told),
    ...findings,
    ...strays(stored, usable),
    ...idle(usable),
    ...advices(usable),
    ...judgeTokens(connections, tokens),
  ];
}

function compileAll(
  stored: StoredConfig,
  ignored: readonly string[],
): Usable & { readonly findings: readonly Finding[] } {
  const connections: Connection[] = [];
  const mappings: Mapping[] = [];
  const findings = [...stored.unreadable].map(([key, { problem }]) => {
    return problem === IDS_DIFFER ? unusable(key, problem) : unreadable(key, problem, ignored.includes(key));
  });
  for (const [key, { fields, kind }] of stored.entries) {
    const { entry, problems } = compileFields(kind, fields, 'topic');
    if (entry.kind === 'connection') connections.push(entry.connection);
    else if (entry.kind === 'mapping') mappings.push(entry.mapping);
    else findings.push(unusable(key, problems.map(({ field, message }) => `${field}: ${message}`).join('; ')));
  }
  return { connections, mappings, findings };
}

function unusable(key: string, problem: string): Finding {
  const advice = 'Its events become dead letters. Correct the entry: tiktok-sync get, edit, tiktok-sync apply';
  return found(ENTRIES, 'wrong', 'ENTRY_UNUSABLE', `${key} cannot be used: ${problem}`, advice);
}

/** The last version that could be read lives on only in processes that have seen it. */
function unreadable(key: string, problem: string, isIgnored: boolean): Finding {
  const message = `${key} cannot be read: ${problem}`;
  if (isIgnored) {
    const advice =
      'Its events are not sent: it is listed in config.ignore. Repair it or delete it, and take it off that list.';
    return found(ENTRIES, 'warning', 'ENTRY_IGNORED', message, advice);
  }
  const advice = `A service that starts now waits for it and is not ready (CONFIG_BLOCKED), for every advertiser. Write it anew (tiktok-sync apply), take it away (tiktok-sync delete key ${key}), or list it in config.ignore.`;
  return found(ENTRIES, 'wrong', 'ENTRY_UNREADABLE', message, advice);
}

/** Mappings that point nowhere. */
function strays(stored: StoredConfig, { mappings }: Usable): Finding[] {
  return mappings
    .filter(
      ({ connection_id: id }) => !stored.entries.has(`connection:${id}`) && !stored.unreadable.has(`connection:${id}`),
    )
    .map(({ connection_id: id, mapping_id }) => {
      const message = `mapping:${mapping_id} belongs to connection ${id}, which is not on the config topic`;
      return found(
        ENTRIES,
        'warning',
        'MAPPING_STRAY',
        message,
        'It sends nothing. Apply that connection, or delete the mapping.',
      );
    });
}

/** Connections that send nothing because no mapping is theirs. */
function idle({ connections, mappings }: Usable): Finding[] {
  const served = new Set(mappings.filter(({ enabled }) => enabled).map(({ connection_id }) => connection_id));
  return connections
    .filter(({ connection_id, enabled }) => enabled && !served.has(connection_id))
    .map(({ connection_id }) => {
      const message = `connection:${connection_id} has no enabled mapping`;
      return found(
        ENTRIES,
        'warning',
        'CONNECTION_IDLE',
        message,
        'It sends nothing. Apply a mapping for it, or disable it.',
      );
    });
}

function advices({ connections, mappings }: Usable): Finding[] {
  return adviceOn(connections, mappings).map(({ field, key, message }) => {
    const advice = 'Nothing to do if that is meant. docs/connect.md explains the choices.';
    return found(ENTRIES, 'warning', 'MAPPING_ADVICE', `${key} ${field}: ${message}`, advice);
  });
}

function judgeTokens(connections: readonly Connection[], tokens: Tokens): readonly Finding[] {
  const enabled = connections.filter(connection => connection.enabled);
  const looked = enabled.map(connection => ({
    connection,
    lookup: tokens.lookup(connection.access_token, connection.connection_id),
  }));
  const missing = looked.flatMap(({ connection, lookup }) => {
    if (lookup.kind === 'token') return [];
    const advice =
      'Its events become dead letters (token_missing). Run doctor where the service runs: its tokens.dir, tokens.keyFile and environment count.';
    return [found(TOKENS, 'wrong', 'TOKEN_MISSING', `${connection.connection_id}: ${lookup.problem}`, advice)];
  });
  const there = looked.flatMap(({ connection, lookup }) =>
    lookup.kind === 'token' ? [{ connection, digest: lookup.tokenDigest }] : [],
  );
  const shared = [...Map.groupBy(there, ({ digest }) => digest).values()].flatMap(same => {
    const pixels = new Set(same.map(({ connection }) => connection.pixel_id));
    if (pixels.size < 2) return [];
    const names = same.map(({ connection }) => connection.connection_id).join(', ');
    const advice = 'A token of Events Manager serves one pixel. Make sure that it was not copied by mistake.';
    return [found(TOKENS, 'warning', 'TOKEN_SHARED', `${names} use one token for ${pixels.size} pixels`, advice)];
  });
  const ok =
    there.length > 0
      ? [fine(TOKENS, `${many(there.length, 'token')} found; whether TikTok takes them: tiktok-sync connections list`)]
      : [];
  return [...ok, ...missing, ...shared];
}
