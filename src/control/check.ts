/** `check`: the effective configuration, where each value came from, without secrets. */

import type { Loaded } from '../config.ts';
import type { Option } from '../config-option.ts';
import { ALL_OPTIONS, type Config } from '../config-options.ts';
import { type ConfigProblem, describeProblem } from '../config-problem.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Host } from './host.ts';
import { errorJson, highlight } from './terminal.ts';
import { yamlOutline } from './yaml-outline.ts';

/** What stands where a secret is set. */
export const MASK = '***';

export function printCheck(loaded: Loaded<Config>, host: Host, json: boolean): ExitCode {
  if (json) {
    host.out.write(`${JSON.stringify(loaded.ok ? asJson(loaded) : { problems: loaded.problems }, null, 2)}\n`);
    return loaded.ok ? EXIT.ok : EXIT.invalid;
  }
  if (!loaded.ok) return printProblems(loaded.problems, host);
  host.out.write(effectiveYaml(loaded));
  host.err.write('The configuration is valid.\n');
  return EXIT.ok;
}

/** Every problem, on the message stream; as JSON they have the code of the first. */
export function printProblems(problems: readonly ConfigProblem[], host: Host, json = false): ExitCode {
  const [first] = problems;
  if (json && first !== undefined) {
    host.err.write(errorJson(first.code, problems.map(describeProblem).join('\n')));
    return EXIT.invalid;
  }
  const lines = problems.map(each => describeProblem(each).replace(each.code, highlight(each.code, host.err)));
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  host.err.write(`${lines.join('\n')}\n${count} in the configuration. Every option: config/reference.yaml\n`);
  return EXIT.invalid;
}

type Valid = Extract<Loaded<Config>, { ok: true }>;

function effectiveYaml({ config, provenance }: Valid): string {
  return yamlOutline(
    [...ALL_OPTIONS.values()].map(({ path, option }) => {
      const value = valueAt(config, path);
      const plain = masked(option, value);
      const readable = option.show(value);
      const unit = typeof plain === 'number' && readable !== String(plain) ? `${readable}; ` : '';
      return { path, value: { plain }, above: [], beside: unit + (provenance.get(path) ?? 'default') };
    }),
  );
}

function asJson({ config, provenance }: Valid): unknown {
  const options = [...ALL_OPTIONS.values()].map(({ path, option }) => [
    path,
    { value: masked(option, valueAt(config, path)), from: provenance.get(path) ?? 'default' },
  ]);
  return { options: Object.fromEntries(options) };
}

function masked(option: Option<unknown>, value: unknown): unknown {
  if (value === null || option.secrecy === 'public') return value;
  if (option.secrecy === 'secret') return MASK;
  const url = new URL(String(value));
  if (url.username !== '') url.username = MASK;
  if (url.password !== '') url.password = MASK;
  return url.href;
}

function valueAt(config: Config, path: string): unknown {
  return path.split('.').reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], config);
}
