/** `delete`: takes a connection or a mapping off the config topic, and says what is left without it. */

import { type EntryName, keyOf } from '../core/entry-fields.ts';
import type { StoredConfig } from '../core/stored-config.ts';
import type { Clock, ConfigTopic } from '../ports.ts';
import { labelOf, printable } from './apply-file.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { unknownEntry } from './get.ts';
import type { Host } from './host.ts';
import { writeAndReadBack } from './read-back.ts';

export interface DeleteRequest extends EntryName {
  readonly dryRun: boolean;
  readonly timeoutMs: number;
  readonly json: boolean;
}

/** @throws CodedError `ENTRY_UNKNOWN`, `NOT_READ_BACK`, or when Kafka or the registry is away. */
export async function runDelete(
  request: DeleteRequest,
  topic: ConfigTopic,
  clock: Clock,
  host: Host,
): Promise<ExitCode> {
  const { kind, id, dryRun, timeoutMs } = request;
  const before = await topic.read();
  const key = keyOf(request);
  if (!before.entries.has(key) && !before.unreadable.has(key)) throw unknownEntry(request, before);
  const left = mappingsLeft(request, before);
  if (!request.json && left.length > 0) {
    host.err.write(
      `warning: without it nothing is sent for ${left.length === 1 ? 'mapping' : 'mappings'} ${left.map(printable).join(', ')}\n`,
    );
  }
  if (!dryRun) {
    const written = [{ kind, id, fields: null }];
    await writeAndReadBack(topic, clock, { written, before, timeoutMs }, host);
  }
  const end = dryRun ? ' would be deleted (dry run: nothing was written).' : ' deleted.';
  const text = request.json
    ? JSON.stringify({ kind, id, dryRun, deleted: !dryRun, mappingsLeft: left }, null, 2)
    : `- ${labelOf(request)}${end}`;
  host.out.write(`${text}\n`);
  return EXIT.ok;
}

function mappingsLeft({ kind, id }: EntryName, { entries }: StoredConfig): string[] {
  if (kind !== 'connection') return [];
  return [...entries.values()]
    .filter(entry => entry.kind === 'mapping' && entry.fields['connection_id'] === id)
    .map(entry => entry.id)
    .toSorted();
}
