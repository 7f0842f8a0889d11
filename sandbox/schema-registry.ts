import { join } from 'node:path';
import { REGISTRY } from './artifacts.ts';
import { ServerProcess } from './child-process.ts';
import { freePort } from './free-port.ts';

/** Path of the API that speaks like Confluent's registry. */
export const COMPATIBLE_API = '/apis/ccompat/v7';

/**
 * Apicurio Registry on a free loopback port. Its database is a file, so that a stop by SIGTERM (the default) and a start
 * keep every schema and its id; after SIGKILL the last second may be missing.
 */
export async function schemaRegistry(folder: string, java: string, unpacked: string): Promise<ServerProcess> {
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const data = join(folder, 'data', 'registry');
  return new ServerProcess({
    name: 'registry',
    address,
    command: java,
    args: [
      ...['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', `-Djava.io.tmpdir=${data}`],
      ...['-Dquarkus.http.host=127.0.0.1', `-Dquarkus.http.port=${port}`, '-Dquarkus.http.access-log.enabled=false'],
      `-Dapicurio.datasource.url=jdbc:h2:file:${join(data, 'registry')}`,
      ...['-jar', join(unpacked, `apicurio-registry-app-${REGISTRY}-runner.jar`)],
    ],
    folder: data,
    logFile: join(folder, 'logs', 'registry.log'),
    ready: () => registryAnswers(address),
    deadlineMs: 90_000,
    stopSignal: 'SIGTERM',
  });
}

/** True when a registry at this `host:port` lists its subjects. */
export async function registryAnswers(address: string): Promise<boolean> {
  const answer = await fetch(`http://${address}${COMPATIBLE_API}/subjects`, { signal: AbortSignal.timeout(2000) });
  return Array.isArray(await answer.json());
}
