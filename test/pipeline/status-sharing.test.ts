import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { CodedError } from '../../src/core/error-codes.ts';
import { C, HEARD_MS, NEW, OLD, PROBE_INTERVAL_MS, REFUSED, shareTopic } from './replicas.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What is left in memory, in bytes. */
function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

describe('what one replica finds out', () => {
  it('is on the topic, with the entry and token it is about, and no token', async () => {
    const { clock, start, topic } = shareTopic();
    const a = await start('a');
    await clock.advance(700);
    a.refused();
    await clock.idle();
    expect(topic.written).toEqual([
      [
        C,
        {
          connection_id: C,
          workspace_id: 'workspace-1',
          state: 'token_invalid',
          since: clock.now(),
          reason: 'TikTok refuses the connection: code 40105, HTTP 200, revoked',
          config_offset: 4,
          token_digest: 'old',
          http_status: 200,
          api_code: 40105,
          request_id: 'request-1',
          revision: 1,
          troubled_since: clock.now(),
          release_cause: null,
          instance: 'a',
          updated_at: clock.now(),
        },
      ],
    ]);
    expect(JSON.stringify(topic.written)).not.toContain('secret');
  });

  it('is known to be told, by those who wait for it, once it is on the topic', async () => {
    const { clock, start, topic } = shareTopic();
    const a = await start('a');
    const waited: string[] = [];
    topic.writeFailure = new Error('the leader is away');
    a.refused();
    void a.sharing.told(C).then(() => waited.push('told'));
    void a.sharing.told('another').then(() => waited.push('nothing to tell'));
    await clock.advance(1_000);
    expect(waited).toEqual(['nothing to tell']);
    topic.writeFailure = null;
    await clock.advance(2_000);
    expect([topic.written.length, waited]).toEqual([1, ['nothing to tell', 'told']]);
    await a.sharing.told(C);
  });

  it('holds nobody up for longer than a while where it cannot be told', async () => {
    const { clock, start, topic } = shareTopic();
    const a = await start('a');
    topic.writeFailure = new Error('no right to write');
    a.refused();
    const waited: string[] = [];
    void a.sharing.told(C).then(() => waited.push('given up'));
    await clock.advance(4_999);
    expect(waited).toEqual([]);
    await clock.advance(1);
    expect([topic.written, waited]).toEqual([[], ['given up']]);
  });

  it('is remembered of nobody who has given up waiting: what cannot be told for days costs no memory', async () => {
    const { clock, start, topic } = shareTopic();
    const a = await start('a');
    topic.writeFailure = new Error('no right to write');
    a.refused();
    const letters = async (count: number) => {
      let given = 0;
      for (let letter = 0; letter < count; letter++) void a.sharing.told(C).then(() => given++);
      await clock.advance(5_000);
      expect(given).toBe(count);
    };
    await letters(100);
    const before = heapUsed();
    for (let round = 0; round < 40; round++) await letters(500);
    expect((heapUsed() - before) / 20_000).toBeLessThan(100);
  });

  it('holds for the other: refused here, refused there, with one probe per interval, and released again', async () => {
    const { clock, start, told } = shareTopic();
    const [a, b] = [await start('a'), await start('b')];
    a.refused();
    await clock.advance(HEARD_MS);
    expect([a.state(), b.state()]).toEqual(['token_invalid', 'token_invalid']);
    expect(b.states.of(C)).toEqual(a.states.of(C));
    expect(b.states.refusal(C, OLD, clock.now())).toContain('40105');
    await clock.advance(PROBE_INTERVAL_MS);
    expect(b.states.refusal(C, OLD, clock.now())).toBeNull();
    expect(b.states.refusal(C, OLD, clock.now())).toContain('40105');
    b.accepted();
    await clock.advance(HEARD_MS);
    expect([a.state(), b.state()]).toEqual(['active', 'active']);
    expect(told()).toEqual(['token_invalid', 'active']);
    expect(a.telemetry.told('connectionState').map(([, state]) => state)).toEqual(['token_invalid', 'active']);
  });

  it('is known after a restart', async () => {
    const { clock, start } = shareTopic();
    const a = await start('a');
    a.refused();
    await clock.advance(HEARD_MS);
    a.sharing.stop();
    const again = await start('a2');
    expect(again.states.of(C)).toEqual(a.states.of(C));
    expect(again.states.refusal(C, OLD, clock.now())).toContain('40105');
  });

  it('says nothing of a token that came meanwhile, or that has not come there yet', async () => {
    const { clock, start } = shareTopic();
    const [a, b] = [await start('a'), await start('b')];
    b.renew(NEW);
    a.refused();
    await clock.advance(HEARD_MS);
    expect([a.state(), b.state()]).toEqual(['token_invalid', 'undecided']);
    b.accepted();
    await clock.advance(HEARD_MS);
    expect([a.state(), b.state()]).toEqual(['token_invalid', 'active']);
    a.renew(NEW);
    expect([a.state(), b.state()]).toEqual(['active', 'active']);
  });

  it('is not written over by a replica that still has the older entry', async () => {
    const { clock, start, told } = shareTopic();
    const [a, b] = [await start('a'), await start('b')];
    b.renew({ configOffset: 9, tokenDigest: 'old' });
    b.accepted();
    await clock.advance(HEARD_MS);
    a.refused();
    await clock.advance(HEARD_MS);
    expect([told(), b.state()]).toEqual([['active'], 'active']);
  });
});

