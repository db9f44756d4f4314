import { expect, jest, test } from '@jest/globals';
import { searchWith } from './leaks.js';

jest.setTimeout(300_000);

test('no secret of a cluster is in its data directories, logs, errors, answers or entries', () => {
  const { secrets, searched, errors, found } = searchWith([]);

  expect(found).toEqual({});
  // There were secrets to find, of every kind, and places to find them in.
  expect(secrets).toMatchObject({ passphrase: 1, 'node key': 2, 'certificate key': 3 });
  for (const kind of ['held', 'value', 'nonce']) expect(secrets[kind]).toBeGreaterThan(8);
  for (const [place, bytes] of Object.entries(searched)) {
    expect([place, bytes > 2_000]).toEqual([place, true]);
  }
  expect(Object.keys(searched)).toHaveLength(11);
  expect(errors.join('\n')).toMatch(/no key nobody[^]*no key treasury that [^]*not the passphrase/);
});
