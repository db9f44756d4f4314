import { expect, test } from '@jest/globals';
import { fromHex, toHex, utf8 } from '../../../src/common/index.js';
import { aesGcmOpen, aesGcmSeal, hkdfSha256 } from '../../../src/crypto/index.js';

const key = new Uint8Array(32).fill(7);
const nonce = new Uint8Array(12);
const context = utf8('context');
const plain = utf8('plain');

test('sealed bytes open to the plaintext, and the tag stands at the end', () => {
  const sealed = aesGcmSeal(key, nonce, context, plain);

  expect(sealed.length).toBe(plain.length + 16);
  expect(aesGcmOpen(key, nonce, context, sealed)).toEqual(plain);
});

test('AES-256-GCM gives the answer of the GCM specification, test case 14', () => {
  const sealed = aesGcmSeal(new Uint8Array(32), nonce, new Uint8Array(), new Uint8Array(16));

  expect(toHex(sealed)).toBe('cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919');
});

test('sealed bytes do not open when one bit of them, the key, the nonce or the context differs', () => {
  const sealed = aesGcmSeal(key, nonce, context, plain);
  for (let at = 0; at < sealed.length; at++) {
    const altered = sealed.slice();
    altered[at] = (altered[at] ?? 0) ^ 1;
    expect(aesGcmOpen(key, nonce, context, altered)).toBeUndefined();
  }

  expect(aesGcmOpen(new Uint8Array(32), nonce, context, sealed)).toBeUndefined();
  expect(aesGcmOpen(key, new Uint8Array(12).fill(1), context, sealed)).toBeUndefined();
  expect(aesGcmOpen(key, nonce, utf8('other'), sealed)).toBeUndefined();
});

test('bytes too short for a tag do not open', () => {
  expect(aesGcmOpen(key, nonce, context, new Uint8Array(15))).toBeUndefined();
});

test('HKDF-SHA256 gives the answer of RFC 5869, test case 1', () => {
  const output = hkdfSha256(
    new Uint8Array(22).fill(0x0b),
    fromHex('000102030405060708090a0b0c') ?? new Uint8Array(),
    fromHex('f0f1f2f3f4f5f6f7f8f9') ?? new Uint8Array(),
    42,
  );

  expect(toHex(output)).toBe(
    '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  );
});
