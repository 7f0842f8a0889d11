/** A process that owns a Redis-only stack, tells where it is, and then waits, or fails when its input says so. */
import { startStack } from '../../sandbox/stack.ts';

const stack = await startStack({ brokers: 0, registry: false });
console.log(JSON.stringify({ pid: stack.redis.pid, address: stack.redis.address, folder: stack.folder }));
process.stdin.once('data', () => {
  throw new Error('thrown on purpose');
});
