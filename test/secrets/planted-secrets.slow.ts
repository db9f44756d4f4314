import { expect, jest, test } from '@jest/globals';
import {
  LOGGED_AS_BYTES,
  LOGGED_AS_TEXT,
  memoryWith,
  NOTHING_IS_SEALED,
  PUT_INTO_THE_LOG,
  searchWith,
  TOLD_IN_AN_ERROR,
  WIPING_DOES_NOTHING,
} from './leaks.js';

jest.setTimeout(600_000);

test('secrets are found on every disk when nothing is sealed, in a log line, and in a message', () => {
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

test('secrets are found in the entries that carry them', () => {
  const { found } = searchWith([PUT_INTO_THE_LOG]);

  expect(found['entries of node-1']).toContain('held: raw');
  expect(found['data of node-1']).toContain('held: raw');
});

test('a log line given bytes, or a field with the name of a secret, shows none', () => {
  expect(searchWith([LOGGED_AS_BYTES]).found).toEqual({});
});

test('when wiping does nothing, hundreds of arrays still hold a secret in the end', () => {
  const { left } = memoryWith([WIPING_DOES_NOTHING]);

  const count = Object.values(left).reduce((sum, each) => sum + each, 0);
  expect(count).toBeGreaterThan(100);
});
