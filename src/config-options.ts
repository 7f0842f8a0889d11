/**
 * Every option, declared once: kind, default, bounds, their reason, environment name, flag. `config/reference.yaml`,
 * `config/schema.json` and `docs/configuration.md` are generated from this. The sections stand in files of their own.
 *
 * Names carry their unit (`…Ms`, `…Bytes`, `…Count`, `…Ratio`) and never repeat their section.
 */

import { DEDUP, EVENTS, WINDOW } from './config-event-options.ts';
import { KAFKA } from './config-kafka-options.ts';
import { HTTP, LOG, METRICS, SHUTDOWN, WATCHDOG } from './config-operation-options.ts';
import { Option } from './config-option.ts';
import { REDIS } from './config-redis-options.ts';
import { REDRIVE } from './config-redrive-options.ts';
import { REGISTRY } from './config-registry-options.ts';
import { DELIVERY, TIKTOK, TOKENS } from './config-tiktok-options.ts';
import { CONFIG, TOPICS } from './config-topic-options.ts';

/** The sections, in the order of the reference; an option may derive its default from earlier ones only. */
export const OPTIONS = {
  kafka: KAFKA,
  topics: TOPICS,
  registry: REGISTRY,
  redis: REDIS,
  dedup: DEDUP,
  window: WINDOW,
  events: EVENTS,
  delivery: DELIVERY,
  tiktok: TIKTOK,
  tokens: TOKENS,
  redrive: REDRIVE,
  config: CONFIG,
  http: HTTP,
  shutdown: SHUTDOWN,
  watchdog: WATCHDOG,
  log: LOG,
  metrics: METRICS,
};

/** An option's compiled type, or a section of them. No field is optional; what may be absent is null. */
type Compiled<Node> = Node extends Option<infer Value> ? Value : { readonly [Key in keyof Node]: Compiled<Node[Key]> };

/** The whole configuration, checked, with every default filled in, deeply frozen. */
export type Config = Compiled<typeof OPTIONS>;

/** A section or an option of the declaration. */
export type OptionTree = { readonly [key: string]: OptionTree | Option<unknown> };

/** An option with the names it goes by. */
export interface NamedOption {
  /** `kafka.sessionTimeoutMs` */
  readonly path: string;
  /** `TIKTOK_SYNC_KAFKA_SESSION_TIMEOUT_MS` */
  readonly env: string;
  readonly option: Option<unknown>;
}

export const ENV_PREFIX = 'TIKTOK_SYNC_';

/** The declaration as a tree whose leaves' types are erased. */
export const OPTION_TREE: OptionTree = OPTIONS;

/** Every option, in the order of the declaration, by its path. */
export const ALL_OPTIONS: ReadonlyMap<string, NamedOption> = new Map(
  [...leaves(OPTION_TREE, '')].map(([path, option]) => [path, { path, env: environmentName(path, option), option }]),
);

function* leaves(tree: OptionTree, prefix: string): Generator<[string, Option<unknown>]> {
  for (const [key, node] of Object.entries(tree)) {
    if (node instanceof Option) yield [prefix + key, node];
    else yield* leaves(node, `${prefix}${key}.`);
  }
}

function environmentName(path: string, option: Option<unknown>): string {
  const upper = path
    .replaceAll('.', '_')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toUpperCase();
  return ENV_PREFIX + (option.env ?? upper);
}
