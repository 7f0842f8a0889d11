import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CheckContext, publicIp as strictIp } from '../../sandbox/tiktok-checks.ts';
import { STRICT_RULES } from '../../sandbox/tiktok-strictness.ts';
import type { BuildNote } from '../../src/core/build-notes.ts';
import { publicIp } from '../../src/core/public-ip.ts';

const STRICT: CheckContext = { ...STRICT_RULES, source: 'web', nowMs: 0 };

function ipAndNotes(ip: string | null) {
  const notes: BuildNote[] = [];
  return { ip: publicIp(ip, notes), notes };
}

function agreesWithSimulator(ip: string) {
  for (const address of ip.includes(':') ? [ip] : [ip, `::ffff:${ip}`]) {
    const refused = strictIp(address, STRICT) !== null;
    expect([address, ipAndNotes(address).ip === null]).toEqual([address, refused]);
  }
}

describe('an ip address', () => {
  it.each([
    ['8.8.8.8', '8.8.8.8'],
    [' 203.0.113.7 ', '203.0.113.7'],
    ['172.15.0.1', '172.15.0.1'],
    ['172.32.0.1', '172.32.0.1'],
    ['100.63.0.1', '100.63.0.1'],
    ['100.128.0.1', '100.128.0.1'],
    ['192.167.1.1', '192.167.1.1'],
    ['169.253.1.1', '169.253.1.1'],
    ['223.255.255.254', '223.255.255.254'],
    ['2A00:1450:4001:82B::200E', '2A00:1450:4001:82B::200E'],
    ...['11.0.0.1', '9.255.255.255', '192.0.2.1', '198.51.100.1', '198.18.0.1', '192.169.0.1'].map(ip => [ip, ip]),
    ...['2001:db8::1', '64:ff9b::808:808', '2002::1', 'fec0::1', '1::', '::2'].map(ip => [ip, ip]),
    ...['0.0.0.0', '0.1.2.3', '224.0.0.1', '240.0.0.1', '255.255.255.255', '::', 'ff02::1'].map(ip => [ip, ip]),
    ['::ffff:224.0.0.1', '224.0.0.1'],
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:0db8:0000:0000:0000:0000:0000:0001'],
    ['::ffff:8.8.8.8', '8.8.8.8'],
    ['::FFFF:0808:0808', '8.8.8.8'],
  ])('%j is public and goes out as %s', (given, sent) => {
    expect(ipAndNotes(given)).toEqual({ ip: sent, notes: [] });
  });

  it.each([
    ...['10.1.2.3', '127.0.0.1', '169.254.1.1', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
    ...['100.64.0.1', '100.127.255.255', '10.255.255.255', '172.20.1.1'],
    ...[
      '::1',
      'fe80::1',
      'fc00::1',
      'fd12:3456::1',
      'febf::1',
      'fdff::',
      '::ffff:100.64.0.1',
      '::ffff:10.0.0.1',
      '::ffff:127.0.0.1',
      '::ffff:a00:1',
      '::FFFF:C0A8:0101',
      '0:0:0:0:0:ffff:ac10:1',
    ],
  ])('%s is not public and is left out', ip => {
    expect(ipAndNotes(ip)).toEqual({ ip: null, notes: ['ip_private'] });
  });

  it.each([
    '256.1.1.1',
    '1.2.3',
    '08.8.8.8',
    '1.2.3.4:80',
    '8.8.8.8, 10.0.0.1',
    ':::',
    '2001:db8::g',
    'unknown',
    '::1]/[',
  ])('%j is no address and is left out', ip => {
    expect(ipAndNotes(ip)).toEqual({ ip: null, notes: ['ip_unreadable'] });
  });

  it('that is blank is simply absent', () => {
    expect(ipAndNotes(' ')).toEqual({ ip: null, notes: [] });
    expect(ipAndNotes(null)).toEqual({ ip: null, notes: [] });
  });

  it('goes out exactly where the simulator’s strict rules take it', () => {
    const rows = [...Array(2_000).keys()].map(n => `${n % 256}.${(n * 7) % 256}.1.${n % 251}`);
    fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom(...rows)), agreesWithSimulator));
    rows.forEach(agreesWithSimulator);
  });

  it('is never unreadable when it is one, and nothing makes the check throw', () => {
    fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), ip => !ipAndNotes(ip).notes.includes('ip_unreadable')));
    fc.assert(fc.property(fc.string({ unit: 'binary' }), ip => ipAndNotes(ip).notes.length <= 1));
  });
});
