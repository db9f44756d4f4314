import { ed25519, ED25519_TORSION_SUBGROUP } from '@noble/curves/ed25519.js';
import { expect, test } from '@jest/globals';
import { Bug, fromHex } from '../../../src/common/index.js';
import { ed25519Group as group, encodeLittleEndian } from '../../../src/crypto/index.js';

const bytes = (hex: string) => fromHex(hex) ?? new Uint8Array();
const fieldOrder = 2n ** 255n - 19n;

test('a point of the group decodes to itself, whichever library encoded it', () => {
  const point = ed25519.Point.BASE.multiply(12_345n);

  const decoded = group.decode(point.toBytes());

  expect(decoded && group.equal(decoded, group.multiplyBase(12_345n))).toBe(true);
  expect(group.encode(group.multiplyBase(12_345n))).toEqual(point.toBytes());
});

test('Ed25519 decoding refuses all points of small order, the identity among them, in every spelling', () => {
  for (const hex of ED25519_TORSION_SUBGROUP) {
    const signFlipped = bytes(hex);
    signFlipped[31] = (signFlipped[31] ?? 0) ^ 0x80;

    expect(group.decode(bytes(hex))).toBeUndefined();
    expect(group.decode(signFlipped)).toBeUndefined();
  }
});

test('Ed25519 decoding refuses a point that has a part of small order', () => {
  const [, ...torsion] = ED25519_TORSION_SUBGROUP.map((hex) => ed25519.Point.fromBytes(bytes(hex)));
  for (const small of torsion) {
    const mixed = ed25519.Point.BASE.multiply(5n).add(small);
    expect(group.decode(mixed.toBytes())).toBeUndefined();
  }
});

test('Ed25519 decoding refuses coordinates that are not below the field order', () => {
  for (let excess = 0n; excess < 19n; excess++)
    expect(group.decode(encodeLittleEndian(fieldOrder + excess, 32))).toBeUndefined();
});

test('Ed25519 decoding refuses bytes off the curve, and other lengths', () => {
  expect(group.decode(encodeLittleEndian(2n, 32))).toBeUndefined();
  const point = group.encode(group.base);
  expect(group.decode(point.subarray(1))).toBeUndefined();
  expect(group.decode(Uint8Array.of(...point, 0))).toBeUndefined();
  expect(group.decode(new Uint8Array())).toBeUndefined();
});

test('the cache of points keeps the bytes and not the array, which a caller may overwrite', () => {
  const encoded = group.encode(group.multiplyBase(77n));
  const first = group.decode(encoded);
  encoded.fill(0xff);

  expect(group.decode(encoded)).toBeUndefined();
  expect(first && group.equal(first, group.multiplyBase(77n))).toBe(true);
});

test('the identity of Ed25519 has no encoding', () => {
  expect(() => group.encode(group.identity)).toThrow(Bug);
});

test('scalars of Ed25519 are 32 bytes, lowest first, below the order', () => {
  const last = group.order - 1n;

  expect(group.decodeScalar(group.encodeScalar(last))).toBe(last);
  expect(group.encodeScalar(0x0102n).subarray(0, 3)).toEqual(Uint8Array.of(2, 1, 0));
  expect(group.decodeScalar(encodeLittleEndian(group.order, 32))).toBeUndefined();
  expect(group.decodeScalar(new Uint8Array(32).fill(0xff))).toBeUndefined();
  expect(group.decodeScalar(new Uint8Array(31))).toBeUndefined();
  expect(group.decodeScalar(new Uint8Array(33))).toBeUndefined();
  expect(() => group.encodeScalar(group.order)).toThrow(Bug);
});

test('all multiplications of Ed25519 agree', () => {
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
