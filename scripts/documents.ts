/**
 * Every generated file, and every generated block of a file written by hand, as they should be now. `generate.ts`
 * writes them, `test/docs/generated.test.ts` compares. A block stands between `<!-- generated:NAME -->` and
 * `<!-- /generated:NAME -->`.
 */

import { readdirSync, readFileSync } from 'node:fs';
import {
  AREAS,
  METRIC_PREFIX,
  METRICS,
  type MetricDefinition,
  type MetricName,
} from '../src/adapters/metric-catalogue.ts';
import { ALL_OPTIONS } from '../src/config-options.ts';
import { EXIT_CODE_HELP, exitCodeOf } from '../src/control/exit-codes.ts';
import { configurationMarkdown, jsonSchema, referenceYaml } from '../src/control/reference.ts';
import { ERROR_CODES, type ErrorCode } from '../src/core/error-codes.ts';
import {
  DEAD_LETTER_REASONS,
  DELIVERED_REASONS,
  DUPLICATE_REASONS,
  SKIP_REASONS,
  STAGE_OF,
  STAGES,
} from '../src/core/outcome.ts';
import { codeTable, statusTable, transportTable } from './answer-tables.ts';
import { chartDocuments, valueTables } from './chart-documents.ts';
import { dashboardFiles } from './dashboards/dashboards.ts';
import { fileMap } from './file-map.ts';
import { fileBlock, goldenFileTable, goldenRecordBlock, reasonsOfOthers } from './producer-pages.ts';
import { DEAD_LETTER_TEXTS, QUIET_REASONS } from './reason-texts.ts';
import { RUNTIME_METRICS } from './runtime-metrics.ts';
import { fillTable, growthTable, requestTable, seriesTable } from './scaling-tables.ts';
import { schemaChangeTable } from './schema-change-table.ts';
import { fieldNames, fieldTable } from './schema-tables.ts';

export const ROOT = new URL('../', import.meta.url);

/** Options that most installations look at. */
const MAIN_OPTIONS = [
  'kafka.brokers',
  'registry.url',
  'redis.url',
  'kafka.groupId',
  'kafka.startFrom',
  'window.sizeMs',
  'window.maxBufferedEventsCount',
  'window.maxBufferedBytes',
  'dedup.onUnavailable',
  'tokens.dir',
  'tokens.keyFile',
  'http.port',
  'shutdown.deadlineMs',
] as const;

/** Metrics to begin a dashboard with. */
const MAIN_METRICS: readonly MetricName[] = [
  'oldest_unsettled_record_timestamp_seconds',
  'consumer_lag_records',
  'events_total',
  'dlq_records_total',
  'connection_state',
  'api_verdicts_total',
  'consumer_paused_partitions',
  'window_buffer_events',
  'settlement_failures_total',
  'redis_up',
];

const BLOCKS: Readonly<Record<string, () => string>> = {
  outcomes: outcomeTable,
  'error-codes': errorCodeTable,
  'exit-codes': exitCodeTable,
  options: optionTable,
  metrics: mainMetricTable,
  'file-map': fileMap,
  'chart-values': valueTables,
  'dead-letters': deadLetterTable,
  'scaling-fill': fillTable,
  'scaling-requests': requestTable,
  'scaling-growth': () => growthTable(readFileSync(new URL('README.md', ROOT), 'utf8')),
  'scaling-series': seriesTable,
  'producer-reasons': producerReasonTable,
  'tiktok-codes': codeTable,
  'http-statuses': statusTable,
  'transport-errors': transportTable,
  'fields-conversion-created': () => fieldTable('conversion-created'),
  'fields-revenue-updated': () => fieldTable('revenue-updated', fieldNames('conversion-created')),
  'fields-connection': () => fieldTable('connection'),
  'schema-changes': schemaChangeTable,
  'example-typescript': () => fileBlock('examples/producers/typescript/conversion-producer.ts', 'ts'),
  'example-java': () => fileBlock('examples/producers/java/src/main/java/example/ConversionProducer.java', 'java'),
  'example-python': () => fileBlock('examples/producers/python/conversion_producer.py', 'python'),
  'golden-files': goldenFileTable,
  'golden-record': goldenRecordBlock,
  'reasons-of-others': reasonsOfOthers,
  'fields-mapping': () => fieldTable('mapping'),
};

