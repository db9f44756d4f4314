import { expect, test } from '@jest/globals';
import { Bug, concat, utf8 } from '../../../src/common/index.js';
import { encodeLittleEndian, modulo } from '../../../src/crypto/index.js';
import {
  aggregate,
  commit,
  createSuite,
  signShare,
  type Commitment,
} from '../../../src/frost/index.js';
import {
  dealRandom,
  seededRandom,
  signAll,
  verifyEd25519,
} from '../../support/builders/frost-exchange.js';
import { ed25519Suite } from '../../support/builders/schemes.js';

const suite = ed25519Suite;
const { group } = suite;
const message = utf8('to be signed');
const random = seededRandom(11);

test('14 of 20 signers sign, an empty message too', () => {
  const { key, shares } = dealRandom(suite, 14, 20, random);
  const made = signAll(suite, key, shares.slice(6), new Uint8Array(), random);

  const result = aggregate(suite, key, made.B, new Uint8Array(), made.shares, (signature) =>
    verifyEd25519(key.publicKey, new Uint8Array(), signature),
  );

  expect(result.ok).toBe(true);
});

/** A 2-of-3 in the middle of a signature: both nonces are made, no share yet. */
function begun() {
  const { key, shares } = dealRandom(suite, 2, 3, random);
  const [one, two, three] = shares;
  if (!one || !two || !three) throw new Error('there are three');
  const nonces = [commit(suite, one.scalar, random), commit(suite, two.scalar, random)] as const;
  const B: readonly Commitment[] = nonces.map(({ D, E }, at) => ({ index: at + 1, D, E }));
  return { key, one, two, three, nonces, B };
}

test('a nonce is wiped by the share that it makes', () => {
  const { key, one, nonces, B } = begun();

  signShare(suite, key, one, nonces[0], B, message);

  expect([...nonces[0].d, ...nonces[0].e].every((byte) => byte === 0)).toBe(true);
});

test('a nonce is wiped when no share comes of it, whatever the reason', () => {
  const { key, one, two, nonces, B } = begun();
  const [, second] = B;

  signShare(
    suite,
    key,
    one,
    nonces[0],
    [{ index: 1, D: two.scalar, E: two.scalar }, ...(second ? [second] : [])],
    message,
  );
  expect(() => signShare(suite, key, two, nonces[1], [], message)).toThrow(Bug);

  for (const { d, e } of nonces) expect([...d, ...e].every((byte) => byte === 0)).toBe(true);
});

test('attack 11: the same key share and even the same message never give the same nonce', () => {
  const { one } = begun();

  const made = Array.from({ length: 4 }, () => commit(suite, one.scalar, random));

  const points = made.flatMap(({ D, E }) => [D.join(), E.join()]);
  expect(new Set(points).size).toBe(8);
});

test('a nonce is hedged: one random string and two key shares give two nonces', () => {
  const { one, two } = begun();
  const fixed = { bytes: (count: number) => new Uint8Array(count).fill(3) };

  const [a, b] = [commit(suite, one.scalar, fixed), commit(suite, two.scalar, fixed)];

  expect(a.D).not.toEqual(b.D);
});

function malformed(B: readonly Commitment[]): (readonly Commitment[])[] {
  const [a, b] = B;
  if (!a || !b) throw new Error('there are two');
  return [
    [a],
    [b, a],
    [a, a],
    [a, b, { ...b, index: 3 }],
    [{ ...a, index: 0 }, b],
    [{ ...a, index: -1 }, b],
    [{ ...a, index: 1.5 }, b],
    [a, { ...b, index: 99 }],
  ];
}

test('attack 12: a list of another length, order or with a stranger makes no share', () => {
  for (let at = 0; at < 8; at++) {
    const { key, one, nonces, B } = begun();
    const list = malformed(B)[at] ?? [];
    expect(() => signShare(suite, key, one, nonces[0], list, message)).toThrow(Bug);
    expect(nonces[0].d.every((byte) => byte === 0)).toBe(true);
  }
});

