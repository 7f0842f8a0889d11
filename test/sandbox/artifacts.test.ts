import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cached } from '../../sandbox/artifacts.ts';

let cache = '';
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'tiktok-sync-cache-'));
  vi.stubEnv('TIKTOK_SYNC_CACHE', cache);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true, force: true });
});

describe('the cache', () => {
  it('is filled once', async () => {
    const fill = vi.fn((folder: string) => writeFile(join(folder, 'jar'), 'first'));
    const first = await cached('kafka', fill);
    expect(await cached('kafka', fill)).toBe(first);
    expect(fill).toHaveBeenCalledOnce();
    expect(await readFile(join(first, 'jar'), 'utf8')).toBe('first');
  });

  it('holds one whole copy when two fill it at once', async () => {
    const bothAreFilling = Promise.withResolvers<void>();
    let filling = 0;
    const fill = async (folder: string) => {
      filling += 1;
      if (filling === 2) bothAreFilling.resolve();
      await bothAreFilling.promise;
      await writeFile(join(folder, 'jar'), 'whole');
    };
    const [one, two] = await Promise.all([cached('kafka', fill), cached('kafka', fill)]);
    expect(one).toBe(two);
    expect(await readFile(join(one, 'jar'), 'utf8')).toBe('whole');
    expect(readdirSync(cache)).toEqual(['kafka']);
  });

  it('is not left half filled when a download fails', async () => {
    const fill = async (folder: string) => {
      await writeFile(join(folder, 'jar'), 'half');
      throw new Error('connection reset');
    };
    await expect(cached('kafka', fill)).rejects.toThrow('connection reset');
    expect(existsSync(join(cache, 'kafka'))).toBe(false);
    expect(readdirSync(cache)).toEqual([]);
  });
});
