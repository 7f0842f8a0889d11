/** The claim store with a stopwatch: the same store, and each call's duration told. */

import type { ClaimCommand, Claims, Clock, Telemetry } from './ports.ts';

export function timedClaims(claims: Claims, clock: Clock, telemetry: Pick<Telemetry, 'claimsCalled'>): Claims {
  const timed = async <T>(command: ClaimCommand, call: Promise<T>): Promise<T> => {
    const startedAt = clock.monotonic();
    try {
      return await call;
    } finally {
      telemetry.claimsCalled(command, clock.monotonic() - startedAt);
    }
  };
  return {
    claim: list => timed('claim', claims.claim(list)),
    takeOver: list => timed('take_over', claims.takeOver(list)),
    markSent: list => timed('mark', claims.markSent(list)),
    release: list => timed('release', claims.release(list)),
  };
}
