/** A Kafka node of its own whose listeners want TLS, a client certificate, SASL, or both. */

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formattedLog, kafkaJars } from './artifacts.ts';
import { type Authority, makeAuthority } from './certificates.ts';
import { freePort } from './free-port.ts';
import { kafkaBrokers, type Node } from './kafka-broker.ts';
import { requireProgram } from './prerequisites.ts';
import { guard, spare } from './watchdog.ts';

/** The one user, with a password per mechanism. */
export const KAFKA_USER = 'alice';
export const KAFKA_PASSWORDS = {
  plain: 'plain-pass',
  'scram-sha-256': 'scram256-pass',
  'scram-sha-512': 'scram512-pass',
} as const;
/**
 * How long a token counts on SASL_PLAINTEXT: kafkajs shows one anew when 10 s are left, so about every 1.5 s.
 */
const REAUTHENTICATE_MS = 11_500;

/** Addresses of the listeners; each SASL listener takes PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER. */
export interface SecureBroker {
  /** Neither; what the broker itself uses. */
  readonly plaintext: string;
  /** TLS; the client must show a certificate of the authority. */
  readonly ssl: string;
  readonly saslPlaintext: string;
  /** TLS and SASL; no client certificate. */
  readonly saslSsl: string;
  readonly authority: Authority;
  /** Has nothing to do with the broker. */
  readonly otherAuthority: Authority;
  /** A folder that `stop` removes. */
  readonly folder: string;
  stop(): Promise<void>;
}

interface Ports {
  readonly ssl: number;
  readonly saslPlaintext: number;
  readonly saslSsl: number;
}

/** Starts the node and resolves once it answers. OAUTHBEARER is checked by Kafka's validator of unsigned tokens. */
export async function startSecureBroker(onProgress: (line: string) => void = () => {}): Promise<SecureBroker> {
  const java = requireProgram('java', onProgress);
  const folder = await mkdtemp(join(tmpdir(), 'tiktok-sync-secure-'));
  guard(folder);
  const certificates = join(folder, 'certificates');
  await mkdir(certificates);
  const jars = await kafkaJars(onProgress);
  const [authority, otherAuthority, log] = await Promise.all([
    makeAuthority(certificates, 'trusted'),
    makeAuthority(certificates, 'other'),
    formattedLog(1, java, jars, [
      `SCRAM-SHA-256=[name=${KAFKA_USER},password=${KAFKA_PASSWORDS['scram-sha-256']}]`,
      `SCRAM-SHA-512=[name=${KAFKA_USER},password=${KAFKA_PASSWORDS['scram-sha-512']}]`,
    ]),
  ]);
  const ports = { ssl: await freePort(), saslPlaintext: await freePort(), saslSsl: await freePort() };
  const settings = (node: Node) => secureSettings(node, ports, authority);
  const [server] = await kafkaBrokers({ folder, java, jars, formatted: [log], settings });
  if (server === undefined) throw new Error('no broker was made');
  const stop = async () => {
    await server.stop('SIGKILL');
    await rm(folder, { recursive: true, force: true });
    spare(folder);
  };
  await server.start().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    plaintext: server.address,
    ssl: `127.0.0.1:${ports.ssl}`,
    saslPlaintext: `127.0.0.1:${ports.saslPlaintext}`,
    saslSsl: `127.0.0.1:${ports.saslSsl}`,
    authority,
    otherAuthority,
    folder,
    stop,
  };
}

function secureSettings(node: Node, ports: Ports, authority: Authority): Record<string, string | number> {
  const open = {
    PLAINTEXT: node.port,
    SSL: ports.ssl,
    SASL_PLAINTEXT: ports.saslPlaintext,
    SASL_SSL: ports.saslSsl,
  };
  const listeners = Object.entries(open).map(([name, port]) => `${name}://127.0.0.1:${port}`);
  const protocols = Object.keys(open).map(name => `${name}:${name}`);
  return {
    listeners: [...listeners, `CONTROLLER://127.0.0.1:${node.controllerPort}`].join(','),
    'advertised.listeners': listeners.join(','),
    'listener.security.protocol.map': ['CONTROLLER:PLAINTEXT', ...protocols].join(','),
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': authority.server.both,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': authority.cert,
    'listener.name.ssl.ssl.client.auth': 'required',
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    'listener.name.sasl_plaintext.oauthbearer.connections.max.reauth.ms': REAUTHENTICATE_MS,
    // What has no access rule of its own is open to everyone; whoever comes without a name may do everything.
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'allow.everyone.if.no.acl.found': 'true',
    'super.users': 'User:ANONYMOUS',
    ...saslModules('sasl_plaintext'),
    ...saslModules('sasl_ssl'),
  };
}

function saslModules(listener: string): Record<string, string> {
  const common = 'org.apache.kafka.common.security';
  const modules = {
    plain: `${common}.plain.PlainLoginModule required user_${KAFKA_USER}="${KAFKA_PASSWORDS.plain}";`,
    'scram-sha-256': `${common}.scram.ScramLoginModule required;`,
    'scram-sha-512': `${common}.scram.ScramLoginModule required;`,
    // The broker logs in by itself, too; that is what the claim is for.
    oauthbearer: `${common}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
  };
  return Object.fromEntries(
    Object.entries(modules).map(([mechanism, module]) => [
      `listener.name.${listener}.${mechanism}.sasl.jaas.config`,
      module,
    ]),
  );
}
