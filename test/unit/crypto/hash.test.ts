import { expect, test } from '@jest/globals';
import { shake256 } from '@noble/hashes/sha3.js';
import { utf8, toHex } from '../../../src/common/index.js';
import { challenge, sha256, sha512, xof } from '../../../src/crypto/index.js';
import { bytesItem, textItem, transcript } from '../../../src/wire/index.js';

test('SHA-256 and SHA-512 of "abc" are those of FIPS 180-4', () => {
  expect(toHex(sha256(utf8('abc')))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
  expect(toHex(sha512(utf8('abc')))).toMatch(/^ddaf35a193617abacc417349ae204131.*a54ca49f$/);
});

test('a digest has a buffer of its own, so that it can be transferred', () => {
  expect(sha256(utf8('abc')).buffer.byteLength).toBe(32);
  expect(Object.getPrototypeOf(xof('a', [], 7))).toBe(Uint8Array.prototype);
});

test('XOF is SHAKE256 of the transcript, at any length', () => {
  const items = [textItem('one'), bytesItem(Uint8Array.of(2))];

  const expected = shake256(transcript('label', items), { dkLen: 300 });

  expect(xof('label', items, 300)).toEqual(expected);
  expect(xof('label', items, 32)).toEqual(expected.subarray(0, 32));
});

test('XOF differs when the label, an item or the border between items moves', () => {
  const outputs = [
    xof('ab', [textItem('c')], 32),
    xof('a', [textItem('bc')], 32),
    xof('a', [textItem('b'), textItem('c')], 32),
    xof('a', [bytesItem(utf8('bc'))], 32),
  ];

  expect(new Set(outputs.map(toHex)).size).toBe(outputs.length);
});

test('a challenge is 64 bytes of XOF read big-endian, reduced', () => {
  const q = (1n << 61n) - 1n;

  const wide = BigInt(`0x${toHex(xof('chal/name', [textItem('x')], 64))}`);

  expect(challenge('name', [textItem('x')], q)).toBe(wide % q);
});
