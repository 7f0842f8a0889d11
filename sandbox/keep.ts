/** `npm run sandbox`: keeps a stack up for work by hand until Ctrl-C. Options: `--brokers 3`. */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { startStack } from './stack.ts';

const { values } = parseArgs({ options: { brokers: { type: 'string', default: '1' } } });
if (values.brokers !== '1' && values.brokers !== '3') {
  console.error(`--brokers must be 1 or 3, not ${values.brokers}`);
  process.exit(2);
}

const stack = await startStack({ brokers: values.brokers === '3' ? 3 : 1, onProgress: line => console.log(line) });

console.log(`
Kafka            ${stack.brokers}
Schema registry  ${stack.registryUrl}
Redis            ${stack.redisUrl}
Logs and data    ${stack.folder}

To point the service at it, in another terminal:

  export TIKTOK_SYNC_KAFKA_BROKERS=${stack.brokers}
  export TIKTOK_SYNC_REGISTRY_URL=${stack.registryUrl}
  export TIKTOK_SYNC_REDIS_URL=${stack.redisUrl}
  export TIKTOK_SYNC_KAFKA_SESSION_TIMEOUT_MS=6000
  npx tiktok-sync topics ensure
  npx tiktok-sync run

Ctrl-C stops it and removes its data.`);

const listening = setInterval(() => {}, 2 ** 30);
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM'), once(process, 'SIGHUP')]);
clearInterval(listening);
console.log('Stopping …');
await stack.stop();
