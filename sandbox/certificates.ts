/** Throw-away certificates for servers on the loopback, made by OpenSSL. */

import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { requireProgram } from './prerequisites.ts';

const execute = promisify(execFile);
const SUBJECT_NAMES = 'subjectAltName=DNS:localhost,IP:127.0.0.1';

/** Paths of PEM files. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  /** Key and certificate in one, as Kafka's PEM key store wants them. */
  readonly both: string;
}

/** A private authority with what it has signed. */
export interface Authority {
  readonly cert: string;
  /** For `localhost` and 127.0.0.1. */
  readonly server: Certificate;
  readonly client: Certificate;
}

/** Makes an authority in a folder; two of the same name sign differently. */
export async function makeAuthority(folder: string, name: string): Promise<Authority> {
  const openssl = requireProgram('openssl', () => {});
  const path = (file: string) => join(folder, `${name}-${file}`);
  const make = async (who: string, ...extra: readonly string[]): Promise<Certificate> => {
    const [cert, key, both] = [path(`${who}.pem`), path(`${who}.key`), path(`${who}-both.pem`)];
    const request = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    const subject = ['-subj', `/O=sandbox/CN=${name} ${who}`];
    await execute(openssl, ['req', ...request, ...subject, '-keyout', key, '-out', cert, ...extra]);
    await writeFile(both, (await readFile(key, 'utf8')) + (await readFile(cert, 'utf8')));
    return { cert, key, both };
  };
  const authority = await make('authority');
  const signed = ['-CA', authority.cert, '-CAkey', authority.key, '-addext', 'basicConstraints=critical,CA:FALSE'];
  const [server, client] = await Promise.all([
    make('server', ...signed, '-addext', SUBJECT_NAMES),
    make('client', ...signed),
  ]);
  return { cert: authority.cert, server, client };
}
