import { ED25519_TORSION_SUBGROUP, ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Bug, fromHex, toHex } from '../../src/common/index.js';
import {
  encodeBigEndian,
  encodeLittleEndian,
  NOBLE_GROUPS,
  type Curve,
  type Group,
} from '../../src/crypto/index.js';
import { CURVE_BACKENDS } from '../../src/machine/index.js';

const RUNS = 200;
const CURVES = ['ed25519', 'secp256k1', 'p256'] as const;
const FIELD_ORDERS: Readonly<Record<Curve, bigint>> = {
  ed25519: 2n ** 255n - 19n,
  secp256k1: 2n ** 256n - 2n ** 32n - 977n,
  p256: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
};

const loaded = await Promise.all(
  CURVES.flatMap((curve) =>
    CURVE_BACKENDS[curve].map(async ({ name, load }) => ({ curve, name, group: await load() })),
  ),
);

test('every backend loads on the machine that runs the tests', () => {
  expect(loaded.map(({ curve, name }) => `${curve}: ${name}`)).toEqual([
    'ed25519: sodium-native',
    'ed25519: libsodium-sumo',
    'ed25519: @noble/curves',
    'secp256k1: secp256k1',
    'secp256k1: tiny-secp256k1',
    'secp256k1: @noble/curves',
    'p256: node:crypto',
    'p256: @noble/curves',
  ]);
});

/** The spelling, or what there is instead of one. */
function spelt<P>(group: Group<P>, point: P | undefined): string {
  if (point === undefined) return 'no point';
  return group.isIdentity(point) ? 'identity' : toHex(group.encode(point));
}

/** A multiple of the base by each group: `own` and `oracle` are the same point. */
type Both<P> = { readonly own: P; readonly oracle: unknown };

const backends = loaded
  .filter(({ name }) => name !== '@noble/curves')
  .map(({ curve, name, group }) => [curve, name, group] as const);

describe.each(backends)('%s by %s', (curve, _name, group) => {
  const oracle = NOBLE_GROUPS[curve];
  const q = oracle.order;
  const edges = [0n, 1n, 2n, 3n, (q - 1n) / 2n, (q + 1n) / 2n, q - 2n, q - 1n];
  const scalar = fc.oneof(
    fc.constantFrom(...edges),
    fc.bigInt({ min: 0n, max: q - 1n }),
    fc.bigInt({ min: 0n, max: 2n ** 64n }),
  );
  const multiple = (by: bigint): Both<unknown> => ({
    own: group.multiplyBase(by),
    oracle: oracle.multiplyBase(by),
  });
  const same = (own: unknown, other: unknown): void =>
    expect(spelt(group, own)).toBe(spelt(oracle, other));

  test('is the group of the oracle', () => {
    expect([group.order, group.pointBytes, group.scalarBytes]).toEqual([
      oracle.order,
      oracle.pointBytes,
      oracle.scalarBytes,
    ]);
    same(group.base, oracle.base);
    same(group.identity, oracle.identity);
  });

  test('accepts the encodings that the oracle accepts, and no other', () => {
    for (const bytes of encodings(curve)) {
      const own = group.decode(bytes);
      const other = oracle.decode(bytes);
      expect(`${toHex(bytes)} ${spelt(group, own)}`).toBe(
        `${toHex(bytes)} ${spelt(oracle, other)}`,
      );
    }
  });

  test('accepts the same of random bytes, and of encodings with one wrong bit', () => {
    expect.hasAssertions();
    const length = oracle.pointBytes;
    const random = fc.uint8Array({ minLength: length, maxLength: length });
    const damaged = fc
      .tuple(scalar, fc.nat(length * 8 - 1))
      .filter(([by]) => by !== 0n)
      .map(([by, bit]) => {
        const bytes = Uint8Array.from(oracle.encode(oracle.multiplyBase(by)));
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        return bytes;
      });
    const prefixed = fc.tuple(fc.constantFrom(2, 3), random).map(([prefix, bytes]) => {
      if (curve !== 'ed25519') bytes[0] = prefix;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(random, damaged, prefixed), (bytes) => {
        same(group.decode(bytes), oracle.decode(bytes));
      }),
      { numRuns: 3 * RUNS },
    );
  });

  test('multiplies like the oracle, by the edges too', () => {
    expect.hasAssertions();
    for (const by of edges) {
      const { own, oracle: other } = multiple(by);
      same(own, other);
      for (const again of edges) {
        same(group.multiplyPublic(own, again), oracle.multiplyPublic(other, again));
        same(group.multiplySecret(own, again), oracle.multiplyPublic(other, again));
      }
    }
    fc.assert(
      fc.property(scalar, scalar, (by, again) => {
        const { own, oracle: other } = multiple(by);
        same(own, other);
        same(group.multiplyPublic(own, again), oracle.multiplyPublic(other, again));
        same(group.multiplySecret(own, again), oracle.multiplyPublic(other, again));
        // The last product is remembered.
        same(group.multiplyPublic(own, again), oracle.multiplyPublic(other, again));
        same(group.multiplyPublic(group.base, again), oracle.multiplyBase(again));
      }),
      { numRuns: RUNS },
    );
  });

  test('adds, negates, compares and sums like the oracle, opposites and the identity too', () => {
    const check = (x: bigint, y: bigint, factor: bigint): void => {
      const [a, b] = [multiple(x), multiple(y)];
      same(group.add(a.own, b.own), oracle.add(a.oracle, b.oracle));
      same(group.add(a.own, a.own), oracle.add(a.oracle, a.oracle));
      same(group.negate(a.own), oracle.negate(a.oracle));
      same(group.add(a.own, group.negate(a.own)), oracle.identity);
      expect(group.equal(a.own, b.own)).toBe(x === y);
      expect(group.isIdentity(a.own)).toBe(x === 0n);
      const terms = [a, b, a] as const;
      const factors = [factor, q - 1n - factor, y] as const;
      same(
        group.sumOfProducts(terms.map(({ own }, at) => [own, factors[at] ?? 0n])),
        oracle.sumOfProducts(terms.map((each, at) => [each.oracle, factors[at] ?? 0n])),
      );
    };
    for (const x of edges) for (const y of edges) check(x, y, x);
    fc.assert(fc.property(scalar, scalar, scalar, check), { numRuns: RUNS });
    same(group.sumOfProducts([]), oracle.identity);
  });

  test('gives points back as they were sent, and refuses to encode the identity', () => {
    fc.assert(
      fc.property(
        scalar.filter((by) => by !== 0n),
        (by) => {
          const { own, oracle: other } = multiple(by);
          const sent = oracle.encode(other);
          const back = group.decode(sent);
          same(back, other);
          expect(back !== undefined && group.equal(back, own)).toBe(true);
          // The array that was given is the caller's.
          const changed = Uint8Array.from(sent);
          const point = group.decode(changed);
          changed.fill(0xff);
          same(point, other);
        },
      ),
      { numRuns: RUNS },
    );
    expect(() => group.encode(group.identity)).toThrow(Bug);
  });

  test('reads and writes scalars like the oracle, and multiplies by none that is not below the order', () => {
    const encode = curve === 'ed25519' ? encodeLittleEndian : encodeBigEndian;
    const bytes = fc.oneof(
      scalar.map((value) => encode(value, 32)),
      fc.bigInt({ min: q, max: 2n ** 256n - 1n }).map((value) => encode(value, 32)),
      fc.uint8Array({ minLength: 0, maxLength: 40 }),
    );
    fc.assert(
      fc.property(bytes, (each) => {
        expect(group.decodeScalar(each)).toBe(oracle.decodeScalar(each));
      }),
      { numRuns: RUNS },
    );
    for (const wrong of [q, q + 1n, -1n]) {
      expect(() => group.encodeScalar(wrong)).toThrow(Bug);
      expect(() => group.multiplyBase(wrong)).toThrow(Bug);
    }
  });
});

