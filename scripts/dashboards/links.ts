/** Links between the boards: which installation is meant is taken along, a choice of topics or connections is not. */

import { DashboardLinkBuilder, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard';

const TAKEN_ALONG = ['datasource', 'cluster', 'namespace', 'job', 'instance'];

/** The address of a board within the same Grafana, with further parameters. */
export function addressOf(uid: string, further: readonly string[] = []): string {
  const chosen = TAKEN_ALONG.map(name => filledIn(`${name}:queryparam`));
  return `/d/${uid}?${[...chosen, ...further].join('&')}`;
}

/** What Grafana fills in when a link is followed. */
export function filledIn(expression: string): string {
  return `\${${expression}}`;
}

/** A link in the head of a board to another; the time shown is taken along, too. */
export function linkTo(uid: string, title: string, tooltip: string): DashboardLinkBuilder {
  return new DashboardLinkBuilder(title)
    .type(DashboardLinkType.Link)
    .icon('dashboard')
    .url(addressOf(uid))
    .tooltip(tooltip)
    .keepTime(true);
}
