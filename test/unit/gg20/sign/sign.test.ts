import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { p256 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import type { PartyIndex } from '../../../../src/common/index.js';
import { toHex, utf8 } from '../../../../src/common/index.js';
import { modulo, sha256 } from '../../../../src/crypto/index.js';
import {
  acceptBody,
  acceptsHash,
  combineShares,
  interactiveNonce,
  isRightShare,
  isSameAccept,
  parameterSet,
  PROFILES,
  readyBytes,
  rerandomised,
  signatureShare,
  type ParameterSet,
  type PublicPresignature,
  type SignedFacts,
  type SigningNonce,
} from '../../../../src/gg20/index.js';
import { CURVES, SET_2048 } from '../../../support/builders/gg20.js';
import { presignAll } from '../../../support/builders/gg20-presign.js';
import { dealSigners } from '../../../support/builders/gg20-signers.js';

const MESSAGE = utf8('what is signed');
const SIGNERS: readonly PartyIndex[] = [1, 2];

describe.each<[string, ParameterSet, typeof secp256k1]>([
  ['secp256k1', SET_2048, secp256k1],
  ['P-256', parameterSet(CURVES['P-256'], PROFILES.P2048), p256],
])('two signers on %s', (_, set, noble) => {
  const { group } = set.curve;
  const q = group.order;
  const key = dealSigners(set, 'P2048', SIGNERS);
  const made = [...presignAll(key).values()].map((outcome) => {
    if (!outcome.ok) throw new Error(JSON.stringify(outcome.failure));
    return outcome;
  });
  const presignature = made[0]?.presignature;
  if (presignature === undefined) throw new Error('a presignature');

  /** The key at a path whose tweaks add up to eps. */
  const factsOf = (eps: bigint, message = MESSAGE): SignedFacts<unknown> => ({
    keyId: 'key-1',
    version: 1,
    hash: 1,
    digest: sha256(message),
    path: eps === 0n ? [] : [7],
    eps,
    derivedKey: group.add(key.PK, group.multiplyBase(eps)),
  });
  const etas = SIGNERS.map((i) => new Uint8Array(32).fill(i));
  const acceptsOf = (facts: SignedFacts<unknown>): readonly Uint8Array[] =>
    etas.map((eta) => acceptBody(set, presignature.ssid, presignature, facts, eta));
  const nonceOf = (facts: SignedFacts<unknown>): SigningNonce<unknown> => {
    const nonce = rerandomised(set, presignature, facts, acceptsHash(acceptsOf(facts)));
    if (nonce === undefined) throw new Error('a nonce');
    return nonce;
  };
  /** Every signer's share, of a copy of its secret. */
  const sharesOf = (nonce: SigningNonce<unknown>): Map<PartyIndex, bigint> =>
    new Map(
      SIGNERS.map((i, at) => [
        i,
        signatureShare(set, Uint8Array.from(made[at]?.secret ?? []), nonce),
      ]),
    );
  const verifies = (bytes: Uint8Array, facts: SignedFacts<unknown>): boolean => {
    const point = group.encode(facts.derivedKey);
    return noble.verify(bytes, facts.digest, point, { prehash: false, lowS: true });
  };
  const opensslVerifies = (bytes: Uint8Array, facts: SignedFacts<unknown>): boolean => {
    const point = noble.Point.fromBytes(group.encode(facts.derivedKey)).toBytes(false);
    const coordinate = (at: number) =>
      Buffer.from(point.subarray(at, at + 32)).toString('base64url');
    const jwk = {
      kty: 'EC',
      crv: set.curve.name,
      x: coordinate(1),
      y: coordinate(33),
    };
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
    return verify('sha256', MESSAGE, { key: publicKey, dsaEncoding: 'ieee-p1363' }, bytes);
  };

  test.each([
    ['the key itself', 0n],
    ['a derived key', 123_456_789n],
  ])('sign with a presignature for %s, as OpenSSL and noble verify', (__, eps) => {
    const facts = factsOf(eps);
    const nonce = nonceOf(facts);
    const shares = sharesOf(nonce);
    const signature = combineShares(set, nonce, shares);
    if (signature === undefined) throw new Error('a signature');

    for (const [j, share] of shares) {
      expect(isRightShare(set, presignature, nonce, j, share)).toBe(true);
      expect(isRightShare(set, presignature, nonce, j, (share + 1n) % q)).toBe(false);
      const other = SIGNERS.find((each) => each !== j) ?? 0;
      expect(isRightShare(set, presignature, nonce, other, share)).toBe(false);
    }
    expect(verifies(signature.bytes, facts)).toBe(true);
    expect(opensslVerifies(signature.bytes, facts)).toBe(true);
    const recovered = noble.Signature.fromBytes(signature.bytes)
      .addRecoveryBit(signature.recoveryId)
      .recoverPublicKey(facts.digest);
    expect(toHex(recovered.toBytes(true))).toBe(toHex(group.encode(facts.derivedKey)));
    expect(BigInt(`0x${toHex(signature.bytes.subarray(32))}`)).toBeLessThanOrEqual(q / 2n);
  });

  test('sign interactively with R as it is', () => {
    const facts = { ...factsOf(77n), hash: 0 };
    const nonce = interactiveNonce(set, presignature, facts);
    if (nonce === undefined) throw new Error('a nonce');
    expect(nonce.d).toBe(1n);
    expect(nonce.R).toEqual(presignature.R);
    const signature = combineShares(set, nonce, sharesOf(nonce));
    expect(signature && verifies(signature.bytes, facts)).toBe(true);
  });

  test('no factor is the same for another message, path, hash, eta or presignature', () => {
    const facts = factsOf(5n);
    const accepts = acceptsHash(acceptsOf(facts));
    const factor = (
      change: Partial<SignedFacts<unknown>>,
      heard = accepts,
      of: PublicPresignature<unknown> = presignature,
    ) => rerandomised(set, of, { ...facts, ...change }, heard)?.d;
    const factors = [
      factor({}),
      factor({ digest: sha256(utf8('another')) }),
      factor({ eps: 6n }),
      factor({ derivedKey: key.PK }),
      factor({ hash: 2 }),
      factor({}, sha256(accepts)),
      factor({}, accepts, { ...presignature, presigId: sha256(presignature.presigId) }),
    ];
    expect(new Set(factors).size).toBe(factors.length);
    expect(factor({})).toBe(factors[0]);
  });

  test('the forgery of a digest that is chosen after R is known does not verify', () => {
    // Without d: a digest h = h*·r/r*, R* = a·R, gives from one signature of h another one of h*.
    const facts = factsOf(0n);
    const nonce = nonceOf(facts);
    const signature = combineShares(set, nonce, sharesOf(nonce));
    if (signature === undefined) throw new Error('a signature');
    const r = modulo(set.curve.x(presignature.R), q);
    expect(nonce.r).not.toBe(r);
    expect(nonce.R).not.toEqual(presignature.R);
  });

  test('an ACCEPT agrees with the own one if eta alone differs', () => {
    const facts = factsOf(5n);
    const [own, other] = acceptsOf(facts);
    if (own === undefined || other === undefined) throw new Error('two');
    expect(isSameAccept(own, other)).toBe(true);
    const changes: readonly Partial<SignedFacts<unknown>>[] = [
      { keyId: 'key-2' },
      { version: 2 },
      { hash: 2 },
      { digest: sha256(utf8('another')) },
      { path: [8] },
      { derivedKey: key.PK },
    ];
    for (const change of changes) {
      const theirs = acceptsOf({ ...facts, ...change })[1] ?? own;
      expect(isSameAccept(own, theirs)).toBe(false);
    }
    expect(isSameAccept(own, other.subarray(1))).toBe(false);
  });

  test('the secret of a presignature is wiped with the first share', () => {
    const secret = Uint8Array.from(made[0]?.secret ?? []);
    signatureShare(set, secret, nonceOf(factsOf(0n)));
    expect(secret.every((byte) => byte === 0)).toBe(true);
    expect(() => signatureShare(set, secret, nonceOf(factsOf(0n)))).toThrow('two scalars');
  });

  test('READY names the presignature', () => {
    const other = { ...presignature, presigId: sha256(presignature.presigId) };
    expect(readyBytes(presignature.presigId)).not.toEqual(readyBytes(other.presigId));
  });
});
