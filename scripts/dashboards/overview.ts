/** The overview: ten rows, from "is the promise kept?" down to the processes. */

import { board } from './board.ts';
import { linkTo } from './links.ts';
import { claims } from './overview/claims.ts';
import { configTopic } from './overview/config-topic.ts';
import { connections } from './overview/connections.ts';
import { deadLetters } from './overview/dead-letters.ts';
import { flow } from './overview/flow.ts';
import { kafka } from './overview/kafka.ts';
import { processes } from './overview/processes.ts';
import { promise } from './overview/promise.ts';
import { tiktokApi } from './overview/tiktok-api.ts';
import { windows } from './overview/windows.ts';
import * as variables from './variables.ts';

export function overview() {
  return board({
    uid: 'tiktok-sync-overview',
    title: 'TikTok conversion sync / Overview',
    description:
      'Are conversions reaching TikTok in time, and if not, where are they held up? Read from the top; docs/dashboards.md says what each row answers.',
    variables: [variables.datasource(), ...variables.scope(), variables.topic(), variables.connections()],
    links: [linkTo('tiktok-sync-connection', 'One connection', 'The same for one advertiser’s connection')],
    rows: [
      promise(),
      flow(),
      kafka(),
      windows(),
      tiktokApi(),
      connections(),
      claims(),
      configTopic(),
      deadLetters(),
      processes(),
    ],
  });
}
