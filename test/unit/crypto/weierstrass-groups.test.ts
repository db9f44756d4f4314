import { p256 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { describe, expect, test } from '@jest/globals';
import { Bug } from '../../../src/common/index.js';
import { encodeBigEndian, p256Group, secp256k1Group } from '../../../src/crypto/index.js';

const compressed = (prefix: number, x: bigint) => Uint8Array.of(prefix, ...encodeBigEndian(x, 32));

const curves = [
  ['secp256k1', secp256k1Group, secp256k1.Point],
  ['P-256', p256Group, p256.Point],
] as const;

describe.each(curves)('%s', (_name, group, Point) => {
  const p = Point.CURVE().p;

  test('a point decodes to itself, whichever library encoded it, with either parity of y', () => {
    for (const scalar of [1n, 2n, 12_345n, group.order - 1n]) {
      const point = Point.BASE.multiply(scalar);

      const decoded = group.decode(point.toBytes(true));

      expect(decoded && group.equal(decoded, group.multiplyBase(scalar))).toBe(true);
      expect(group.encode(group.multiplyBase(scalar))).toEqual(point.toBytes(true));
    }
  });

  test('decoding refuses the uncompressed and hybrid spellings, and any other first byte', () => {
    const point = Point.BASE.multiply(7n);
    const whole = point.toBytes(false);
    expect(group.decode(whole)).toBeUndefined();
    expect(group.decode(whole.subarray(0, 33))).toBeUndefined();
    for (const prefix of [0, 1, 4, 5, 6, 7, 0x82, 0xff])
      expect(group.decode(compressed(prefix, point.x))).toBeUndefined();
  });

  test('decoding refuses x that is not below the field order, though x − p is on the curve', () => {
    let found = 0;
    for (let x = 0n; x < 32n; x++) {
      if (group.decode(compressed(2, x)) !== undefined) found += 1;
      for (const prefix of [2, 3]) {
        expect(group.decode(compressed(prefix, p + x))).toBeUndefined();
      }
    }
    expect(found).toBeGreaterThan(0);
    expect(group.decode(compressed(2, p))).toBeUndefined();
    expect(group.decode(compressed(3, 2n ** 256n - 1n))).toBeUndefined();
  });

  test('decoding refuses x of no point, both parities', () => {
    let none = 0;
    for (let x = 1n; x < 32n; x++) {
      const [even, odd] = [2, 3].map((prefix) => group.decode(compressed(prefix, x)));
      expect(even === undefined).toBe(odd === undefined);
      if (even === undefined) none += 1;
    }
    expect(none).toBeGreaterThan(0);
  });

  test('decoding refuses the identity in every spelling, and other lengths', () => {
    for (const length of [0, 1, 32, 33, 34, 65])
      expect(group.decode(new Uint8Array(length))).toBeUndefined();
    const point = group.encode(group.base);
    expect(group.decode(point.subarray(1))).toBeUndefined();
    expect(group.decode(Uint8Array.of(...point, 0))).toBeUndefined();
    expect(() => group.encode(group.identity)).toThrow(Bug);
  });

  test('scalars of this curve are 32 bytes, highest first, below the order', () => {
    const last = group.order - 1n;

    expect(group.decodeScalar(group.encodeScalar(last))).toBe(last);
    expect(group.encodeScalar(0x0102n).subarray(29)).toEqual(Uint8Array.of(0, 1, 2));
    expect(group.decodeScalar(encodeBigEndian(group.order, 32))).toBeUndefined();
    expect(group.decodeScalar(new Uint8Array(32).fill(0xff))).toBeUndefined();
    expect(group.decodeScalar(new Uint8Array(31))).toBeUndefined();
    expect(group.decodeScalar(new Uint8Array(33))).toBeUndefined();
    expect(() => group.encodeScalar(group.order)).toThrow(Bug);
  });

  test('all multiplications of this curve agree', () => {
    const [a, b] = [123n, group.order - 7n];
    const [A, B] = [group.multiplyBase(a), group.multiplyBase(b)];

    expect(group.equal(group.multiplyPublic(group.base, b), B)).toBe(true);
    const sum = group.add(group.multiplyPublic(A, 9n), group.multiplyPublic(B, 10n));
    const sumOfProducts = group.sumOfProducts([
      [A, 9n],
      [B, 10n],
    ]);
    expect(group.equal(sumOfProducts, sum)).toBe(true);
    expect(group.isIdentity(group.add(A, group.negate(A)))).toBe(true);
    expect(group.isIdentity(group.multiplyBase(0n))).toBe(true);
    expect(group.isIdentity(group.sumOfProducts([]))).toBe(true);
  });
});