test('attack 12: a participant that is not among the signers does not sign', () => {
  const { key, three, nonces, B } = begun();

  expect(() => signShare(suite, key, three, nonces[0], B, message)).toThrow(Bug);
});

test.each<[string, Uint8Array]>([
  ['the identity', Uint8Array.of(1, ...new Uint8Array(31))],
  ['a point of small order', new Uint8Array(32)],
  ['y ≥ p', encodeLittleEndian(2n ** 255n - 18n, 32)],
  ['31 bytes', new Uint8Array(31)],
])('attack 7: %s as commitment is declined, and its owner told', (_what, bad) => {
  for (const field of ['D', 'E'] as const) {
    const { key, one, nonces, B } = begun();
    const list = B.map((each) => (each.index === 2 ? { ...each, [field]: bad } : each));

    const result = signShare(suite, key, one, nonces[0], list, message);

    expect(result).toEqual({ declined: 'bad-commitment', index: 2 });
  }
});

test('commitments whose sum is the identity are declined, and no node is blamed', () => {
  const { key, one, nonces, B } = begun();
  // Chance does not find such a list; a suite whose binding factors are all 1 does: D_2 = −D_1 − E_1 − E_2.
  const unbound = createSuite({ ...suite, H1: () => 1n });
  const [first, second] = B;
  if (!first || !second) throw new Error('there are two');
  const points = [first.D, first.E, second.E].map((each) => group.decode(each));
  const sum = points.reduce((total, point) => group.add(total, point), group.identity);
  const list = [first, { ...second, D: group.encode(group.negate(sum)) }];

  const result = signShare(unbound, key, one, nonces[0], list, message);

  expect(result).toEqual({ declined: 'bad-commitment', index: 0 });
});

test('attack 26: a flipped bit of the key share, or of the nonce, never leaves the node', () => {
  for (const flipped of ['share', 'd', 'e'] as const) {
    const { key, one, nonces, B } = begun();
    const target = flipped === 'share' ? one.scalar : nonces[0][flipped];
    target[3] = (target[3] ?? 0) ^ 4;

    const result = signShare(suite, key, one, nonces[0], B, message);

    expect(result).toEqual({ declined: 'wrong-share', index: 1 });
  }
});

test('a public key or V of another share makes no share', () => {
  const other = dealRandom(suite, 2, 3, random).key;
  for (const wrong of [
    { publicKey: other.publicKey },
    { V: other.V },
    { V: other.V, publicKey: other.publicKey },
  ]) {
    const { key, one, nonces, B } = begun();
    const result = signShare(suite, { ...key, ...wrong }, one, nonces[0], B, message);
    expect(result).toEqual({ declined: 'wrong-share', index: 1 });
  }
});

/** Both shares of a 2-of-3. */
function signed() {
  const { key, one, two, nonces, B } = begun();
  const shares = new Map<number, Uint8Array>();
  for (const [at, share] of [one, two].entries()) {
    const nonce = nonces[at];
    const result = nonce && signShare(suite, key, share, nonce, B, message);
    if (result && 'share' in result) shares.set(share.index, result.share);
  }
  const verify = (signature: Uint8Array) => verifyEd25519(key.publicKey, message, signature);
  return { key, B, shares, verify };
}

test.each<[string, (right: Uint8Array) => Uint8Array]>([
  ['one bit', (right) => right.map((byte, at) => (at === 5 ? byte ^ 1 : byte))],
  ['q', () => encodeLittleEndian(group.order, 32)],
  [
    'its own value plus q',
    (right) => encodeLittleEndian((group.decodeScalar(right) ?? 0n) + group.order, 32),
  ],
  ['31 bytes', (right) => right.subarray(1)],
  ['33 bytes', (right) => concat(right, Uint8Array.of(0))],
  ['no bytes', () => new Uint8Array()],
  ['zero', () => new Uint8Array(32)],
])('attack 14: a share that is wrong by %s names its sender alone', (_what, spoil) => {
  const { key, B, shares, verify } = signed();
  const right = shares.get(2) ?? new Uint8Array();
  shares.set(2, spoil(right));

  expect(aggregate(suite, key, B, message, shares, verify)).toEqual({ ok: false, culprits: [2] });
});

