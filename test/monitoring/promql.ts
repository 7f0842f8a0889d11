/** What a PromQL expression asks for: its selectors, each with the metric's name and its label matchers. */

import { parser } from '@prometheus-io/lezer-promql';

export interface Selector {
  /** Null where a selector names none. */
  readonly metric: string | null;
  readonly matchers: readonly Matcher[];
}

export interface Matcher {
  readonly label: string;
  readonly operator: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

/** Grafana's own variables stand for a duration or a number; a parser wants one. */
const VARIABLE = /\$\{?__(?:rate_interval|interval|range)\}?/g;

/**
 * The selectors of an expression, in order. Dashboard variables in quotes stay as they are (`$connection`).
 * @throws Error where it is no PromQL
 */
export function selectorsOf(expression: string): Selector[] {
  const text = expression.replaceAll(VARIABLE, '5m');
  const selectors: { metric: string | null; matchers: Matcher[] }[] = [];
  parser.parse(text).iterate({
    enter({ name, from, to, node, type }) {
      if (type.isError) throw new Error(`no PromQL at character ${from}: ${expression}`);
      const part = text.slice(from, to);
      if (name === 'VectorSelector') selectors.push({ metric: null, matchers: [] });
      const selector = selectors.at(-1);
      if (selector === undefined) return;
      if (name === 'Identifier' && node.parent?.name === 'VectorSelector') selector.metric = part;
      if (name === 'UnquotedLabelMatcher') selector.matchers.push(matcherOf(part));
    },
  });
  return selectors;
}

/** The names of all metrics that an expression asks for. */
export function metricsOf(expression: string): string[] {
  return [...new Set(selectorsOf(expression).flatMap(({ metric }) => (metric === null ? [] : [metric])))];
}

function matcherOf(text: string): Matcher {
  const [, label, operator, quoted] = /^(\w+)\s*(=~|!~|!=|=)\s*(.*)$/s.exec(text) ?? [];
  if (label === undefined || quoted === undefined) throw new Error(`no label matcher: ${text}`);
  const value = quoted.startsWith('`') ? quoted.slice(1, -1) : quoted.slice(1, -1).replaceAll(/\\(.)/g, '$1');
  return { label, operator: operator as Matcher['operator'], value };
}
