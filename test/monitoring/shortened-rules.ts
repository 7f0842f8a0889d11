/**
 * The chart's rules, in a hurry: every duration divided by one number, so that a test against a real Prometheus sees in
 * seconds what takes minutes in production. Nothing else changes; thresholds in seconds stay what they are.
 */

import type { RuleGroup } from './rule-files.ts';

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000, y: 31_536_000_000 } as const;
const DURATION = String.raw`(?:\d+(?:ms|[smhdwy]))+`;
/** A range `[5m]`, a subquery `[7d:1h]`, and an offset. */
const DURATIONS_OF_EXPRESSION = new RegExp(
  String.raw`(?<=\[|:)${DURATION}(?=\]|:)|(?<=\boffset )${DURATION}|(?<=\[)${DURATION}(?=:)`,
  'g',
);

/** Groups of a rule file with every `for`, `interval`, range, subquery and offset divided by `factor`. */
export function shortened(groups: readonly RuleGroup[], factor: number): readonly RuleGroup[] {
  const short = (duration: string): string => `${Math.max(1, Math.round(milliseconds(duration) / factor))}ms`;
  return groups.map(group => ({
    ...group,
    ...(group.interval === undefined ? {} : { interval: short(group.interval) }),
    rules: group.rules.map(rule => ({
      ...rule,
      expr: rule.expr.replaceAll(DURATIONS_OF_EXPRESSION, short),
      ...(rule.for === undefined ? {} : { for: short(rule.for) }),
    })),
  }));
}

/** A duration as Prometheus writes it, such as `1h30m`, in milliseconds. */
function milliseconds(duration: string): number {
  const parts = [...duration.matchAll(/(\d+)(ms|[smhdwy])/g)];
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNITS[unit as keyof typeof UNITS], 0);
}
