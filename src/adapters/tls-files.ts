/** The subsections `tls` of the configuration: files read, checked and handed on as Node.js wants them. */

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { CodedError, systemCodeOf } from '../core/error-codes.ts';

/** Paths of PEM files; `null` where Node.js's own authorities count, or no certificate is shown. */
export interface TlsFiles {
  readonly caFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
  readonly rejectUnauthorized: boolean;
}

/** PEM texts, by the names of `tls.connect`. */
export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly rejectUnauthorized: boolean;
}

/**
 * Reads the files of `SECTION.tls`.
 * @throws CodedError `CONFIG_INVALID_VALUE` naming the option whose file cannot be read or used
 */
export function readTlsFiles(section: string, files: TlsFiles): TlsMaterial {
  const ca = read(`${section}.tls.caFile`, files.caFile);
  const cert = read(`${section}.tls.certFile`, files.certFile);
  const key = read(`${section}.tls.keyFile`, files.keyFile);
  for (const [option, text] of [ca, cert]) {
    if (text !== null && !holdsCertificate(text)) throw unusable(option, 'holds no certificate in PEM');
  }
  const material = {
    ...(ca[1] === null ? {} : { ca: ca[1] }),
    ...(cert[1] === null ? {} : { cert: cert[1] }),
    ...(key[1] === null ? {} : { key: key[1] }),
    rejectUnauthorized: files.rejectUnauthorized,
  };
  try {
    createSecureContext(material);
  } catch (error) {
    throw unusable(
      `${section}.tls.certFile, ${section}.tls.keyFile`,
      `cannot be used together (${systemCodeOf(error) ?? String(error)})`,
    );
  }
  return material;
}

type NamedText = readonly [option: string, text: string | null];

function read(option: string, path: string | null): NamedText {
  if (path === null) return [option, null];
  try {
    return [option, readFileSync(path, 'utf8')];
  } catch (error) {
    throw unusable(option, `${path} cannot be read (${systemCodeOf(error) ?? String(error)})`);
  }
}

/** OpenSSL passes over a file of authorities without a word when it holds none. */
function holdsCertificate(text: string): boolean {
  try {
    new X509Certificate(text);
    return true;
  } catch {
    return false;
  }
}

function unusable(option: string, problem: string): CodedError {
  return new CodedError('CONFIG_INVALID_VALUE', `${option}: ${problem}. Give the path of a PEM file.`);
}
