import { expect, test } from '@jest/globals';
import { findConnection } from '../../../src/cli/connection.js';
import { fakeContext, quorate } from './fake-context.js';

test('bench does not take a cluster’s place from variables or from files that it finds', () => {
  const environment = {
    QUORATE_CLIENT_FILE: '/production/client.json',
    QUORATE_ENDPOINTS: 'production:7400',
    QUORATE_CA: '/production/ca.pem',
  };
  const { context } = fakeContext({ environment });

  expect(() => findConnection({}, context, { namedOnly: true })).toThrow(/Which cluster\?/);
  expect(() => findConnection({ endpoint: ['a:1'] }, context, { namedOnly: true })).toThrow(
    /Which cluster\? Give --ca/,
  );
});

test.each([
  ['--cert', '--cert names no cluster'],
  ['--cluster-file', '--cluster-file names no cluster'],
])('bench refuses %s without a cluster', async (flag, message) => {
  const { status, err } = await quorate(['bench', flag, 'x']);
  expect(err).toContain(message);
  expect(status).toBe(2);
});

test.each([
  [['--algorithm', 'ECDSA'], /"ECDSA" is no algorithm; there are .*GG20_SECP256K1/],
  [['--gg20-profile', 'P2048'], /--gg20-profile goes with GG20_SECP256K1 and GG20_P256/],
  [['--algorithm', 'GG20_P256', '--gg20-profile', 'P4096'], /must be P3072 or P2048/],
])('bench refuses %j before it starts a cluster', async (flags, message) => {
  const { status, err } = await quorate(['bench', ...flags]);
  expect(err).toMatch(message);
  expect(err).not.toMatch(/Starting/);
  expect(status).toBe(2);
});
