/** Clients of the registry and of Kafka as the configuration describes them, for services and commands alike. */

import { createKafka } from './adapters/kafka-client.ts';
import type { RegistryConnection } from './adapters/registry-http.ts';
import { SchemaRegistry } from './adapters/schema-registry.ts';
import { readTlsFiles } from './adapters/tls-files.ts';
import type { Config } from './config.ts';

/** Reads its TLS files now, and contacts nothing. */
export function createRegistry(registry: Config['registry']): SchemaRegistry {
  return new SchemaRegistry(registryConnection(registry));
}

/** Where the registry is and how to be let in; reads its TLS files now. */
export function registryConnection({ tls, ...connection }: Config['registry']): RegistryConnection {
  return { ...connection, tls: readTlsFiles('registry', tls) };
}

/** A client for a command: what it would log on its way to a failure is said once, by the failure. */
export function createQuietKafka(
  kafka: Config['kafka'],
  role: string,
  retry?: Parameters<typeof createKafka>[3],
): ReturnType<typeof createKafka> {
  return createKafka(kafka, role, { notice: () => undefined }, retry);
}
