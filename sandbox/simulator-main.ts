/**
 * The TikTok simulator as a process of its own (`--help` lists its options):
 *   node sandbox/simulator-main.ts [--port 0] [--host 127.0.0.1] [--pixel ID=TOKEN …] [--rules strict] [--exit-with-stdin]
 * prints one JSON line with its URL once it listens, and stops on SIGTERM and SIGINT. With `--exit-with-stdin` also
 * when its standard input ends, so that it cannot outlive a parent that was killed.
 */

import { parseArgs } from 'node:util';
import { startSimulator } from './tiktok-simulator.ts';
import { RULE_SETS } from './tiktok-strictness.ts';

const HELP = `Usage: node sandbox/simulator-main.ts [options]

A simulator of TikTok's Events API. Prints one JSON line with its URL and runs until SIGTERM or SIGINT.

  --port PORT             0, the default, takes a free one
  --host ADDRESS          to listen on; default 127.0.0.1
  --pixel ID=TOKEN        a pixel and the token that may send for it; may be given several times
  --rules SET             documented (default): refuses what TikTok is known to refuse, and nothing else;
                          strict: also what is only likely to be refused, such as a currency that is not on TikTok's list
  --poison-prefix PREFIX  also refuses events whose id begins so, although nothing is wrong with them; default: none
  --exit-with-stdin       ends when its standard input ends
  --help                  prints this

Everything can be changed while it runs: GET and POST /admin/settings. What was sent: GET /ledger/summary.
Exit code 0 when stopped, 2 for a wrong option.
`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    host: { type: 'string', default: '127.0.0.1' },
    pixel: { type: 'string', multiple: true, default: [] },
    rules: { type: 'string', default: 'documented' },
    'poison-prefix': { type: 'string' },
    help: { type: 'boolean', default: false },
    'exit-with-stdin': { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
if (values.rules !== 'documented' && values.rules !== 'strict') {
  process.stderr.write(`--rules must be documented or strict, not ${values.rules}\n`);
  process.exit(2);
}

const settings = { ...RULE_SETS[values.rules], poisonPrefix: values['poison-prefix'] ?? null };
const simulator = await startSimulator({ port: Number(values.port), host: values.host, settings });
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
