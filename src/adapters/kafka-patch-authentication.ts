/**
 * Patch of kafkajs 2.2.4: it keeps a connection whose authentication failed on its own side (no token could be had, say)
 * and begins anew on it. Brokers take no second handshake (ILLEGAL_SASL_STATE), which kafkajs counts as final: a token
 * endpoint that is away for a second ends the consumer, and the error names the wrong cause.
 *
 * Safe because a connection that is closed is opened again by whoever needs it next.
 */

import { type Patchable, requireInternal } from './kafka-internals.ts';

interface SaslAuthenticatorInternals {
  readonly connection: { disconnect(): Promise<unknown> };
  authenticate(): Promise<void>;
}

let isPatched = false;

/** Closes a connection that could not be authenticated. */
export function patchAuthentication(): void {
  if (isPatched) return;
  isPatched = true;
  const { prototype } = requireInternal<Patchable<SaslAuthenticatorInternals>>('broker/saslAuthenticator/index.js');
  const { authenticate } = prototype;
  prototype.authenticate = async function authenticateOrClose(this: SaslAuthenticatorInternals): Promise<void> {
    try {
      await authenticate.call(this);
    } catch (error) {
      await this.connection.disconnect();
      throw error;
    }
  };
}
