/** The chart's rule files, and what they hold; and promtool, which knows whether they are any good. */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { requirePromtool } from '../../sandbox/prerequisites.ts';
import { ROOT } from '../../scripts/documents.ts';

export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** One with its name and what every alert must have. */
export interface Alert extends Rule {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface RuleGroup {
  readonly name: string;
  readonly interval?: string;
  readonly rules: readonly Rule[];
}

const FOLDER = new URL('helm/files/rules/', ROOT);

/** Names of the rule files. */
export const RULE_FILES: readonly string[] = readdirSync(FOLDER).filter(name => name.endsWith('.yaml'));

/** Where a rule file is. */
export const ruleFile = (name: string): string => fileURLToPath(new URL(name, FOLDER));

/** Its groups. */
export function groupsOf(name: string): readonly RuleGroup[] {
  return (parse(readFileSync(ruleFile(name), 'utf8')) as { readonly groups: readonly RuleGroup[] }).groups;
}

/** Every alerting rule of every file; two may share a name. */
export function allAlerts(): readonly Alert[] {
  const rules = RULE_FILES.flatMap(groupsOf).flatMap(({ rules }) => rules);
  return rules.flatMap(rule =>
    rule.alert === undefined ? [] : [{ labels: {}, annotations: {}, ...rule, alert: rule.alert }],
  );
}

/** Runs promtool to its end. What it found wrong is in `printed`. */
export function promtool(...args: readonly string[]): { readonly ok: boolean; readonly printed: string } {
  const { status, stdout, stderr } = spawnSync(requirePromtool(console.log), args, { encoding: 'utf8' });
  return { ok: status === 0, printed: stdout + stderr };
}
