/** The drill-down: one connection, what its owner and its SRE want to know. */

import { board } from './board.ts';
import { books } from './connection/books.ts';
import { matching } from './connection/matching.ts';
import { state } from './connection/state.ts';
import { linkTo } from './links.ts';
import * as variables from './variables.ts';

export function connection() {
  return board({
    uid: 'tiktok-sync-connection',
    title: 'TikTok conversion sync / Connection',
    description:
      'One advertiser’s connection: does it deliver, what became of its events, how well can TikTok match them?',
    variables: [variables.datasource(), ...variables.scope(), variables.connection()],
    links: [linkTo('tiktok-sync-overview', 'Overview', 'All connections, and what they run on')],
    rows: [state(), books(), matching()],
  });
}
