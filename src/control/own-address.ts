/** The address under which a server on this machine can be called, whatever it was told to listen on. */

/** A host for a URL: one that can be opened, also where the server listens on all interfaces. */
export function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