/** Edge cases of encodings: by the rules of each curve, points and what only looks like one. */
function encodings(curve: Curve): readonly Uint8Array[] {
  const p = FIELD_ORDERS[curve];
  const { pointBytes } = NOBLE_GROUPS[curve];
  const lengths = [0, 1, 31, 32, 33, 34, 64, 65].flatMap((length) => [
    new Uint8Array(length),
    new Uint8Array(length).fill(0xff),
  ]);
  if (curve === 'ed25519') {
    const torsion = ED25519_TORSION_SUBGROUP.map((hex) => ed25519.Point.fromHex(hex));
    const small = ED25519_TORSION_SUBGROUP.flatMap((hex) => signs(fromHex(hex) ?? bytesOf(0n)));
    const mixed = [1n, 2n, 5n, 12_345n].flatMap((by) =>
      torsion.flatMap((T) => signs(ed25519.Point.BASE.multiply(by).add(T).toBytes())),
    );
    const numbers = [...range(-40n, 40n)].flatMap((n) => [
      ...signs(bytesOf(n < 0n ? p + n : n)),
      ...signs(bytesOf(p + (n < 0n ? 0n : n % 19n))),
    ]);
    return [...lengths, ...small, ...mixed, ...numbers];
  }
  const prefixes = [0, 1, 2, 3, 4, 5, 6, 7, 0x82, 0x83, 0xff];
  const xs = [...range(0n, 40n), ...range(p - 40n, p + 40n), 2n ** 256n - 1n];
  const points = xs.flatMap((x) =>
    prefixes.map((prefix) => Uint8Array.of(prefix, ...encodeBigEndian(x, 32))),
  );
  return [...lengths, new Uint8Array(pointBytes), ...points];
}

/** A spelling with either sign of x. */
function signs(bytes: Uint8Array): readonly Uint8Array[] {
  return [bytes, bytes.map((byte, at) => (at === 31 ? byte ^ 0x80 : byte))];
}

function bytesOf(value: bigint): Uint8Array {
  return encodeLittleEndian(value, 32);
}

function* range(from: bigint, to: bigint): Generator<bigint> {
  for (let at = from; at <= to; at++) yield at;
}
