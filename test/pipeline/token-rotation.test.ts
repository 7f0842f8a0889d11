import { describe, expect, it } from 'vitest';
import { connectionOf } from '../core/business-events.ts';
import { accepted, coded, timeout } from '../fakes/scripted-events-api.ts';
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

describe('a refusal of a token that is not in force any more', () => {
  function setUpRotation() {
    const lanes = setUpLanes();
    const useToken = (access_token: string) => lanes.connections.set('connection-1', connectionOf({ access_token }));
    useToken('old-token');
    return { ...lanes, useToken, tokens: () => lanes.api.requests.map(({ accessToken }) => accessToken) };
  }

  it('has its events sent again at once with the one that is, and parks nothing', async () => {
    const { api, clock, deliver, endings, states, tokens, useToken } = setUpRotation();
    api.next.push(() => {
      useToken('new-token');
      return coded(40105, 'Access token is incorrect');
    });
    deliver(2);
    await clock.advance(0);
    await clock.idle();
    expect(tokens()).toEqual(['old-token', 'new-token']);
    expect(endings()).toEqual(['0 accepted', '1 accepted']);
    expect(states.of('connection-1')).toMatchObject({ state: 'active', tokenDigest: 'new-token', troubledSince: null });
  });

  it('parks the connection when the one in force is refused as well', async () => {
    const { api, clock, deliver, endings, states, tokens, useToken } = setUpRotation();
    api.answer = () => {
      useToken('new-token');
      return coded(40105);
    };
    deliver(2);
    await clock.idle();
    expect(tokens()).toEqual(['old-token', 'new-token']);
    expect(endings()).toEqual(['0 connection_parked', '1 connection_parked']);
    expect(states.of('connection-1')).toMatchObject({ state: 'token_invalid', tokenDigest: 'new-token' });
  });

  it('leaves no letter behind where event after event was refused before the other one came', async () => {
    const { api, clock, deliver, endings, states, useToken } = setUpRotation();
    let alone = 0;
    api.answer = ({ accessToken, eventIds }) => {
      if (accessToken === 'new-token') return accepted();
      if (eventIds.length === 1 && ++alone === 16) useToken('new-token');
      return coded(40002, 'Invalid params');
    };
    deliver(64);
    await clock.idle();
    expect(new Set(endings().map(ending => ending.split(' ')[1]))).toEqual(new Set(['accepted']));
    expect(endings()).toHaveLength(64);
    expect(states.of('connection-1')?.state).toBe('active');
  });

  it('does not count together with refusals of the one in force', async () => {
    const { api, clock, deliver, endings, tokens, useToken } = setUpRotation();
    let alone = 0;
    api.answer = ({ accessToken, eventIds }) => {
      if (eventIds.length === 1) alone++;
      if (alone === 15) useToken('new-token');
      return accessToken === 'new-token' && alone > 16 ? accepted() : coded(40002, 'Invalid params');
    };
    deliver(64);
    await clock.idle();
    expect(tokens()).toContain('new-token');
    expect(new Set(endings().map(ending => ending.split(' ')[1]))).not.toContain('connection_parked');
  });
});
