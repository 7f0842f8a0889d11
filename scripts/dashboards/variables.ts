/** The variables of the boards: where the data is, which installation and replica is meant, and of what. */

import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableHide,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DATASOURCE } from './panels.ts';

const BUILD_INFO = 'tiktok_sync_build_info';
/** Also takes series that do not have the label: not every scrape adds a cluster or a namespace. */
const ANY = '.*';
/** Takes only series that have the label. */
const SOME = '.+';

export function datasource(): DatasourceVariableBuilder {
  return new DatasourceVariableBuilder('datasource')
    .label('Data source')
    .description('The Prometheus that scrapes the service.')
    .type('prometheus');
}

/** Each is chosen among what those before it leave; all of them together by default. */
export function scope(): readonly QueryVariableBuilder[] {
  const cluster = many('cluster', 'Cluster', BUILD_INFO, ANY)
    .hide(VariableHide.HideVariable)
    .description('Hidden, since few scrapes add it: ?var-cluster=NAME in the address chooses one.');
  const namespace = many('namespace', 'Namespace', `${BUILD_INFO}{cluster=~"$cluster"}`, ANY);
  const job = many('job', 'Job', `${BUILD_INFO}{cluster=~"$cluster",namespace=~"$namespace"}`, SOME);
  const instance = many('instance', 'Instance', `${BUILD_INFO}{${installation()}}`, SOME);
  return [cluster, namespace, job, instance];
}

export function topic(): QueryVariableBuilder {
  return many('topic', 'Topic', `tiktok_sync_records_consumed_total{${replicas()}}`, SOME).description(
    'Narrows what is told by topic.',
  );
}

export function connections(): QueryVariableBuilder {
  return many('connection', 'Connection', `tiktok_sync_connection_state{${replicas()}}`, SOME).description(
    'Narrows what is told by connection.',
  );
}

/** Exactly one. */
export function connection(): QueryVariableBuilder {
  return chosen('connection', 'Connection', `tiktok_sync_connection_state{${replicas()}}`).description(
    'Whose events are shown; `other` stands for the connections beyond the limit of labels.',
  );
}

function installation(): string {
  return 'cluster=~"$cluster",namespace=~"$namespace",job=~"$job"';
}

function replicas(): string {
  return `${installation()},instance=~"$instance"`;
}

function chosen(name: string, label: string, selector: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query(`label_values(${selector}, ${name})`)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc);
}

function many(name: string, label: string, selector: string, all: string): QueryVariableBuilder {
  return chosen(name, label, selector)
    .multi(true)
    .includeAll(true)
    .allValue(all)
    .current({ selected: true, text: ['All'], value: ['$__all'] });
}
