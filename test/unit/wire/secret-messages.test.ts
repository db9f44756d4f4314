import { expect, test } from '@jest/globals';
import {
  decode,
  decodeSecret,
  encode,
  encodeSecret,
  KeygenValue,
  SignedBody,
} from '../../../src/wire/index.js';

const value = new Uint8Array(32).fill(7);
const signed = { body: new Uint8Array(3_000).fill(7), signature: new Uint8Array(64).fill(8) };

test('a secret message has the bytes that it would have as a public one', () => {
  expect(encodeSecret(KeygenValue, { value })).toEqual(encode(KeygenValue, { value }));
  expect(encodeSecret(SignedBody, signed)).toEqual(encode(SignedBody, signed));
  expect(decodeSecret(SignedBody, encode(SignedBody, signed))).toEqual(signed);
});

test('wiping the bytes of a secret message wipes its fields', () => {
  const bytes = encodeSecret(KeygenValue, { value });
  const read = decodeSecret(KeygenValue, bytes);
  expect(read?.value).toEqual(value);

  bytes.fill(0);

  expect(read?.value).toEqual(new Uint8Array(32));
});

test('bytes in another encoding, or too many, are no secret message', () => {
  const good = encodeSecret(KeygenValue, { value });
  for (const bad of [good.subarray(1), Uint8Array.of(...good, 0), new Uint8Array(20_000)]) {
    expect(decodeSecret(KeygenValue, bad)).toBeUndefined();
    expect(decode(KeygenValue, bad)).toBeUndefined();
  }
});
