/** What is told of TikTok: of its answers, of waiting for permits, and of the connections it fails or refuses. */

import { redact } from '../core/redact.ts';
import type { Telemetry } from '../ports.ts';
import { API_CODES } from './metric-catalogue.ts';
import type { Told } from './telemetry-told.ts';

export function requestTelemetry(told: Told): Pick<Telemetry, Requests | Limits> {
  return { ...requests(told), ...limits(told) };
}

type Requests = 'requestSent' | 'requestRetried' | 'connectionState';

function requests({ registry, tally, now, say }: Told): Pick<Telemetry, Requests> {
  return {
    requestSent(request) {
      const { connectionId, apiCode, httpStatus, verdict, durationMs } = request;
      registry.add('api_requests_total', 1, {
        http_status_class: httpStatus === null ? 'none' : `${Math.floor(httpStatus / 100)}xx`,
        api_code: apiCode === null ? 'none' : API_CODES.has(String(apiCode)) ? String(apiCode) : 'other',
      });
      registry.add('api_verdicts_total', 1, { verdict });
      registry.observe('api_request_duration_seconds', [durationMs / 1000]);
      const delivered = verdict === 'delivered';
      if (delivered) tally.succeeded(connectionId, now());
      const message = delivered ? 'TikTok accepted a batch' : 'TikTok did not accept a batch';
      say(delivered ? 'debug' : 'warn', delivered ? 'REQUEST_DELIVERED' : 'REQUEST_NOT_DELIVERED', message, {
        connection: connectionId,
        reason: verdict,
        events: request.events,
        http_status: httpStatus,
        api_code: apiCode,
        failure: request.failure,
        request_id: request.requestId,
        duration_ms: Math.round(durationMs),
      });
    },
    requestRetried(connectionId, reason, attempt, delayMs) {
      registry.add('api_retries_total', 1, { reason });
      const fields = { connection: connectionId, reason, attempt, delay_ms: Math.round(delayMs) };
      say('debug', 'REQUEST_RETRIED', 'the batch is sent again with the same event ids', fields);
    },
    connectionState(connectionId, state, reason) {
      const fields = { connection: connectionId, state, reason: redact(reason) };
      if (state === 'parked') say('warn', 'CONNECTION_PARKED', 'TikTok refuses the connection', fields);
      else if (state === 'token_invalid') say('warn', 'CONNECTION_TOKEN_INVALID', 'TikTok refuses the token', fields);
      else say('info', `CONNECTION_${state.toUpperCase()}`, `the connection is ${state}`, fields);
    },
  };
}

type Limits = 'rateLimitWaited' | 'rateLimitsUnavailable' | 'circuitChanged' | 'vendorOutage';

function limits({ registry, say }: Told): Pick<Telemetry, Limits> {
  return {
    rateLimitWaited(connectionId, waitMs) {
      registry.add('rate_limit_wait_seconds_total', waitMs / 1000);
      const fields = { connection: connectionId, delay_ms: Math.round(waitMs) };
      say('debug', 'RATE_LIMIT_WAITED', 'a request waited for its permit', fields);
    },
    rateLimitsUnavailable(problem) {
      registry.add('rate_limit_fallbacks_total', 1);
      const message = 'Redis does not answer; request rates hold for this process alone';
      say('warn', 'RATE_LIMITS_UNAVAILABLE', message, { problem: redact(problem) });
    },
    circuitChanged(connectionId, state, reason) {
      const fields = { connection: connectionId, state, reason: redact(reason) };
      if (state === 'half_open') return say('debug', 'CIRCUIT_HALF_OPEN', 'a trial request starts', fields);
      if (state === 'open') return say('warn', 'CIRCUIT_OPEN', 'the connection fails again and again', fields);
      say('info', 'CIRCUIT_CLOSED', 'the connection is tried as usual again', fields);
    },
    vendorOutage(change, lastedMs) {
      if (change === 'began') {
        const message = 'TikTok fails for most connections: only a trickle is read until one of them succeeds';
        return say('error', 'VENDOR_OUTAGE_BEGAN', message);
      }
      const fields = { duration_ms: Math.round(lastedMs) };
      say('info', 'VENDOR_OUTAGE_ENDED', 'TikTok works again; everything is read as usual', fields);
    },
  };
}
