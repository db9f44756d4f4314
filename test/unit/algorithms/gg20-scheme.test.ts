import { describe, expect, test } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { SCHEMES, supplySigning } from '../../../src/algorithms/index.js';
import { u32be } from '../../../src/common/index.js';
import { decodeBigEndian, randomScalar } from '../../../src/crypto/index.js';
import { systemRandom } from '../../../src/machine/index.js';
import type { SharedKey } from '../../../src/sharing/index.js';
import { Algorithm } from '../../../src/wire/index.js';

const chainCode = new Uint8Array(32).fill(0xcc);

describe.each([
  ['GG20_SECP256K1', Algorithm.GG20_SECP256K1, secp256k1],
  ['GG20_P256', Algorithm.GG20_P256, p256],
] as const)('%s', (_, algorithm, { Point }) => {
  const scheme = SCHEMES[algorithm];
  const { group } = scheme.sharing;
  const [a_0, a_1] = [1, 2].map(() => randomScalar(group.order, systemRandom)) as [bigint, bigint];
  const V = [a_0, a_1].map((each) => group.encode(group.multiplyBase(each)));
  const [publicKey = new Uint8Array(0)] = V;
  const key: SharedKey = { threshold: 2, V, publicKey };
  const at = (path: readonly number[]): SharedKey => ({ ...key, derivation: { chainCode, path } });

  const share = (index: number) => ({
    index,
    scalar: group.encodeScalar((a_0 + BigInt(index) * a_1) % group.order),
  });

  test('an algorithm of GG20 signs in sessions, and with no supplies', () => {
    expect(scheme.signing.by).toBe('session');
    expect(() => supplySigning(SCHEMES, algorithm)).toThrow('signs with supplies');
  });

  test('a public key is the point V_0, and what is no point is none', () => {
    expect(scheme.publicKeyOf(publicKey)).toEqual(publicKey);
    expect(scheme.publicKeyOf(new Uint8Array(33))).toBeUndefined();
  });

  test('a share belongs to the sharing that it is of, and to no other', () => {
    expect(scheme.belongs(key, share(3))).toBe(true);
    expect(scheme.belongs(key, { ...share(3), index: 2 })).toBe(false);
    expect(scheme.belongs({ ...key, threshold: 3 }, share(3))).toBe(false);
    expect(scheme.belongs({ ...key, publicKey: V[1] ?? publicKey }, share(3))).toBe(false);
  });

  test('a path is that of BIP-32, and hardened or too deep ones give no key', () => {
    let [point, code] = [Point.fromBytes(publicKey), chainCode];
    for (const number of [0, 7]) {
      const I = createHmac('sha512', code).update(point.toBytes()).update(u32be(number)).digest();
      point = point.add(Point.BASE.multiply(decodeBigEndian(I.subarray(0, 32))));
      code = Uint8Array.from(I.subarray(32));
    }

    expect(scheme.derivedPublicKey(at([0, 7]))).toEqual(point.toBytes());
    expect(scheme.derivedPublicKey(at([]))).toEqual(publicKey);
    expect(scheme.derivedPublicKey(at([2 ** 31]))).toBeUndefined();
    expect(scheme.derivedPublicKey(at(Array(17).fill(0)))).toBeUndefined();
    expect(scheme.derivedPublicKey({ ...at([0]), threshold: 3 })).toBeUndefined();
  });
});