describe('two replicas that find out something at the same time', () => {
  it('agree, and the topic’s last word is what holds', async () => {
    const { clock, start, told } = shareTopic();
    const [a, b] = [await start('a'), await start('b')];
    a.accepted();
    b.refused();
    await clock.advance(3 * HEARD_MS);
    expect([a.state(), b.state()]).toEqual(['active', 'active']);
    expect(told()).toEqual(['active', 'token_invalid', 'active']);
    await clock.advance(10 * HEARD_MS);
    expect(told()).toHaveLength(3);
  });
});

describe('a state without an answer', () => {
  it('is told when somebody asks for it, once, and only by a replica that is not behind', async () => {
    const { clock, start, told } = shareTopic();
    const [a, b] = [await start('a'), await start('b')];
    a.sharing.announce(C);
    await clock.advance(HEARD_MS);
    b.sharing.announce(C);
    await clock.advance(HEARD_MS);
    expect(told()).toEqual(['undecided']);
    b.renew(NEW);
    b.sharing.announce(C);
    await clock.advance(HEARD_MS);
    a.sharing.announce(C);
    await clock.advance(HEARD_MS);
    expect(told()).toEqual(['undecided', 'undecided']);
  });
});

describe('a release', () => {
  it('is news on every replica, once, under one id: here by a probe', async () => {
    const { clock, start } = shareTopic();
    const [a, b] = [await start('a'), await start('b')];
    a.refused();
    await clock.advance(HEARD_MS);
    const refusedAt = a.states.of(C)?.since;
    b.accepted();
    const since = clock.now();
    await clock.advance(5 * HEARD_MS);
    const releaseId = `${C}@4.2.${refusedAt}`;
    const release = { releaseId, connectionId: C, since, configOffset: 4, tokenDigest: 'old', cause: 'probe' };
    expect([a.releases, b.releases]).toEqual([[release], [release]]);
  });

  it('by a new token is known under the same id to those that got the token later', async () => {
    const { clock, start } = shareTopic();
    const [a, b] = [await start('a'), await start('b')];
    a.refused();
    await clock.advance(HEARD_MS);
    a.renew(NEW);
    expect(a.releases).toEqual([]);
    a.accepted();
    await clock.advance(HEARD_MS);
    b.renew(NEW);
    b.accepted();
    await clock.advance(HEARD_MS);
    expect(a.releases).toMatchObject([{ cause: 'new_token', tokenDigest: 'new' }]);
    expect(b.releases).toEqual(a.releases);
  });

  it('by recovery is told when somebody says that a connection recovered', async () => {
    const { clock, start } = shareTopic();
    const [a, b] = [await start('a'), await start('b')];
    a.accepted();
    await clock.advance(HEARD_MS);
    a.states.troubled(C, clock.now() - 900);
    a.states.recovered(C, clock.now());
    await clock.advance(HEARD_MS);
    expect(b.releases).toMatchObject([{ cause: 'recovered' }]);
    expect(b.releases).toEqual(a.releases);
  });

  it('is told again to whoever listens later, and after a restart', async () => {
    const { clock, start } = shareTopic();
    const a = await start('a');
    a.refused();
    a.accepted();
    await clock.advance(HEARD_MS);
    const heard: string[] = [];
    a.states.onReleased(({ releaseId }) => heard.push(releaseId));
    expect(heard).toEqual(a.releases.map(({ releaseId }) => releaseId));
    const again = await start('a2');
    expect(again.releases).toEqual(a.releases);
    expect(again.releases).toHaveLength(1);
  });
});

describe('a connection that is gone', () => {
  it('is deleted from the topic and forgotten by those that do not know its entry', async () => {
    const { clock, start, told } = shareTopic();
    const [a, b] = [await start('a'), await start('b')];
    a.accepted();
    await clock.advance(HEARD_MS);
    b.states.forget(C);
    await clock.advance(HEARD_MS);
    expect(told()).toEqual(['active', null]);
    expect([a.state(), b.states.latest(C)]).toEqual(['active', null]);
    expect((await start('c')).states.of(C)).toMatchObject({ state: 'undecided', revision: 0 });
  });
});

