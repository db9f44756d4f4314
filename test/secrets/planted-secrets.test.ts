import { expect, jest, test } from '@jest/globals';
import {
  LOGGED_AS_BYTES,
  LOGGED_AS_TEXT,
  NOTHING_IS_SEALED,
  PUT_INTO_THE_LOG,
  searchWith,
  TOLD_IN_AN_ERROR,
} from './leaks.js';

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
  expect(errors.join('\n')).toMatch(/NOT_FOUND[^]*PERMISSION_DENIED[^]*not the passphrase/);
});

test('they are found on every disk when nothing is sealed, in a log line, and in a message', () => {
  const { found } = searchWith([NOTHING_IS_SEALED, LOGGED_AS_TEXT, TOLD_IN_AN_ERROR]);

  for (const node of ['node-1', 'node-2', 'node-3']) {
    // Raw in the store: key shares. Hex in identity.key: the identity key.
    expect(found[`data of ${node}`]).toEqual(expect.arrayContaining(['held: raw', 'held: hex']));
  }
  const logs = Object.entries(found).filter(([place]) => place.startsWith('log of'));
  expect(logs.flatMap(([, forms]) => forms)).toContain('held: hex');
  expect(found['errors']).toContain('node key: hex');
  expect(found['errors']).toContain('passphrase: raw');
});

test('they are found in the entries that carry them', () => {
  const { found } = searchWith([PUT_INTO_THE_LOG]);

  expect(found['entries of node-1']).toContain('held: raw');
  expect(found['data of node-1']).toContain('held: raw');
});

test('a log line that is given bytes, or a field with the name of a secret, shows none', () => {
  expect(searchWith([LOGGED_AS_BYTES]).found).toEqual({});
});
