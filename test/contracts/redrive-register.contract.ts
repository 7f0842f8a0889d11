/** What every register of redrive jobs keeps to. */

import { describe, expect, it } from 'vitest';
import { EVERY_LETTER } from '../../src/core/letter-filter.ts';
import type { Claims, JobHolder, JobRecord, RedriveRegister } from '../../src/ports.ts';

export interface RegisterHarness {
  readonly register: RedriveRegister;
  /** The claim store that `peek` looks into; its keys begin with `prefix`. */
  readonly claims: Claims;
  readonly prefix: string;
  /** Lets so much time pass. */
  pass(ms: number): Promise<void>;
}

function holder(run: string, job = 'job'): JobHolder {
  return { job, run, host: 'pod-1', since: 1_790_000_000_000 };
}

function record(changes: Partial<JobRecord> = {}): JobRecord {
  const ends = [{ partition: 0, offset: 12 }];
  return { job: 'job', startedAt: 1_790_000_000_000, filter: EVERY_LETTER, ends, ...changes };
}

const TTL_MS = 150;

export function redriveRegisterContract(name: string, open: () => Promise<RegisterHarness>): void {
  describe(`redrive register: ${name}`, () => {
    it('gives the lock to one, and says who has it', async () => {
      const { register } = await open();
      expect(await register.lock(holder('a'), 60_000)).toBeNull();
      expect(await register.lock(holder('b', 'other'), 60_000)).toEqual(holder('a'));
      expect(await register.lock(holder('a'), 60_000)).toBeNull();
    });

    it('gives it to the next one once it is given back, which only its holder can', async () => {
      const { register } = await open();
      await register.lock(holder('a'), 60_000);
      await register.unlock(holder('b'));
      expect(await register.lock(holder('b'), 60_000)).toEqual(holder('a'));
      await register.unlock(holder('a'));
      expect(await register.lock(holder('b'), 60_000)).toBeNull();
    });

    it('lets the lock of a holder that does not renew it expire', async () => {
      const { pass, register } = await open();
      await register.lock(holder('a'), TTL_MS);
      await pass(TTL_MS + 50);
      expect(await register.lock(holder('b'), 60_000)).toBeNull();
      expect(await register.lock(holder('a'), 60_000)).toEqual(holder('b'));
    });

    it('remembers what a job was started with first, and for how long it is told', async () => {
      const { pass, register } = await open();
      expect(await register.recall('job')).toBeNull();
      const first = record();
      expect(await register.remember(first, 60_000)).toEqual(first);
      const again = record({ ends: [{ partition: 0, offset: 99 }], filter: { ...EVERY_LETTER, connectionId: 'c' } });
      expect(await register.remember(again, TTL_MS)).toEqual(first);
      expect(await register.recall('job')).toEqual(first);
      await pass(TTL_MS + 50);
      expect(await register.recall('job')).toBeNull();
    });

    it('names the jobs on record, the newest first', async () => {
      const { pass, register } = await open();
      expect(await register.jobs()).toEqual([]);
      for (let n = 1; n <= 12; n++) await register.remember(record({ job: `job-${n}`, startedAt: n }), 60_000);
      await register.remember(record({ job: 'brief', startedAt: 99 }), TTL_MS);
      await register.remember(record({ job: 'job-12', startedAt: 99 }), 60_000);
      await pass(TTL_MS + 50);
      expect((await register.jobs()).slice(0, 3)).toEqual(['job-12', 'job-11', 'job-10']);
    });

    it('knows the newest round of each connection', async () => {
      const { register } = await open();
      expect(await register.lastRound('c-1')).toBeNull();
      for (const releaseId of ['one', 'two']) {
        await register.finishRound('c-1', { releaseId, from: [{ partition: 1, offset: 7 }] });
      }
      expect(await register.lastRound('c-1')).toEqual({ releaseId: 'two', from: [{ partition: 1, offset: 7 }] });
      expect(await register.lastRound('c-2')).toBeNull();
    });

    it('looks at claims without changing them', async () => {
      const { claims, prefix, register } = await open();
      const [held, free] = [`${prefix}held`, `${prefix}free`];
      await claims.claim([{ key: held, value: 'p|t|0|1|5', ttlMs: 60_000 }]);
      expect(await register.peek([free, held])).toEqual([null, 'p|t|0|1|5']);
      expect(await claims.claim([{ key: free, value: 'mine', ttlMs: 60_000 }])).toEqual([null]);
      expect(await register.peek([])).toEqual([]);
    });
  });
}
