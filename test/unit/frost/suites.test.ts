import { __TEST as nobleTaproot, schnorr_FROST, secp256k1_FROST } from '@noble/curves/secp256k1.js';
import { ed25519_FROST } from '@noble/curves/ed25519.js';
import { p256_FROST } from '@noble/curves/nist.js';
import { describe, expect, jest, test } from '@jest/globals';
import { equal, utf8, type PartyIndex } from '../../../src/common/index.js';
import { lagrangeAtZero } from '../../../src/crypto/index.js';
import {
  aggregate,
  commit,
  derivedPublicKey,
  publicKeyOf,
  signShare,
  type Commitment,
} from '../../../src/frost/index.js';
import { verificationShare } from '../../../src/sharing/index.js';
import { bind } from '../../../src/frost/binding.js';
import { signingKey } from '../../../src/frost/signing-key.js';
import {
  algorithmName,
  ALGORITHMS,
  isKeyAlgorithm,
  KEY_ALGORITHMS,
} from '../../../src/identity/index.js';
import { SCHEMES } from '../../../src/algorithms/index.js';
import { Algorithm } from '../../../src/wire/index.js';
import {
  dealRandom,
  keysOf,
  runKeygen,
  seededRandom,
  signAll,
  subsets,
  verifies,
} from '../../support/builders/frost-exchange.js';
import { FROST_ALGORITHMS, SUITES } from '../../support/builders/schemes.js';

/** Arithmetic of many parties in one process, beside whatever else the machine does. */
jest.setTimeout(180_000);

const message = utf8('to be signed');
const flip = (bytes: Uint8Array, at: number) =>
  bytes.map((byte, place) => (place === at ? byte ^ 1 : byte));
const suites = FROST_ALGORITHMS.map((algorithm) => {
  const suite = SUITES[algorithm];
  return [algorithmName(algorithm), suite] as const;
});

const ORACLES = new Map<Algorithm, typeof schnorr_FROST>([
  [Algorithm.FROST_ED25519_SHA512, ed25519_FROST],
  [Algorithm.FROST_SECP256K1_SHA256, secp256k1_FROST],
  [Algorithm.FROST_SECP256K1_TAPROOT, schnorr_FROST],
  [Algorithm.FROST_P256_SHA256, p256_FROST],
]);

test('the table of algorithms has each algorithm of a key under its own name, and no other', () => {
  expect(suites.map(([, suite]) => suite.algorithm)).toEqual([1, 2, 3, 4]);
  expect(Object.keys(SCHEMES)).toEqual(['1', '2', '3', '4', '5', '6']);
  for (const algorithm of KEY_ALGORITHMS)
    expect(SCHEMES[algorithm].sharing.algorithm).toBe(algorithm);
  expect(isKeyAlgorithm(Algorithm.UNSPECIFIED)).toBe(false);
  expect(isKeyAlgorithm(Algorithm.UNRECOGNIZED)).toBe(false);
});

