/**
 * Preloaded before the real `main.ts`: puts this module in the place of the service, so that signals and failures can
 * be tested without Kafka. `FAKE_SERVICE` says how it behaves.
 */

import { registerHooks } from 'node:module';
import type { Config } from '../../src/config.ts';
import type { Host } from '../../src/control/host.ts';

registerHooks({
  resolve: (specifier, context, nextResolve) =>
    specifier === './service.ts' ? { url: import.meta.url, shortCircuit: true } : nextResolve(specifier, context),
});

/** What keeps the process alive, as the sockets of the real service do. */
const socket = setInterval(() => undefined, 60_000);
socket.unref();

export async function runService(_config: Config, host: Host): Promise<void> {
  socket.ref();
  const stopped = new Promise<void>(resolve => {
    host.stopSignal().addEventListener('abort', () => {
      host.out.write('stopping\n');
      if (host.env['FAKE_SERVICE'] === 'graceful') resolve();
    });
  });
  if (host.env['FAKE_SERVICE'] === 'uncaught') queueMicrotask(() => Promise.reject(new Error('nobody catches this')));
  host.out.write('running\n');
  await stopped;
}
