/** The Events API: the fake, and the adapter against the simulator, by one contract. */

import { resetAfterTaking } from '../../sandbox/tiktok-faults.ts';
import { startSimulator } from '../../sandbox/tiktok-simulator.ts';
import { STRICT_RULES } from '../../sandbox/tiktok-strictness.ts';
import { createEventsApi } from '../../src/adapters/tiktok-events-api.ts';
import { type ConnectProxy, startConnectProxy } from '../adapters/connect-proxy.ts';
import { ScriptedEventsApi, timeout, unreached } from '../fakes/scripted-events-api.ts';
import { type EventsApiHarness, eventsApiContract } from './events-api.contract.ts';

const PIXEL = 'PIXEL000000000000001';
const TOKEN = 'a-token';
const account = { pixel: PIXEL, token: TOKEN, now: Date.now };

eventsApiContract(
  'in memory',
  async () => {
    const api = new ScriptedEventsApi();
    return {
      api,
      seen: () => api.requests.length,
      takeAway: async () => {
        api.answer = unreached;
      },
      breakAfterTaking: () => void api.next.push(timeout),
      close: async () => {},
    };
  },
  account,
);

eventsApiContract('over HTTP to the simulator', () => toSimulator(null), account);

eventsApiContract('through a proxy to the simulator', async () => toSimulator(await startConnectProxy()), account);

async function toSimulator(proxy: ConnectProxy | null): Promise<EventsApiHarness> {
  const simulator = await startSimulator({ pixels: { [PIXEL]: TOKEN }, settings: STRICT_RULES });
  const api = createEventsApi({
    baseUrl: simulator.url,
    proxyUrl: proxy?.url ?? null,
    connectTimeoutMs: 2_000,
    requestTimeoutMs: 5_000,
    maxConnectionsCount: 2,
    userAgent: 'test/1.0',
  });
  return {
    api,
    seen: () => simulator.ledger().requests().length,
    takeAway: () => simulator.down(),
    breakAfterTaking: () => void simulator.faults.add({ ...resetAfterTaking(), count: 1 }),
    close: async () => {
      await api.destroy();
      await proxy?.close();
      await simulator.stop();
    },
  };
}
