/** The demo's progress: one living line on a terminal, a plain line every few seconds elsewhere. */

import type { WriteStream } from 'node:tty';

export interface Progress {
  /** Something happened: a line that stays. */
  line(text: string): void;
  /** How things stand: replaced by the next one. */
  update(text: string): void;
  end(): void;
}

const PLAIN_EVERY_MS = 5_000;

export function createProgress(out: Pick<WriteStream, 'write' | 'isTTY' | 'columns'>): Progress {
  const started = performance.now();
  const stamp = (): string => `${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s  `;
  const clear = '\r\u001b[2K';
  let living = false;
  let lastPlain = Number.NEGATIVE_INFINITY;
  return {
    line(text) {
      out.write(`${living ? clear : ''}${stamp()}${text}\n`);
      living = false;
    },
    update(text) {
      if (out.isTTY) {
        out.write(clear + (stamp() + text).slice(0, (out.columns ?? 120) - 1));
        living = true;
      } else if (performance.now() - lastPlain > PLAIN_EVERY_MS) {
        lastPlain = performance.now();
        out.write(`${stamp()}${text}\n`);
      }
    },
    end() {
      if (living) out.write('\n');
      living = false;
    },
  };
}
