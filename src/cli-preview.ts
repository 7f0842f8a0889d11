/** `tiktok-sync preview` on the command line. */

import type { Command } from 'commander';
import { type Action, addConfigFlags, type End, type Given, sectionsOrThrow } from './cli-configuration.ts';
import type { BuildSections } from './config-build-options.ts';
import type { Host } from './control/host.ts';
import type { PreviewRequest } from './control/preview.ts';
import type { PreviewEntries } from './control/preview-entries.ts';
import { CodedError } from './core/error-codes.ts';

export type RunPreview = Action<PreviewRequest, BuildSections>;

export function addPreview(program: Command, host: Host, runPreview: RunPreview, end: End): void {
  const preview = program
    .command('preview')
    .description('Print the exact request that an event would make, or say why nothing would be sent. Needs no server.')
    .requiredOption('--event <file>', 'JSON of a ConversionCreated or RevenueUpdated')
    .option('-f, --file <file>', 'connections and mappings as apply takes them')
    .option('--connection <file>', 'without --file: JSON of a Connection; its token is not looked up')
    .option('--mapping <id|file>', 'with --file: which of its mappings; without: JSON of a Mapping')
    .option('--now <time>', 'take this for the present (ISO 8601 or epoch milliseconds)')
    .option('--json', 'print {"request": …} or {"refused": {"code", "reason"}}');
  addConfigFlags(preview).action(async (given: Given) => {
    const options = sectionsOrThrow(['events', 'tiktok'], given, host);
    end(await runPreview(previewRequest(given, host), options, host));
  });
  preview.addHelpText(
    'after',
    `
Name the file that is meant for apply, and one of its mappings if it has several; or a JSON file of each, where a
mapping without a trigger matches the event. Fields have the names of the Avro schemas in schemas/. Absent ones take the
schema's default; times are ISO 8601 or epoch milliseconds, decimals are numbers or strings. What is left out or corrected, and advice on connection,
mapping and event name, is told on the message stream; with --json it is in the answer too (notes, warnings).
A consent of another spelling than the schema's is refused.

Examples:
  $ tiktok-sync preview --event event.json -f connections.yaml --mapping acme-lead
  $ tiktok-sync preview --event event.json --connection connection.json --mapping mapping.json
  $ tiktok-sync preview --event e.json --connection c.json --mapping m.json --now 2026-11-22T12:00:00Z --json

Exit codes: 0 a request was printed, 2 a file cannot be read or the mapping is not in it, 3 nothing would be sent.`,
  );
}

function previewRequest(given: Given, host: Host): PreviewRequest {
  const { event, now, json } = given;
  return {
    event: String(event),
    entries: entriesOf(given),
    now: typeof now === 'string' ? parseTime(now) : host.now(),
    json: json === true,
  };
}

function entriesOf({ connection, file, mapping }: Given): PreviewEntries {
  const id = typeof mapping === 'string' ? mapping : null;
  if (typeof file === 'string' && connection === undefined) return { file, mapping: id };
  if (file === undefined && typeof connection === 'string' && id !== null) return { connection, mapping: id };
  const message = 'name a file for apply (-f FILE, with --mapping ID), or --connection FILE and --mapping FILE';
  throw new CodedError('USAGE', message);
}

function parseTime(text: string): number {
  const at = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isNaN(at)) throw new CodedError('USAGE', `--now "${text}" is neither ISO 8601 nor epoch milliseconds`);
  return at;
}
