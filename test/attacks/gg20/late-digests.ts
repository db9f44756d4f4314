import {
  decodeBigEndian,
  encodeBigEndian,
  inverse,
  modulo,
  randomScalar,
} from '../../../src/crypto/index.js';
import {
  acceptsHash,
  combineShares,
  rerandomised,
  signatureShare,
  type SignedFacts,
} from '../../../src/gg20/index.js';
import { presignAll } from '../../support/builders/gg20-presign.js';
import { dealSigners } from '../../support/builders/gg20-signers.js';
import { gg20, stoppedBy, unstopped } from './attack.js';
import type { Attempt, Gg20Attack } from './attack.js';
import { q, random, set } from './pair.js';

const { curve } = set;
const { group } = curve;

/** ECDSA’s equation, of a digest as a number. */
function verifies(PK: unknown, h: bigint, r: bigint, s: bigint): boolean {
  const inverted = inverse(s, q);
  const point = group.sumOfProducts([
    [group.base, modulo(h * inverted, q)],
    [PK, modulo(r * inverted, q)],
  ]);
  return !group.isIdentity(point) && modulo(curve.x(point), q) === r;
}

/**
 * R is known before the digest is chosen: a signature of h = h*·r/r* under R is one of h* under R* = a·R (Groth and Shoup, section 4).
 */
function lateDigest(): Attempt {
  const { PK, sessions } = dealSigners(set, 'small', [1, 2]);
  const made = [...presignAll({ x: 0n, PK, sessions }).values()].map((outcome) => {
    if (!outcome.ok) throw new Error('honest signers presign');
    return outcome;
  });
  const presignature = made[0]?.presignature;
  if (presignature === undefined) throw new Error('a presignature');
  const { R } = presignature;

  const [wanted, a] = [randomScalar(q, random), randomScalar(q, random)];
  const [r, rStar] = [R, group.multiplyPublic(R, a)].map((point) => modulo(curve.x(point), q));
  if (r === undefined || rStar === undefined) throw new Error('two points');
  const asked = modulo(wanted * r * inverse(rStar, q), q);

  const facts: SignedFacts<unknown> = {
    keyId: 'key-1',
    version: 1,
    hash: 0,
    digest: encodeBigEndian(asked, 32),
    path: [],
    eps: 0n,
    derivedKey: PK,
  };
  const nonce = rerandomised(set, presignature, facts, acceptsHash([]));
  if (nonce === undefined) throw new Error('a nonce');
  const shares = made.map(
    ({ secret }, at) => [at + 1, signatureShare(set, secret, nonce)] as const,
  );
  const signature = combineShares(set, nonce, new Map(shares));
  const low = decodeBigEndian(signature?.bytes.subarray(32) ?? new Uint8Array());
  // In the small group −R has another x than R, and the lower of two s need not be the right one.
  const s = [low, q - low].find((each) => verifies(PK, asked, nonce.r, each));
  if (s === undefined) throw new Error('the signature that was asked for is right');

  const forged = modulo(s * rStar * inverse(r * a, q), q);
  return verifies(PK, wanted, rStar, forged)
    ? unstopped('a signature of a digest that nobody signed')
    : stoppedBy('the signature of the digest is none of another one');
}

export const LATE_DIGESTS: readonly Gg20Attack[] = [
  {
    row: 23,
    name: 'a digest that is chosen after R is known',
    stopped: 'the signature of the digest is none of another one',
    removed: [
      gg20('sign/nonce.js', 'const d = decodeBigEndian(bytes) % group.order;', 'const d = 1n;'),
    ],
    run: lateDigest,
  },
];
