import { expect, test } from '@jest/globals';
import { p256Group, secp256k1Group } from '../../../../src/crypto/index.js';
import {
  bytesLayout,
  listLayout,
  numberLayout,
  pointLayout,
  recordLayout,
  scalarLayout,
  signedLayout,
} from '../../../../src/gg20/zk/layout.js';
import { seededRandom } from '../../../support/builders/frost-exchange.js';

test('numbers have one width, and every spelling of that width is one number', () => {
  const layout = numberLayout(3);
  expect([...layout.encode(5n)]).toEqual([0, 0, 5]);
  expect(layout.decode(Uint8Array.of(0, 0, 5))).toBe(5n);
  expect(layout.decode(Uint8Array.of(0, 5))).toBeUndefined();
  expect(layout.decode(Uint8Array.of(0, 0, 0, 5))).toBeUndefined();
  expect(() => layout.encode(2n ** 24n)).toThrow(RangeError);
});

test('a signed number keeps its sign, and zero has one spelling', () => {
  const layout = signedLayout(2);
  for (const value of [0n, 1n, -1n, 65_535n, -65_535n]) {
    expect(layout.decode(layout.encode(value))).toBe(value);
  }
  expect(layout.decode(Uint8Array.of(1, 0, 0))).toBeUndefined();
  expect(layout.decode(Uint8Array.of(2, 0, 1))).toBeUndefined();
  expect(() => layout.encode(-65_536n)).toThrow(RangeError);
});

test('points are compressed, on the curve, and not the identity', () => {
  const layout = pointLayout(secp256k1Group);
  const G = layout.encode(secp256k1Group.base);
  expect(layout.decode(G)).toEqual(secp256k1Group.base);
  for (const bytes of [
    G.subarray(1),
    new Uint8Array(33),
    Uint8Array.of(0),
    new Uint8Array(33).fill(255),
    Uint8Array.of(4, ...G.subarray(1)),
    secp256k1Group.base.toBytes(false),
  ]) {
    expect(layout.decode(bytes)).toBeUndefined();
  }
});

test('scalars are below the order', () => {
  const layout = scalarLayout(p256Group);
  const encoded = layout.encode(p256Group.order - 1n);
  expect(layout.decode(encoded)).toBe(p256Group.order - 1n);
  encoded[31] = (encoded[31] ?? 0) + 1;
  expect(layout.decode(encoded)).toBeUndefined();
});

test('lists have exactly their count', () => {
  const layout = listLayout(numberLayout(1), 3);
  expect(layout.decode(layout.encode([1n, 2n, 3n]))).toEqual([1n, 2n, 3n]);
  expect(() => layout.encode([1n, 2n])).toThrow(RangeError);
  expect(layout.decode(Uint8Array.of(1, 2))).toBeUndefined();
  expect(layout.decode(Uint8Array.of(1, 2, 3, 4))).toBeUndefined();
});

test('a record is its fields, and any bytes that are read are written again as they were', () => {
  const layout = recordLayout<{ a: bigint; b: bigint; c: Uint8Array }>({
    a: numberLayout(2),
    b: signedLayout(1),
    c: bytesLayout(2),
  });
  expect(layout.byteLength).toBe(6);
  expect([...layout.encode({ a: 1n, b: -2n, c: Uint8Array.of(3, 4) })]).toEqual([0, 1, 1, 2, 3, 4]);
  expect(layout.decode(new Uint8Array(7))).toBeUndefined();

  const random = seededRandom(5);
  let read = 0;
  for (let run = 0; run < 500; run++) {
    const bytes = random.bytes(6);
    bytes[2] = (bytes[2] ?? 0) % 3;
    const record = layout.decode(bytes);
    if (record === undefined) continue;
    read += 1;
    expect(layout.encode(record)).toEqual(bytes);
  }
  expect(read).toBeGreaterThan(100);
});
