/** The options of the subsections `tls`: whom the service trusts, and what it shows of itself. */

import { optionalText, toggle } from './config-option.ts';

const PATH = { pattern: /\S/, allowed: 'the path of a PEM file' };

/** For `SECTION.tls`; `impostor` is what anybody could claim to be. */
export function tlsOptions(section: string, servers: string, impostor: string) {
  return {
    caFile: optionalText({
      describe: `Certificates of the authorities that ${servers} are checked against.`,
      ...PATH,
      because: "without it those that come with Node.js count, which rarely know a company's own",
    }),
    certFile: optionalText({
      describe: `Certificate that the service shows to ${servers} (mutual TLS).`,
      ...PATH,
      because: `it is of use only together with ${section}.tls.keyFile`,
    }),
    keyFile: optionalText({
      describe: `Private key of ${section}.tls.certFile.`,
      ...PATH,
      because: `it is of use only together with ${section}.tls.certFile`,
    }),
    rejectUnauthorized: toggle({
      describe: `Refuse ${servers} whose certificate cannot be verified.`,
      default: true,
      because: `without it anybody on the network can be ${impostor}; false is for a test bench`,
    }),
  };
}
