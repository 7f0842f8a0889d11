/**
 * What probes, Prometheus and operators ask over HTTP: /livez, /readyz, /metrics and /status.
 *
 * Everything comes from suppliers, so this file knows neither the service nor the pipeline. /status passes through a
 * closed schema: a field it does not name, such as a connection's token, is not sent even if a supplier hands it over.
 */

import { type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import { CodedError, systemCodeOf } from '../core/error-codes.ts';
import { type ServiceStatus, STATUS_SCHEMA } from './admin-status.ts';
import { reachable } from './own-address.ts';

/** One condition, with its reason and since when it is as it is. */
export interface HealthCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly reason: string;
  /** Epoch milliseconds. */
  readonly since: number;
}

export interface AdminSources {
  /**
   * Conditions without which only a restart helps: that the poll loop still turns. Never whether Kafka, Redis or
   * TikTok can be reached, since a restart would not bring them back. Empty: that this server answers is enough.
   */
  readonly liveness: () => readonly HealthCheck[];
  /** Joined, configured, not draining; true with no partition at all. */
  readonly readiness: () => readonly HealthCheck[];
  readonly metrics: { readonly contentType: string; readonly text: () => Promise<string> };
  readonly status: () => ServiceStatus;
}

export interface AdminServer {
  /** `http://127.0.0.1:8080`; the port that was taken where 0 was asked for. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Starts listening.
 * @throws CodedError `CONFIG_INVALID_VALUE` when the address cannot be listened on.
 */
export async function startAdminServer(
  { host, port }: { readonly host: string; readonly port: number },
  sources: AdminSources,
): Promise<AdminServer> {
  // Probes and scrapers keep their connections open; a stop must not wait for them.
  const server = fastify({ logger: false, forceCloseConnections: true, bodyLimit: 1_024 });
  addHealth(server, sources);
  server.get('/metrics', async (_, reply) => {
    reply.type(sources.metrics.contentType);
    return sources.metrics.text();
  });
  server.get('/status', { schema: { response: { 200: STATUS_SCHEMA } } }, async () => sources.status());
  server.setNotFoundHandler((_, reply) => {
    reply.code(404).type('text/plain').send('try /livez, /readyz, /metrics or /status\n');
  });
  server.setErrorHandler((_, __, reply) => {
    // The error's own text may quote what it failed on.
    reply.code(500).type('text/plain').send('UNEXPECTED: this could not be answered\n');
  });
  server.addHook('onSend', async (_, reply) => {
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
  });
  try {
    await server.listen({ host, port });
  } catch (error) {
    const code = systemCodeOf(error) ?? String(error);
    throw new CodedError('CONFIG_INVALID_VALUE', `http.host and http.port: cannot listen on ${host}:${port} (${code})`);
  }
  const [address] = server.addresses();
  const taken = typeof address === 'object' ? address.port : port;
  return { url: `http://${reachable(host)}:${taken}`, port: taken, close: () => server.close() };
}

function addHealth(server: FastifyInstance, { liveness, readiness }: AdminSources): void {
  const probes = { '/livez': liveness, '/healthz': liveness, '/readyz': readiness };
  for (const [path, checks] of Object.entries(probes)) {
    server.get<{ Querystring: { verbose?: string } }>(path, async ({ query }, reply) =>
      answerProbe(reply, checks(), query.verbose !== undefined),
    );
  }
}

function answerProbe(reply: FastifyReply, checks: readonly HealthCheck[], verbose: boolean): FastifyReply {
  const failed = checks.filter(({ ok }) => !ok);
  reply.code(failed.length === 0 ? 200 : 503);
  if (!verbose) {
    const text = failed.map(({ name, reason }) => `${name}: ${reason}\n`).join('');
    return reply.type('text/plain').send(text === '' ? 'ok\n' : text);
  }
  const told = checks.map(({ name, ok, reason, since }) => ({
    name,
    ok,
    reason,
    since: new Date(since).toISOString(),
  }));
  return reply.send({ ok: failed.length === 0, checks: told });
}
