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
