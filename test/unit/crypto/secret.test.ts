import { expect, test } from '@jest/globals';
import { inspect } from 'node:util';
import { Bug } from '../../../src/common/index.js';
import { equalSecrets, SecretBytes, wipe } from '../../../src/crypto/index.js';

test('wipe leaves zeros in every array', () => {
  const [a, b] = [Uint8Array.of(1, 2), Uint8Array.of(3)];

  wipe(a, b);

  expect([...a, ...b]).toEqual([0, 0, 0]);
});

test('secrets are equal when length and all bytes are', () => {
  const secret = Uint8Array.of(1, 2, 3);

  expect(equalSecrets(secret, Uint8Array.of(1, 2, 3))).toBe(true);
  for (const other of [[0, 2, 3], [1, 2, 2], [1, 2], [1, 2, 3, 0], []])
    expect(equalSecrets(secret, Uint8Array.from(other))).toBe(false);
});

test('a secret is wiped at the end of its scope, and unusable after it', () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const secret = new SecretBytes(bytes);
  {
    using held = secret;
    expect(held.bytes).toBe(bytes);
  }

  expect([...bytes]).toEqual([0, 0, 0]);
  expect(() => secret.bytes).toThrow(Bug);
});

test('a secret prints as [redacted] wherever it is printed, and refuses to become JSON', () => {
  const secret = new SecretBytes(Uint8Array.of(1, 2, 3));

  expect([String(secret), inspect(secret), inspect({ a: [secret] })]).toEqual([
    '[redacted]',
    '[redacted]',
    '{ a: [ [redacted] ] }',
  ]);
  expect(() => JSON.stringify({ secret })).toThrow(TypeError);
  expect(Object.keys(secret)).toEqual([]);
});
