/** `delete`: takes a connection or a mapping off the config topic, and says what is left without it. */

import type { EntryKind } from '../core/entry-fields.ts';
import type { StoredConfig } from '../core/stored-config.ts';
import type { Clock, ConfigTopic } from '../ports.ts';
import { printable } from './apply-file.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { unknownEntry } from './get.ts';
import type { Host } from './host.ts';
import { writeAndReadBack } from './read-back.ts';
import { TimeLimit } from './time-limit.ts';

export interface DeleteRequest {
  /** `key`: the id is a whole key, as it stands on the topic. */
  readonly kind: EntryKind | 'key';
  readonly id: string;
  readonly dryRun: boolean;
  readonly timeoutMs: number;
  readonly json: boolean;
}

export interface DeleteParts {
  readonly clock: Clock;
  /** Connects for as long as `use` takes. */
  readonly withTopic: <T>(use: (topic: ConfigTopic) => Promise<T>) => Promise<T>;
}

/** @throws CodedError `ENTRY_UNKNOWN`, `NOT_READ_BACK`, or when Kafka or the registry is away. */
export function runDelete(request: DeleteRequest, { clock, withTopic }: DeleteParts, host: Host): Promise<ExitCode> {
  const limit = new TimeLimit(clock, request.timeoutMs);
  let isRead = false;
  const deleted = withTopic(async topic => {
    const before = await topic.read();
    isRead = true;
    return deleteFrom({ topic, clock, limit, before }, request, host);
  });
  return limit.hold(deleted, 'Nothing was deleted.', () => isRead);
}

interface Deletion {
  readonly topic: ConfigTopic;
  readonly clock: Clock;
  readonly limit: TimeLimit;
  readonly before: StoredConfig;
}

async function deleteFrom(
  { before, clock, limit, topic }: Deletion,
  request: DeleteRequest,
  host: Host,
): Promise<ExitCode> {
  const { kind, id, dryRun } = request;
  const key = kind === 'key' ? id : `${kind}:${id}`;
  if (!before.entries.has(key) && !before.unreadable.has(key)) throw unknownEntry(kind, id, before);
  const left = mappingsLeft(key, before);
  if (!request.json && left.length > 0) {
    host.err.write(
      `warning: without it nothing is sent for ${left.length === 1 ? 'mapping' : 'mappings'} ${left.map(printable).join(', ')}\n`,
    );
  }
  if (!dryRun) {
    const written = [{ key, record: null }];
    await writeAndReadBack(topic, clock, { written, before, limit }, host);
  }
  const end = dryRun ? ' would be deleted (dry run: nothing was written).' : ' deleted.';
  const text = request.json
    ? JSON.stringify({ kind, id, dry_run: dryRun, deleted: !dryRun, mappings_left: left }, null, 2)
    : `- ${kind} ${printable(id)}${end}`;
  host.out.write(`${text}\n`);
  return EXIT.ok;
}

function mappingsLeft(key: string, { entries }: StoredConfig): string[] {
  return [...entries.values()]
    .filter(({ kind, fields }) => kind === 'mapping' && `connection:${fields['connection_id']}` === key)
    .map(entry => entry.id)
    .toSorted();
}
