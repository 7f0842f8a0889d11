/**
 * The TikTok simulator as a process of its own:
 *   node sandbox/simulator-main.ts [--port 0] [--host 127.0.0.1] [--pixel ID=TOKEN …] [--exit-with-stdin]
 * prints one JSON line with its URL once it listens, and stops on SIGTERM and SIGINT. With `--exit-with-stdin` also
 * when its standard input ends, so that it cannot outlive a parent that was killed.
 */

import { parseArgs } from 'node:util';
import { startSimulator } from './tiktok-simulator.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    host: { type: 'string', default: '127.0.0.1' },
    pixel: { type: 'string', multiple: true, default: [] },
    'exit-with-stdin': { type: 'boolean', default: false },
  },
});

const simulator = await startSimulator({ port: Number(values.port), host: values.host });
for (const pixel of values.pixel) {
  const [id = '', ...token] = pixel.split('=');
  simulator.addPixel(id, token.join('='));
}

async function stop(): Promise<void> {
  await simulator.stop();
  process.exit(0);
}
process.once('SIGTERM', () => void stop());
process.once('SIGINT', () => void stop());
if (values['exit-with-stdin']) process.stdin.resume().once('close', () => void stop());

process.stdout.write(`${JSON.stringify({ url: simulator.url, pid: process.pid })}\n`);
