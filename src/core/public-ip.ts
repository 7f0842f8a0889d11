/**
 * IP addresses that can match a visitor: public ones.
 *
 * Guarantee: never throws. Left out are RFC 1918, loopback, link-local, CGNAT (RFC 6598) and unique-local addresses, in
 * IPv6 clothing too, and what is no address; nothing else. An address from inside a data centre would make all contacts
 * of a workspace look like one device.
 */

import type { BuildNote } from './build-notes.ts';
import { present } from './normalise.ts';

const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
/** RFC 1918, loopback, link-local and CGNAT, of what is an address. */
const NOT_PUBLIC = /^(?:10|127|169\.254|172\.(?:1[6-9]|2\d|3[01])|192\.168|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./;
const IPV6_CHARACTERS = /^[0-9a-f:.]+$/i;
const MAPPED = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/;

/** The address, or null with a note. An IPv4 address in IPv6 clothing (`::ffff:…`) comes out as IPv4. */
export function publicIp(ip: string | null, notes: BuildNote[]): string | null {
  const text = present(ip);
  if (text === null) return null;
  const address = unmapped(text);
  const isPublic = address.includes(':') ? isPublicIpv6(address) : isPublicIpv4(address);
  if (isPublic) return address;
  notes.push(isPublic === null ? 'ip_unreadable' : 'ip_private');
  return null;
}

/** null: not an address. */
function isPublicIpv4(address: string): boolean | null {
  return IPV4.test(address) ? !NOT_PUBLIC.test(address) : null;
}

/** null: not an address. */
function isPublicIpv6(address: string): boolean | null {
  const host = ipv6Host(address);
  if (host === null) return null;
  if (host === '[::1]') return false;
  // An address that begins with `::` has no first group: it is 0.
  const firstGroup = host.startsWith('[::') ? 0 : Number.parseInt(host.slice(1), 16);
  const isUniqueLocal = (firstGroup & 0xfe00) === 0xfc00;
  const isLinkLocal = (firstGroup & 0xffc0) === 0xfe80;
  return !isUniqueLocal && !isLinkLocal;
}

function unmapped(text: string): string {
  if (!text.includes(':')) return text;
  const groups = MAPPED.exec(ipv6Host(text) ?? '');
  if (groups === null) return text;
  const [high = 0, low = 0] = groups.slice(1).map(group => Number.parseInt(group, 16));
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

/** The compressed form in brackets, as a URL holds it; the URL parser is the platform's own IPv6 parser. */
function ipv6Host(address: string): string | null {
  if (!IPV6_CHARACTERS.test(address)) return null;
  return URL.parse(`http://[${address}]/`)?.hostname ?? null;
}