describe.each(suites)('%s', (name, suite) => {
  const { group } = suite;
  const random = seededRandom(suite.algorithm * 31);

  test('the lengths that the state demands are those of its points, keys, commitments and signatures', () => {
    const { key, shares } = dealRandom(suite, 2, 3, random);
    const made = signAll(suite, key, shares.slice(0, 2), message, random);
    const result = aggregate(suite, key, made.B, message, made.shares, () => true);

    expect(ALGORITHMS[suite.algorithm]).toEqual({
      name,
      level: 1,
      pointBytes: group.pointBytes,
      signing: {
        by: 'supplies',
        supplyBytes: made.B.slice(0, 1).flatMap(({ D, E }) => [D.length, E.length]),
      },
      signs: 'message',
      publicKeyBytes: key.publicKey.length,
      signatureBytes: result.ok ? result.signature.length : 0,
      evidenceBytesMax: 96 * 1024,
    });
  });

  test('every set of t of n signers, n up to 6, signs with shares of one secret, and the independent verifier takes it', () => {
    let sets = 0;
    for (let count = 2; count <= 6; count++)
      for (let threshold = 2; threshold <= count; threshold++) {
        const { key, shares } = dealRandom(suite, threshold, count, random);
        for (const set of subsets(count, threshold)) {
          const signers = shares.filter(({ index }) => set.includes(index));
          const made = signAll(suite, key, signers, message, random);
          const verify = verifies(suite, key.publicKey, message);

          const result = aggregate(suite, key, made.B, message, made.shares, verify);

          expect({ set, ok: result.ok }).toEqual({ set, ok: true });
          const x = signers.reduce((sum, { index, scalar }) => {
            const x_i = group.decodeScalar(scalar) ?? 0n;
            return (sum + lagrangeAtZero(group.order, set, index) * x_i) % group.order;
          }, 0n);
          expect(group.encode(group.multiplyBase(x))).toEqual(key.V[0]);
          sets += 1;
        }
      }
    // Σ_n Σ_{t ≥ 2} C(n, t) = Σ_n (2^n − 1 − n)
    expect(sets).toBe(1 + 4 + 11 + 26 + 57);
  });

  test('a key that is made together signs, and its public key follows from V', async () => {
    const made = keysOf(await runKeygen({ suite, threshold: 2, count: 3, seed: 5 }));
    const [one, two, three] = made;
    if (!one || !two || !three) throw new Error('there are three');
    expect([two.publicKey, three.publicKey]).toEqual([one.publicKey, one.publicKey]);
    expect(publicKeyOf(suite, one.V[0] ?? new Uint8Array())).toEqual(one.publicKey);
    const key = { threshold: 2, V: one.V, publicKey: one.publicKey };

    const shared = signAll(suite, key, [one.share, three.share], message, random);
    const verify = verifies(suite, key.publicKey, message);
    const result = aggregate(suite, key, shared.B, message, shared.shares, verify);

    expect(result.ok).toBe(true);
  });

  test('attack 7: a commitment that is no point, in any spelling, is declined, and its owner named', () => {
    const { key, shares } = dealRandom(suite, 2, 3, random);
    const length = group.pointBytes;
    const point = group.encode(group.base);
    const bad = [
      new Uint8Array(length), // on Ed25519 of order 4, elsewhere nothing
      new Uint8Array(length).fill(0xff),
      Uint8Array.of(...point.slice(0, 1), ...new Uint8Array(length - 1).fill(0xff)), // x ≥ p
      Uint8Array.of(1, ...new Uint8Array(length - 1)), // on Ed25519 the identity
      Uint8Array.of(0), // the identity, as SEC 1 spells it
      point.slice(1),
      Uint8Array.of(...point, 0),
      Uint8Array.of(4, ...point.slice(1), ...point.slice(1)), // uncompressed
      point.map((byte, at) => (at === 0 ? byte ^ 0x80 : byte)),
    ].filter((bytes) => group.decode(bytes) === undefined);
    expect(bad.length).toBeGreaterThanOrEqual(8);
    const [one] = shares;
    if (one === undefined) throw new Error('there are three');

    for (const bytes of bad)
      for (const field of ['D', 'E'] as const) {
        const { B } = signAll(suite, key, shares.slice(0, 2), message, random);
        const list = B.map((each) => (each.index === 2 ? { ...each, [field]: bytes } : each));
        const result = signShare(suite, key, one, commit(suite, one.scalar, random), list, message);
        expect(result).toEqual({ declined: 'bad-commitment', index: 2 });
      }
  });

  test('exactly the signer that spoils a share is named', () => {
    const { key, shares } = dealRandom(suite, 3, 4, random);
    const made = signAll(suite, key, shares.slice(1), message, random);
    const verify = verifies(suite, key.publicKey, message);
    const right = made.shares.get(3) ?? new Uint8Array();
    const z = group.decodeScalar(right) ?? 0n;
    const wrong = [
      group.encodeScalar((z + 1n) % group.order),
      new Uint8Array(32).fill(0xff),
      right.slice(1),
    ];
    for (const share of wrong) {
      made.shares.set(3, share);
      const result = aggregate(suite, key, made.B, message, made.shares, verify);
      expect(result).toEqual({ ok: false, culprits: [3] });
    }
  });

  test('attack 8: every byte of message, key, commitments and ids changes every binding factor', () => {
    const { key, shares } = dealRandom(suite, 2, 3, random);
    const { B } = signAll(suite, key, shares.slice(0, 2), message, random);
    const signing = signingKey(suite, key);
    if (signing === undefined) throw new Error('the key is sound');
    const factorsOf = (list: readonly Commitment[], text = message, point = signing.point) => {
      const binding = bind(suite, { ...signing, point }, list, text);
      if ('badCommitment' in binding) return undefined;
      return [...binding.signers.values()].map(({ rho }) => rho);
    };
    const before = factorsOf(B);
    const changed: (readonly bigint[] | undefined)[] = [];
    for (let at = 0; at < message.length; at++) changed.push(factorsOf(B, flip(message, at)));
    for (let at = 0; at < signing.point.length; at++)
      changed.push(factorsOf(B, message, flip(signing.point, at)));
    const other = commit(suite, shares[2]?.scalar ?? new Uint8Array(), random);
    for (const at of [0, 1])
      for (const field of ['D', 'E'] as const)
        changed.push(
          factorsOf(
            B.map((each, place) => (place === at ? { ...each, [field]: other[field] } : each)),
          ),
        );
    changed.push(factorsOf(B.map((each) => (each.index === 2 ? { ...each, index: 3 } : each))));

    for (const after of changed) {
      expect(after).toHaveLength(2);
      for (const [at, rho] of (after ?? []).entries()) expect(rho).not.toBe(before?.[at]);
    }
  });

  test.each([
    ['the key itself', []],
    ['a derived key', [0, 5]],
  ])(
    'our signers and noble’s sign together with %s, and each takes the other’s shares',
    (_what, path) => {
      const noble = ORACLES.get(suite.algorithm);
      if (noble === undefined) throw new Error('noble has them all');
      const id = (index: number) => noble.Identifier.fromNumber(index);
      const dealt = dealRandom(suite, 3, 4, random);
      const { shares } = dealt;
      const key = { ...dealt.key, derivation: { chainCode: new Uint8Array(32).fill(7), path } };
      const [one, two, , four] = shares;
      if (!one || !two || !four) throw new Error('there are four');
      // noble derives nothing: it gets a sharing to every value of which the tweak has been added.
      const root = group.decode(key.V[0] ?? new Uint8Array()) ?? group.identity;
      const tweak = suite.derive?.(root, key.derivation.chainCode, path)?.tweak ?? 0n;
      const added = path.length === 0 ? 0n : tweak;
      const plus = (point: unknown) =>
        Uint8Array.from(group.encode(group.add(point, group.multiplyBase(added))));
      const shared = {
        signers: { min: 3, max: 4 },
        commitments: key.V.map((V_l, l) => (l === 0 ? plus(root) : Uint8Array.from(V_l))),
        verifyingShares: Object.fromEntries(
          shares.map(({ index }) => [id(index), plus(verificationShare(suite, key.V, index))]),
        ),
      };
      const x_2 = ((group.decodeScalar(two.scalar) ?? 0n) + added) % group.order;
      const secret = { identifier: id(2), signingShare: Uint8Array.from(group.encodeScalar(x_2)) };
      noble.validateSecret(secret, shared);
      // What noble calls a key is what ours signs with: for Taproot with the tweak of the empty root.
      const empty = new Uint8Array();
      const taproot = suite.taproot !== undefined;
      const nobleKey = taproot ? nobleTaproot.frostTweakPublic(shared, empty) : shared;
      const theirs = taproot ? nobleTaproot.frostTweakSecret(secret, shared, empty) : secret;

      const mine = [one, four].map((share) => ({
        share,
        nonce: commit(suite, share.scalar, random),
      }));
      const { nonces, commitments } = noble.commit(theirs);
      const B: Commitment[] = [
        ...mine.map(({ share, nonce: { D, E } }) => ({ index: share.index, D, E })),
        { index: 2, D: commitments.hiding, E: commitments.binding },
      ].sort((a, b) => a.index - b.index);
      const list = B.map(({ index, D, E }) => ({
        identifier: id(index),
        hiding: Uint8Array.from(D),
        binding: Uint8Array.from(E),
      }));
      const z = new Map<PartyIndex, Uint8Array>([
        [2, noble.signShare(theirs, nobleKey, nonces, list, message)],
      ]);
      for (const { share, nonce } of mine) {
        const made = signShare(suite, key, share, nonce, B, message);
        if ('share' in made) z.set(share.index, made.share);
      }

      for (const [index, share] of z)
        expect(noble.verifyShare(nobleKey, list, message, id(index), share)).toBe(true);
      const named = Object.fromEntries([...z].map(([index, share]) => [id(index), share]));
      const publicKey = derivedPublicKey(suite, key) ?? new Uint8Array();
      expect(equal(publicKey, key.publicKey)).toBe(path.length === 0);
      const verify = verifies(suite, publicKey, message);
      const ours = aggregate(suite, key, B, message, z, verify);
      expect(ours).toEqual({
        ok: true,
        signature: noble.aggregate(nobleKey, list, message, named),
      });
      // And blame, which is not asked for when the sum is right, finds nobody.
      const blamed = aggregate(suite, key, B, message, z, () => false);
      expect(blamed).toEqual({ ok: false, culprits: [] });
    },
  );
});
