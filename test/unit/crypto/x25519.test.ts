import { expect, test } from '@jest/globals';
import { fromHex, toHex } from '../../../src/common/index.js';
import { SecretBytes, x25519Pair, x25519Shared } from '../../../src/crypto/index.js';

const bytes = (hex: string) => fromHex(hex) ?? new Uint8Array();
const fixed = (hex: string) => ({ bytes: () => bytes(hex) });

test('two pairs share the secret of RFC 7748, section 6.1', () => {
  const alice = x25519Pair(
    fixed('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a'),
  );
  const bob = x25519Pair(fixed('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb'));

  const shared = x25519Shared(alice.secret, bob.publicKey);

  expect(toHex(bob.publicKey)).toBe(
    'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f',
  );
  expect(toHex(shared?.bytes ?? alice.publicKey)).toBe(
    '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742',
  );
  expect(shared?.bytes).toEqual(x25519Shared(bob.secret, alice.publicKey)?.bytes);
});

test('a public key of small order or of another length shares no secret', () => {
  const { secret } = x25519Pair(fixed('11'.repeat(32)));
  // The points of order 1, 2, 4 and 8 and their second spellings (https://cr.yp.to/ecdh.html, "validate").
  const smallOrder = [
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    `ec${'ff'.repeat(30)}7f`,
    `ed${'ff'.repeat(30)}7f`,
    `ee${'ff'.repeat(30)}7f`,
  ];

  for (const point of smallOrder) expect(x25519Shared(secret, bytes(point))).toBeUndefined();
  expect(x25519Shared(secret, new Uint8Array(31).fill(9))).toBeUndefined();
  expect(x25519Shared(new SecretBytes(new Uint8Array(32)), new Uint8Array(33))).toBeUndefined();
});
