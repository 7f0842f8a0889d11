import { expect, it } from 'vitest';
import { connectionOf } from '../core/business-events.ts';
import { coded, timeout } from '../fakes/scripted-events-api.ts';
import { setUpLanes } from './lanes.ts';

it.each([
  ['TikTok is out', () => coded(50000)],
  ['TikTok does not answer', timeout],
  ['there are too many requests', () => coded(40100)],
])(
  'a new token is used by the very next attempt, also of events that have been tried before: %s',
  async (_, answer) => {
    const { api, clock, connections, deliver, endings } = setUpLanes();
    const useToken = (access_token: string) => connections.set('connection-1', connectionOf({ access_token }));
    useToken('old-token');
    api.next.push(answer, answer, answer);
    deliver(2);
    await clock.advance(0);
    expect(api.requests).toHaveLength(1);
    useToken('new-token');
    await clock.advance(600_000);
    await clock.idle();

    expect(api.requests.map(({ accessToken }) => accessToken)).toEqual([
      'old-token',
      ...new Array(3).fill('new-token'),
    ]);
    expect(new Set(api.sent.map(String))).toEqual(new Set(['conversion-0,conversion-1']));
    expect(endings()).toEqual(['0 accepted', '1 accepted']);
  },
);
