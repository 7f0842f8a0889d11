import { describe, expect, test } from 'vitest';
import { grouped, Progress } from '../../src/control/progress.ts';

function progressOn(isTerminal: boolean, total: number | null = 1_000) {
  const said: string[] = [];
  let now = 0;
  const err = { color: false, isTerminal, write: (text: string) => void said.push(text) };
  const progress = new Progress({ what: 'letters read', total, err, monotonic: () => now });
  return { said, progress, pass: (ms: number) => (now += ms) };
}

describe('progress', () => {
  test('on a terminal is one line that renews itself, with rate and time left', () => {
    const { pass, progress, said } = progressOn(true);
    pass(1_000);
    progress.at(100, '2 failed');
    pass(100);
    progress.at(150);
    pass(900);
    progress.at(200);
    progress.end();
    expect(said).toEqual([
      '\r\u001b[K100 of 1,000 letters read, 100/s, 9s left (2 failed)',
      '\r\u001b[K200 of 1,000 letters read, 100/s, 8s left',
      '\r\u001b[K',
    ]);
  });

  test('elsewhere is a plain line every ten seconds, and nothing for what is quick', () => {
    const { pass, progress, said } = progressOn(false, 400_000);
    pass(9_000);
    progress.at(900);
    expect(said).toEqual([]);
    pass(1_000);
    progress.at(1_000);
    progress.end();
    expect(said).toEqual(['1,000 of 400,000 letters read, 100/s, 1h 06m left\n']);
  });

  test('tells no time left where nobody knows how much there is, or nothing has moved', () => {
    const { pass, progress, said } = progressOn(false, null);
    pass(10_000);
    progress.at(20);
    expect(said).toEqual(['20 letters read, 2/s\n']);
    const still = progressOn(false);
    still.pass(10_000);
    still.progress.at(0);
    expect(still.said).toEqual(['0 of 1,000 letters read, 0/s\n']);
  });

  test('groups digits by thousands', () => {
    expect(grouped(1_234_567)).toBe('1,234,567');
  });
});
