import { expect, test } from '@jest/globals';
import { derivePublicKey } from '../../../src/client/index.js';
import { secp256k1Group as group } from '../../../src/crypto/index.js';
import { publicKeyOf } from '../../../src/frost/index.js';
import { Algorithm, KeyCertificate, Sharing } from '../../../src/wire/index.js';
import { taprootSuite } from '../../support/builders/schemes.js';

const algorithm = Algorithm.FROST_SECP256K1_TAPROOT;
const V = [3n, 5n].map((each) => group.encode(group.multiplyBase(each)));
const publicKey = publicKeyOf(taprootSuite, V[0] ?? new Uint8Array()) ?? new Uint8Array();
const sharing = Sharing.fromPartial({
  algorithm,
  threshold: 2,
  publicPolynomial: V,
  publicKey,
  chainCode: new Uint8Array(32).fill(1),
});
const certificate = KeyCertificate.fromPartial({ sharing });
const key = { algorithm, publicKey, certificate };

test('a key derived along a path differs and has the same algorithm; the empty path is the key itself', () => {
  const derived = derivePublicKey(key, [0, 5]);

  expect(derived).toHaveLength(32);
  expect(derived).not.toEqual(publicKey);
  expect(derivePublicKey(key, [])).toBe(publicKey);
  expect(derivePublicKey(key, [2 ** 31])).toBeUndefined();
});

test.each([
  ['of another key', { publicKey: new Uint8Array(32).fill(1) }],
  ['of another algorithm', { algorithm: Algorithm.FROST_SECP256K1_SHA256 }],
  ['of no known algorithm', { algorithm: Algorithm.UNRECOGNIZED }],
  ['that is not there', { certificate: undefined }],
  [
    'whose polynomial is of another key',
    {
      certificate: {
        ...certificate,
        sharing: { ...sharing, publicPolynomial: V.toReversed() },
      },
    },
  ],
])('the client derives no key from a certificate %s', (_, changes) => {
  expect(derivePublicKey({ ...key, ...changes }, [0, 5])).toBeUndefined();
});
