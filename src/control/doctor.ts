/** `doctor`: looks at everything the service needs, side by side, and says in words what is wrong and what to do. */

import { messageOf } from '../core/error-codes.ts';
import type { Clock } from '../ports.ts';
import { printable } from './apply-file.ts';
import { type Finding, found, type Status } from './doctor-findings.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Host } from './host.ts';
import { highlight } from './terminal.ts';

export interface DoctorRequest {
  /** How long each dependency may take. */
  readonly timeoutMs: number;
  /** Whether TikTok is asked about the token of each connection. */
  readonly verifyTokens: boolean;
  readonly json: boolean;
}

/** Looks at one thing. May reject: that is a finding, too. */
export interface Examination {
  readonly check: string;
  readonly look: () => Promise<readonly Finding[]>;
  readonly timeoutMs: number;
}

const MARKS: Readonly<Record<Status, string>> = { ok: '✓', warning: '!', wrong: '✗', unreachable: '✗', skipped: '-' };
const PLAIN_MARKS: Readonly<Record<Status, string>> = {
  ok: 'ok',
  warning: 'warning',
  wrong: 'wrong',
  unreachable: 'unreachable',
  skipped: 'skipped',
};
const PLAIN_WIDTH = 'unreachable'.length;

/** Starts all examinations at once and tells their findings in the order they are given, each as soon as it may. */
export async function runDoctor(
  { json }: Pick<DoctorRequest, 'json'>,
  examinations: readonly Examination[],
  clock: Clock,
  host: Host,
): Promise<ExitCode> {
  const started = examinations.map(examination => examined(examination, clock));
  const findings: Finding[] = [];
  for (const each of started) {
    const more = await each;
    findings.push(...more);
    if (!json) for (const finding of more) host.out.write(`${lineOf(finding, host)}\n`);
  }
  if (json) host.out.write(`${JSON.stringify(findings, null, 2)}\n`);
  else host.out.write(`\n${summary(findings)}\n`);
  return exitCodeOf(findings);
}

/** What is unreachable hides what else may be wrong, so it counts first. */
export function exitCodeOf(findings: readonly Finding[]): ExitCode {
  const has = (status: Status) => findings.some(finding => finding.status === status);
  if (has('unreachable')) return EXIT.unreachable;
  return has('wrong') ? EXIT.foundWrong : EXIT.ok;
}

async function examined({ check, look, timeoutMs }: Examination, clock: Clock): Promise<readonly Finding[]> {
  const { promise: late, resolve } = Promise.withResolvers<readonly Finding[]>();
  const cancel = clock.after(timeoutMs, () => {
    const message = `no end within ${timeoutMs / 1_000} s`;
    resolve([found(check, 'unreachable', 'TIMED_OUT', message, 'Look at what is said above, or raise --timeout.')]);
  });
  const looked = look().catch((error: unknown) => [
    found(check, 'unreachable', 'NOT_EXAMINED', messageOf(error), 'Look at what is said above, and run it again.'),
  ]);
  try {
    return await Promise.race([looked, late]);
  } finally {
    cancel();
  }
}

/** Text from topics and servers is made printable: it must not write to the terminal on its own. */
export function lineOf({ advice, check, code, message, status }: Finding, { out }: Pick<Host, 'out'>): string {
  const word = out.isTerminal ? MARKS[status] : PLAIN_MARKS[status].padEnd(PLAIN_WIDTH);
  const mark = status === 'wrong' || status === 'unreachable' ? highlight(word, out) : word;
  const told = `${mark}  ${check}: ${printable(message)}${status === 'ok' || status === 'skipped' ? '' : ` [${code}]`}`;
  const indent = ' '.repeat((out.isTerminal ? 1 : PLAIN_WIDTH) + 2);
  return advice === null ? told : `${told}\n${indent}→ ${printable(advice)}`;
}

function summary(findings: readonly Finding[]): string {
  const count = (...statuses: readonly Status[]) => findings.filter(({ status }) => statuses.includes(status)).length;
  const bad = count('wrong', 'unreachable');
  const warnings = count('warning');
  const looked = `${findings.length - count('skipped')} looked at`;
  if (bad === 0 && warnings === 0) return `All is well: ${looked}.`;
  const parts = [
    bad === 0 ? 'nothing wrong' : `${bad} wrong`,
    warnings === 1 ? '1 warning' : `${warnings} warnings`,
    looked,
  ];
  return `${parts.join(', ')}.`;
}