test('two wrong shares that cancel each other still make the signature', () => {
  const { key, B, shares, verify } = signed();
  for (const [index, by] of [
    [1, 5n],
    [2, -5n],
  ] as const) {
    const z = group.decodeScalar(shares.get(index) ?? new Uint8Array()) ?? 0n;
    shares.set(index, group.encodeScalar(modulo(z + by, group.order)));
  }

  expect(aggregate(suite, key, B, message, shares, verify).ok).toBe(true);
});

test('two wrong shares name both their signers', () => {
  const { key, B, shares, verify } = signed();
  shares.set(1, new Uint8Array(32));
  shares.set(2, new Uint8Array(3));

  expect(aggregate(suite, key, B, message, shares, verify)).toEqual({
    ok: false,
    culprits: [1, 2],
  });
});

test('attack 28: a signature that the independent verifier refuses is not returned, and names no node', () => {
  const { key, B, shares } = signed();

  const result = aggregate(suite, key, B, message, shares, () => false);

  expect(result).toEqual({ ok: false, culprits: [] });
});

test('attack 28: the second half of a signature is below the order', () => {
  const { key, B, shares, verify } = signed();

  const result = aggregate(suite, key, B, message, shares, verify);

  const z = result.ok ? group.decodeScalar(result.signature.subarray(32)) : undefined;
  expect(z !== undefined && z < group.order).toBe(true);
});

test('attack 25: a V that does not fit the key blames no node', () => {
  const { key, B, shares } = signed();
  const [V_0, V_1] = key.V;
  if (!V_0 || !V_1) throw new Error('t is 2');
  const noPoint = new Uint8Array(32);
  for (const altered of [
    { V: [V_1, V_0] },
    { V: [V_0] },
    { V: [V_0, V_1, V_1] },
    { publicKey: V_1 },
    { V: [V_0, noPoint] },
    { V: [noPoint, V_1], publicKey: noPoint },
  ]) {
    const result = aggregate(suite, { ...key, ...altered }, B, message, shares, () => false);
    expect(result).toEqual({ ok: false, culprits: [] });
  }
});

test('attack 27: an index of 0 or of q is no signer', () => {
  const { key, B, shares, verify } = signed();
  for (const index of [0, 21, Number.MAX_SAFE_INTEGER]) {
    const list = B.map((each) => (each.index === 2 ? { ...each, index } : each));
    expect(() => aggregate(suite, key, list, message, shares, verify)).toThrow(Bug);
  }
});

test('attack 8: another message, key, commitment or index changes every binding factor', () => {
  const { key, B } = begun();
  const [first, second] = B;
  if (!first || !second) throw new Error('there are two');
  const rhoOf = (list: readonly Commitment[], of = key, text = message) => {
    const seen: string[] = [];
    const spy = createSuite({
      ...suite,
      H1: (input) => {
        const rho = suite.H1(input);
        seen.push(String(rho));
        return rho;
      },
    });
    aggregate(spy, of, list, text, new Map(list.map(({ index }) => [index, first.D])), () => true);
    return seen;
  };
  const otherKey = dealRandom(suite, 2, 3, random).key;

  const all = [
    rhoOf(B),
    rhoOf(B, otherKey),
    rhoOf(B, key, utf8('another')),
    rhoOf([first, { ...second, D: second.E }]),
    rhoOf([first, { ...second, E: second.D }]),
    rhoOf([first, { ...second, index: 3 }]),
  ].flat();

  expect(all.length).toBe(12);
  expect(new Set(all).size).toBe(12);
});
