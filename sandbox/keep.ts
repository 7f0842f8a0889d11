/** `npm run sandbox`: keeps a stack and a TikTok simulator up for work by hand until Ctrl-C. Options: `--brokers 3`. */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { startStack } from './stack.ts';
import { startSimulator } from './tiktok-simulator.ts';

const { values } = parseArgs({ options: { brokers: { type: 'string', default: '1' } } });
if (values.brokers !== '1' && values.brokers !== '3') {
  console.error(`--brokers must be 1 or 3, not ${values.brokers}`);
  process.exit(2);
}

const stack = await startStack({ brokers: values.brokers === '3' ? 3 : 1, onProgress: line => console.log(line) });
const simulator = await startSimulator();

console.log(`
Kafka            ${stack.brokers}
Schema registry  ${stack.registryUrl}
Redis            ${stack.redisUrl}
TikTok           ${simulator.url}  (/ledger, /ledger/summary, /admin/health)
Logs and data    ${stack.folder}

To point the service at it, in another terminal:

  export TIKTOK_SYNC_KAFKA_BROKERS=${stack.brokers}
  export TIKTOK_SYNC_REGISTRY_URL=${stack.registryUrl}
  export TIKTOK_SYNC_REDIS_URL=${stack.redisUrl}
  export TIKTOK_SYNC_TIKTOK_BASE_URL=${simulator.url}
  export TIKTOK_SYNC_KAFKA_SESSION_TIMEOUT_MS=6000
  npx tiktok-sync topics ensure
  npx tiktok-sync schemas register
  npx tiktok-sync run

The simulator takes events of pixels that it knows, under the token given with them:

  curl -X POST ${simulator.url}/admin/pixels -d '{"pixel_id":"C4A2B3D4E5F6G7H8I9J0","token":"a-token"}'

Ctrl-C stops it and removes its data.`);

const listening = setInterval(() => {}, 2 ** 30);
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM'), once(process, 'SIGHUP')]);
clearInterval(listening);
console.log('Stopping …');
await simulator.stop();
await stack.stop();
