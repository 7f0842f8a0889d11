/** What a TLS failure means for the options of a `tls` subsection. */

import { systemCodeOf } from '../core/error-codes.ts';

/**
 * A server that does not like a certificate may be gone before what it says of that is read; a server that restarts looks
 * the same.
 */
const HUNG_UP =
  'It hung up: check that it speaks TLS at this port, and where it wants a certificate, check TLS.certFile and TLS.keyFile.';

/** What answers is there, and is another listener. */
export const NO_TLS_THERE = 'It does not speak TLS at this port.';

/** Node.js's and OpenSSL's codes, and what to do about them; `TLS` stands for the subsection. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [
    /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_\w+|CERT_SIGNATURE_FAILURE|CERT_UNTRUSTED)$/,
    'No authority that is trusted has signed its certificate: check TLS.caFile.',
  ],
  [/^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/, 'Its certificate is not valid now: have it renewed, and check the clock.'],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, 'Its certificate is for another host name: use one of those it is for.'],
  [
    /^ERR_SSL_[\w/]*(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE|CERTIFICATE_UNKNOWN)$/,
    'It does not take the certificate that was shown, or wants one: check TLS.certFile and TLS.keyFile.',
  ],
  [/^(EPROTO|ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|RECORD_LAYER_FAILURE))$/, NO_TLS_THERE],
];

export interface TlsAdvice {
  /** What to do, in a sentence. */
  readonly text: string;
  /** Whether it may be gone at the next attempt. */
  readonly passes: boolean;
}

/** What to do about a failure of a TLS connection; `null` where the error is of another kind. */
export function tlsAdvice(error: unknown, subsection: string): TlsAdvice | null {
  const code = systemCodeOf(error) ?? '';
  const passes = code === 'ECONNRESET' || code === 'EPIPE';
  const text = passes ? HUNG_UP : ADVICE.find(([codes]) => codes.test(code))?.[1];
  return text === undefined ? null : { text: text.replaceAll('TLS.', `${subsection}.`), passes };
}
