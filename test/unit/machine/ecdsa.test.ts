import { describe, expect, test } from '@jest/globals';
import { createHash, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { concat, utf8 } from '../../../src/common/index.js';
import { decodeBigEndian, encodeBigEndian } from '../../../src/crypto/index.js';
import { Algorithm } from '../../../src/wire/index.js';
import { KINDS_OF_ARITHMETIC } from '../../support/builders/backends.js';

const MESSAGE = utf8('what is signed');
const digest = Uint8Array.from(createHash('sha256').update(MESSAGE).digest());

const CURVES = [
  ['secp256k1', Algorithm.GG20_SECP256K1, secp256k1],
  ['prime256v1', Algorithm.GG20_P256, p256],
] as const;

const flip = (bytes: Uint8Array, at: number) =>
  bytes.map((byte, place) => (place === at ? byte ^ 1 : byte));

/** A signature by OpenSSL, with its lower s, and the compressed public key. */
function signed(namedCurve: 'secp256k1' | 'prime256v1', order: bigint) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve });
  const raw = sign('sha256', MESSAGE, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  const jwk = createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' })).export({
    format: 'jwk',
  });
  const [x, y] = [jwk.x, jwk.y].map((part) => Buffer.from(String(part), 'base64url'));
  if (x === undefined || y === undefined) throw new Error('a point has two coordinates');
  const publicKey = concat(Uint8Array.of(2 + ((y[31] ?? 0) & 1)), x);
  const [r, s] = [raw.subarray(0, 32), decodeBigEndian(raw.subarray(32))];
  const low = s > order / 2n ? order - s : s;
  const at = (value: bigint) => concat(r, encodeBigEndian(value, 32));
  return { publicKey, signature: at(low), high: at(order - low), r };
}

describe.each(KINDS_OF_ARITHMETIC)('by $kind backends', ({ arithmetic }) => {
  describe.each(CURVES)('on %s', (curve, algorithm, { Point }) => {
    const { verify } = arithmetic.verifiers[algorithm];
    const order = Point.Fn.ORDER;

    test("OpenSSL's signature with the lower s verifies over the digest, and with the higher one does not", () => {
      const { publicKey, signature, high } = signed(curve, order);

      expect(verify(publicKey, digest, signature)).toBe(true);
      expect(verify(publicKey, digest, high)).toBe(false);
    });

    test('no other digest, key, length or spelling verifies', () => {
      const { publicKey, signature, r } = signed(curve, order);
      const whole = Point.fromBytes(publicKey).toBytes(false);
      const zero = new Uint8Array(32);

      expect(verify(publicKey, flip(digest, 31), signature)).toBe(false);
      expect(verify(publicKey, MESSAGE, signature)).toBe(false);
      expect(verify(publicKey, new Uint8Array(0), signature)).toBe(false);
      for (const wrong of [flip(publicKey, 0), publicKey.slice(1), whole, new Uint8Array(33)])
        expect(verify(wrong, digest, signature)).toBe(false);
      for (const wrong of [
        flip(signature, 0),
        flip(signature, 63),
        signature.slice(1),
        concat(signature, Uint8Array.of(0)),
        concat(r, zero),
        concat(zero, signature.slice(32)),
        concat(encodeBigEndian(order, 32), signature.slice(32)),
        new Uint8Array(0),
      ])
        expect(verify(publicKey, digest, wrong)).toBe(false);
    });
  });
});