/** Text by path, from the root of the project. */
export function documents(): ReadonlyMap<string, string> {
  const pages = readdirSync(new URL('docs', ROOT)).filter(name => name.endsWith('.md'));
  const written = ['README.md', 'helm/README.md', ...pages.map(name => `docs/${name}`)].map(
    path => [path, withBlocks(path)] as const,
  );
  return new Map([
    ...written,
    ['config/reference.yaml', referenceYaml()],
    ['config/schema.json', jsonSchema()],
    ['docs/configuration.md', configurationMarkdown()],
    ['docs/metrics.md', metricsMarkdown()],
    ...dashboardFiles(),
    ...chartDocuments(),
  ]);
}

function withBlocks(path: string): string {
  return fillBlocks(readFileSync(new URL(path, ROOT), 'utf8'), BLOCKS);
}

/** @throws Error for a block nobody can write, or one without an end. */
export function fillBlocks(text: string, blocks: Readonly<Record<string, () => string>>): string {
  return text.replaceAll(/<!-- generated:([\w-]+) -->(?:[\s\S]*?(<!-- \/generated:\1 -->))?/g, (_, name, end) => {
    const write = blocks[name];
    if (write === undefined) throw new Error(`nothing writes the block ${name}`);
    if (end === undefined) throw new Error(`the block ${name} has no end`);
    return `<!-- generated:${name} -->\n${write()}\n${end}`;
  });
}

function outcomeTable(): string {
  const quiet = [
    ['delivered', DELIVERED_REASONS],
    ['duplicate', DUPLICATE_REASONS],
    ['skipped', SKIP_REASONS],
  ] as const;
  const rows = quiet.flatMap(([outcome, reasons]) =>
    reasons.map(reason => `| \`${outcome}\` | \`${reason}\` | ${QUIET_REASONS[reason]} |`),
  );
  const letters = STAGES.map(stage => {
    const reasons = DEAD_LETTER_REASONS.filter(reason => STAGE_OF[reason] === stage);
    return `| \`dead_lettered\` | ${reasons.map(code).join(', ')} | Stage \`${stage}\`. |`;
  });
  const handedOver =
    '| `handed_over` | `rebalance`, `shutdown` | Given back uncommitted; its next owner reads it again. |';
  return ['| outcome | reason | meaning |', '|---|---|---|', ...rows, ...letters, handedOver].join('\n');
}

function errorCodeTable(): string {
  const rows = Object.entries(ERROR_CODES).map(([name, meaning]) => {
    return `| \`${name}\` | ${exitCodeOf(name as ErrorCode)} | ${meaning} |`;
  });
  return ['| code | exit code | what it means, and what to do |', '|---|---|---|', ...rows].join('\n');
}

function exitCodeTable(): string {
  const rows = [...EXIT_CODE_HELP.matchAll(/^ {2}(\d+) +(.*)$/gm)].map(
    ([, exit, meaning]) => `| ${exit} | ${meaning} |`,
  );
  return ['| exit code | meaning |', '|---|---|', ...rows].join('\n');
}

function optionTable(): string {
  const rows = MAIN_OPTIONS.map(path => {
    const named = ALL_OPTIONS.get(path);
    if (named === undefined) throw new Error(`there is no option ${path}`);
    const { env, option } = named;
    const fallback = option.fallback.kind === 'value' ? code(option.show(option.fallback.value)) : '**required**';
    return `| \`${path}\` | \`${env}\` | ${fallback} | ${option.describe} |`;
  });
  return ['| option | environment | default | what it does |', '|---|---|---|---|', ...rows].join('\n');
}

function mainMetricTable(): string {
  const rows = MAIN_METRICS.map(name => `| \`${METRIC_PREFIX}${name}\` | ${METRICS[name].help} |`);
  return ['| metric | meaning |', '|---|---|', ...rows].join('\n');
}

function deadLetterTable(): string {
  const rows = DEAD_LETTER_REASONS.map(reason => {
    const { happened, who, remedy } = DEAD_LETTER_TEXTS[reason];
    return `| \`${reason}\` | ${STAGE_OF[reason]} | ${happened} | ${who} | ${remedy} |`;
  });
  return ['| reason | stage | what happened | who acts | how |', '|---|---|---|---|---|', ...rows].join('\n');
}