describe('where the topic', () => {
  it('is missing, each replica has states of its own, and that is said once', async () => {
    const { clock, start, topic } = shareTopic();
    topic.failure = new CodedError('TOPICS_WRONG', 'The topic does not exist.');
    const [a, b] = [await start('a'), await start('b')];
    a.refused();
    await clock.advance(60_000);
    expect([a.state(), b.state(), a.sharing.isShared]).toEqual(['token_invalid', 'undecided', false]);
    const codes = a.telemetry.told('notice').map(([, code]) => code);
    expect(codes).toEqual(['CONNECTION_STATUS_NOT_SHARED']);
  });

  it('comes later, what was found out before is told', async () => {
    const { clock, start, topic, told } = shareTopic();
    topic.failure = new CodedError('TOPICS_WRONG', 'The topic does not exist.');
    const [a, b] = [await start('a'), await start('b')];
    a.refused();
    topic.failure = null;
    await clock.advance(20_000);
    expect([told(), b.state()]).toEqual([['token_invalid'], 'token_invalid']);
  });

  it('cannot be written, it is tried again with the state of that time, and the failures are counted', async () => {
    const { clock, start, topic, told } = shareTopic();
    const a = await start('a');
    topic.writeFailure = new Error('NOT_ENOUGH_REPLICAS');
    a.refused();
    await clock.advance(1_000);
    a.accepted();
    await clock.advance(1_000);
    expect(a.telemetry.told('connectionStatusFailed').length).toBeGreaterThan(1);
    topic.writeFailure = null;
    await clock.advance(10_000);
    expect(told()).toEqual(['active']);
    expect(a.telemetry.told('notice').map(([, code]) => code)).toContain('CONNECTION_STATUS_WRITTEN');
  });

  it('does not answer at the start, the start goes on without it', async () => {
    const { clock, start, topic } = shareTopic();
    topic.read = () => new Promise(() => {});
    let isStarted = false;
    void start('a').then(() => {
      isStarted = true;
    });
    await clock.advance(4_999);
    expect(isStarted).toBe(false);
    await clock.advance(1);
    expect(isStarted).toBe(true);
  });

  it('holds records that cannot be read, they are passed over and written over', async () => {
    const { clock, start, topic, told } = shareTopic();
    topic.put(`connection:${C}`, Buffer.from('not framed'));
    topic.put('something else', Buffer.from('x'));
    const a = await start('a');
    expect(a.state()).toBe('undecided');
    a.refused(OLD, { ...REFUSED, apiCode: 1e300 });
    await clock.advance(HEARD_MS);
    expect([a.state(), told()]).toEqual(['parked', ['parked']]);
    expect((await start('b')).state()).toBe('parked');
  });

  it('needs a schema that cannot be had yet, it is read when it can', async () => {
    const { clock, registry, start } = shareTopic();
    const a = await start('a');
    a.refused();
    await clock.idle();
    registry.isAway = true;
    const b = await start('b');
    expect(b.state()).toBe('undecided');
    registry.isAway = false;
    await clock.advance(HEARD_MS);
    expect(b.state()).toBe('token_invalid');
  });
});

describe('a config topic that was deleted and made anew', () => {
  const EARLIER = { configOffset: 57, tokenDigest: 'old' };
  const ANEW = { configOffset: 2, tokenDigest: 'old' };

  it('has states of its own, though those of the former one seem newer: all replicas and a restart agree on them', async () => {
    const { clock, start, topic } = shareTopic();
    const [a, b] = [await start('a', EARLIER), await start('b', EARLIER)];
    a.refused();
    await clock.advance(HEARD_MS);
    a.renew(ANEW);
    b.renew(ANEW);
    a.accepted();
    await clock.advance(5 * HEARD_MS);
    expect(topic.written.at(-1)).toMatchObject([C, { state: 'token_invalid', config_offset: 57 }]);
    a.sharing.overrule(C);
    await clock.advance(HEARD_MS);
    b.sharing.overrule(C);
    await clock.advance(5 * HEARD_MS);
    for (const { states } of [a, b]) expect(states.latest(C)?.configOffset).toBe(2);
    const c = await start('c', ANEW);
    expect([a.state(), b.state(), c.state()]).toEqual(['active', 'active', 'active']);
    expect(topic.written.at(-1)).toMatchObject([C, { state: 'active', config_offset: 2 }]);
    b.refused();
    await clock.advance(HEARD_MS);
    expect([a.state(), c.state()]).toEqual(['token_invalid', 'token_invalid']);
  });

  it('is overruled again where a replica that has not heard of it tells of the former one once more', async () => {
    const { clock, start, topic } = shareTopic();
    const [a, b] = [await start('a', EARLIER), await start('b', EARLIER)];
    a.accepted();
    await clock.advance(HEARD_MS);
    a.renew(ANEW);
    a.sharing.overrule(C);
    await clock.advance(HEARD_MS);
    b.refused();
    await clock.advance(HEARD_MS);
    expect(topic.written.at(-1)).toMatchObject([C, { state: 'token_invalid', config_offset: 57 }]);
    a.sharing.overrule(C);
    await clock.advance(HEARD_MS);
    expect(topic.written.at(-1)).toMatchObject([C, { config_offset: 2 }]);
  });
});
