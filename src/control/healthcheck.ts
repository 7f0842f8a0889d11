/** `healthcheck`: asks a service that runs on the same machine for /livez or /readyz, and answers by exit code. */

import { messageOf } from '../core/error-codes.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Host } from './host.ts';
import { reachable } from './own-address.ts';

/** Below the time limit of the image's own check, so that the reason is told and not only that it took too long. */
const TIME_LIMIT_MS = 4_000;

export interface HealthRequest {
  /** Ask for readiness, not liveness. */
  readonly ready: boolean;
  readonly json: boolean;
}

/** One line of what was found; exit code 0 only for an answer that says all is well. */
export async function checkHealth(
  { host, port }: { readonly host: string; readonly port: number },
  { ready, json }: HealthRequest,
  terminal: Pick<Host, 'out'>,
): Promise<ExitCode> {
  const url = `http://${reachable(host)}:${port}${ready ? '/readyz' : '/livez'}`;
  const { ok, reason } = await ask(url);
  terminal.out.write(json ? `${JSON.stringify({ ok, url, reason })}\n` : `${url}: ${reason}\n`);
  return ok ? EXIT.ok : EXIT.unexpected;
}

async function ask(url: string): Promise<{ readonly ok: boolean; readonly reason: string }> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(TIME_LIMIT_MS) });
    const reason = (await answer.text()).trim();
    return { ok: answer.ok, reason: reason === '' ? `HTTP ${answer.status}` : reason };
  } catch (error) {
    // What fetch throws says only that it failed; the cause says how.
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    return { ok: false, reason: `no answer (${messageOf(cause)})` };
  }
}
