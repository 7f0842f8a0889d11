/**
 * `apply`: a file of connections and mappings is checked as a whole, compared with the config topic, and what differs
 * is written and read back.
 */

import type { ConfigSchemas } from '../core/decode-config.ts';
import { keyOf } from '../core/entry-fields.ts';
import { CodedError } from '../core/error-codes.ts';
import type { StoredConfig } from '../core/stored-config.ts';
import type { Clock, ConfigTopic } from '../ports.ts';
import { type ConfigFile, type Remark, readConfigFile } from './apply-file.ts';
import { inFileOrder, type Plan, type PlannedChange, planApply } from './apply-plan.ts';
import { changeLines, counted, remarkLine } from './change-report.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { type Host, readGiven } from './host.ts';
import { writeAndReadBack } from './read-back.ts';
import { highlight } from './terminal.ts';
import { TimeLimit } from './time-limit.ts';

export interface ApplyRequest {
  /** A path; `-` is standard input. */
  readonly file: string;
  readonly dryRun: boolean;
  /** Whether a warning keeps everything from being written. */
  readonly strict: boolean;
  readonly timeoutMs: number;
  readonly json: boolean;
}

export interface ApplyParts {
  readonly schemas: ConfigSchemas;
  readonly clock: Clock;
  /** Connects for as long as `use` takes. */
  readonly withTopic: <T>(use: (topic: ConfigTopic) => Promise<T>) => Promise<T>;
}

const NOTHING_STORED: StoredConfig = { entries: new Map(), unreadable: new Map() };

/**
 * Writes nothing unless the whole file is right.
 * @throws CodedError when the file cannot be read, Kafka or the registry is away, or what was written is not read back.
 */
export async function runApply(request: ApplyRequest, parts: ApplyParts, host: Host): Promise<ExitCode> {
  const file = readConfigFile(await readGiven(request.file === '-' ? null : request.file, host), parts.schemas);
  const report = new ApplyReport(request, host);
  // What is wrong with the file is said without asking Kafka, the rules among its own entries included.
  if (file.problems.length > 0) return report.refused({ changes: [], problems: allProblems(file), warnings: [] });
  const limit = new TimeLimit(parts.clock, request.timeoutMs);
  let isRead = false;
  const applied = parts.withTopic(async topic => {
    const stored = await topic.read();
    isRead = true;
    refuseWrongRegistry(stored);
    const plan = planApply(file.entries, stored);
    if (plan.problems.length > 0 || (request.strict && plan.warnings.length > 0)) return report.refused(plan);
    report.planned(plan);
    const changes = plan.changes.filter(({ change }) => change !== 'unchanged');
    if (!request.dryRun && changes.length > 0) {
      const written = changes.map(change => ({
        key: keyOf(change),
        record: { kind: change.kind, fields: change.wanted },
      }));
      await writeAndReadBack(topic, parts.clock, { written, before: stored, limit }, host);
    }
    return report.done(plan);
  });
  return limit.hold(applied, 'Nothing was written.', () => isRead);
}

function allProblems({ entries, problems }: ConfigFile): readonly Remark[] {
  return inFileOrder([...problems, ...planApply(entries, NOTHING_STORED).problems]);
}

/** Everything would be taken for unreadable, and be replaced by entries that nobody else can read. */
function refuseWrongRegistry({ entries, unreadable }: StoredConfig): void {
  const unknown = [...unreadable].find(([, { problem }]) => problem.startsWith('schema_unknown'));
  if (entries.size > 0 || unknown === undefined) return;
  const [key, { problem }] = unknown;
  const message = `No entry of the topic can be read (${key}: ${problem}). Is registry.url the right one? If it is, delete the entry first.`;
  throw new CodedError('DEPENDENCY_UNREACHABLE', message);
}

class ApplyReport {
  readonly #request: ApplyRequest;
  readonly #host: Host;
  readonly #file: string;

  constructor(request: ApplyRequest, host: Host) {
    this.#request = request;
    this.#host = host;
    this.#file = request.file === '-' ? 'standard input' : request.file;
  }

  refused(plan: Plan): ExitCode {
    const { problems, warnings } = plan;
    if (this.#request.json) this.#json(plan, false);
    else {
      this.#warn(warnings);
      for (const problem of problems) this.#host.err.write(`${remarkLine(this.#file, problem)}\n`);
      const strict = problems.length === 0 ? ' (--strict)' : '';
      const what = problems.length === 0 ? counted(warnings.length, 'warning') : counted(problems.length, 'problem');
      const code = highlight('INPUT_INVALID', this.#host.err);
      this.#host.err.write(`${code}  ${what} in ${this.#file}${strict}. Nothing was written.\n`);
    }
    return EXIT.invalid;
  }

  /** Shown before anything is written. */
  planned({ changes, warnings }: Plan): void {
    if (this.#request.json) return;
    this.#warn(warnings);
    for (const line of changes.flatMap(changeLines)) this.#host.out.write(`${line}\n`);
  }

  done(plan: Plan): ExitCode {
    const { added, changed, unchanged } = countsOf(plan.changes);
    const end = this.#request.dryRun ? ' (dry run: nothing was written)' : '';
    if (this.#request.json) this.#json(plan, !this.#request.dryRun && added + changed > 0);
    else this.#host.out.write(`${added} added, ${changed} changed, ${unchanged} unchanged${end}.\n`);
    return EXIT.ok;
  }

  #warn(warnings: readonly Remark[]): void {
    for (const warning of warnings) this.#host.err.write(`warning: ${remarkLine(this.#file, warning)}\n`);
  }

  #json({ changes, problems, warnings }: Plan, written: boolean): void {
    const entries = changes.map(({ wanted: _wanted, ...change }) => change);
    const report = {
      file: this.#file,
      dry_run: this.#request.dryRun,
      written,
      ...countsOf(changes),
      entries,
      problems,
      warnings,
    };
    this.#host.out.write(`${JSON.stringify(report, null, 2)}\n`);
  }
}

function countsOf(changes: readonly PlannedChange[]) {
  const count = (...kinds: readonly string[]) => changes.filter(({ change }) => kinds.includes(change)).length;
  return { added: count('added'), changed: count('changed', 'replaced'), unchanged: count('unchanged') };
}
