import { expect, test } from '@jest/globals';
import { hostKindOf, joinAddress, splitAddress } from '../../../src/machine/index.js';

test.each([
  ['a.example.org', 'dns'],
  ['localhost', 'dns'],
  ['10.0.0.3', 'ipv4'],
  ['2001:db8::7', 'ipv6'],
  ['fe80::1%eth0', undefined],
  ['a b', undefined],
  ['*.example.org', undefined],
  ['', undefined],
])('the host %s is of the kind %s', (text, kind) => {
  expect(hostKindOf(text)).toBe(kind);
});

test.each(['127.0.0.1:7400', '[::1]:0', 'node_1.internal:65535'])(
  'the address %s is taken apart and put together again',
  (text) => {
    const address = splitAddress(text);
    expect(address && joinAddress(address.host, address.port)).toBe(text);
  },
);

test.each(['[fe80::1%eth0]:7400', '::1:7400', 'a:65536', 'a', '[a]:1', ':1', 'http://a:1'])(
  '%s is refused as an address',
  (text) => {
    expect(splitAddress(text)).toBeUndefined();
  },
);