function producerReasonTable(): string {
  const reasons = DEAD_LETTER_REASONS.filter(reason => DEAD_LETTER_TEXTS[reason].who === 'producer');
  const rows = reasons.map(reason => {
    const { happened, remedy } = DEAD_LETTER_TEXTS[reason];
    return `| \`${reason}\` | ${happened} | ${remedy} |`;
  });
  return ['| reason | what happened | what to do |', '|---|---|---|', ...rows].join('\n');
}

function metricsMarkdown(): string {
  return `# Metrics

<!-- Generated by \`npm run generate\` from src/adapters/metric-catalogue.ts; do not edit. -->

Text format 0.0.4, on \`/metrics\`. Labels come from closed lists, which the series begin with at 0 so that the first failure is
an increase; only \`connection\`, \`topic\` and \`partition\` depend on the installation. A moment (\`…_timestamp_seconds\`) has no
series before it has come, so that its age is never counted from 1970.

## What adds up

Per process life and connection: \`connection_events_consumed_total\` = the sum of \`connection_events_total\` over its
outcomes + \`connection_events_in_flight\`. A record that makes no event counts as one, under the connection \`none\`.
Connections beyond \`metrics.maxLabelledConnectionsCount\` share the label \`other\`; with
\`metrics.perConnection: false\` all of them do, and the equation holds for it. Gauges of what is true of one connection
(\`connection_token_valid\`, \`connection_request_rate\`) have no series \`other\`; the state sets count the connections in each state.

## Which lag to watch

| question | expression |
|---|---|
| how long records take to be settled | \`time() - ${METRIC_PREFIX}oldest_unsettled_record_timestamp_seconds\`: up to a window while all is well; no series while nothing waits |
| how late TikTok hears of what happened | \`time() - ${METRIC_PREFIX}oldest_unsent_event_timestamp_seconds\`: with what producers took on top |
| how much has not been read | \`${METRIC_PREFIX}consumer_position_lag_records\` |
| what a restart would read again | \`${METRIC_PREFIX}consumer_lag_records\`: a sawtooth as high as rate × window while all is well; no threshold fits it |
| how old the configuration may be | \`time() - ${METRIC_PREFIX}config_last_contact_timestamp_seconds\`; \`${METRIC_PREFIX}config_applied_offset\` is the same on all replicas that have read the same |
${catalogueTables()}

## Node.js and the process

The metrics client's own, on Linux.

| metric | type | meaning |
|---|---|---|
${Object.entries(RUNTIME_METRICS)
  .map(([name, [type, help]]) => `| \`${METRIC_PREFIX}${name}\` | ${type} | ${help} |`)
  .join('\n')}

## Not measured, and why

* Late events: windows are of processing time, so no event is late for its window. What is too old for TikTok is a dead letter
  (\`too_old\`), and \`ingest_delay_seconds\` shows what came late.
* Clock skew: an event time ahead of the clock by more than \`events.maxFutureMs\` is a dead letter (\`in_future\`); less counts as age 0.
* Native histograms and exemplars: the client has no native ones, and exemplars need OpenMetrics, which spoils the names of
  counters where one process answers both formats. A server can store these as native histograms with custom buckets.
* CPU throttling and the container's memory limit: the platform measures both (cAdvisor, kube-state-metrics). What the heap may
  take, which the chart derives from that limit, is \`heap_limit_bytes\`.
* Pixels, event ids, TikTok's texts: never labels. \`/status\` and the sync log have them.
`;
}

/** A heading and a table for each area of the catalogue. */
function catalogueTables(): string {
  const lines = Object.entries<MetricDefinition>(METRICS).flatMap(([name, { type, labels, help }]) => {
    const area = AREAS[name as MetricName];
    const head =
      area === undefined ? [] : ['', `## ${area}`, '', '| metric | type | labels | meaning |', '|---|---|---|---|'];
    return [...head, `| \`${METRIC_PREFIX}${name}\` | ${type} | ${labels.map(code).join(', ')} | ${help} |`];
  });
  return lines.join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}
