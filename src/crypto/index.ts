/**
 * Pure mathematics: hashes and transcripts, sealing, groups and their scalars, polynomials and what is shared with them
 * (Shamir, Feldman), powers modulo large numbers (modular/), Paillier's encryption, Ring-Pedersen commitments. Randomness is handed in; the same input gives the same output on every node. Sources stand at each
 * function. It knows no protocol, no node and no message.
 */
export { BoundedCache } from './bounded-cache.js';
export { CurveGroup } from './curve-group.js';
export { ed25519Group } from './ed25519-group.js';
export type { Group } from './group.js';
export { NOBLE_GROUPS } from './groups.js';
export type { Curve, Groups } from './groups.js';
export {
  challenge,
  doubleSha256,
  hashToField,
  hmacSha512,
  keccak256,
  sha256,
  sha512,
  shake256,
  taggedHash,
  xof,
} from './hash.js';
export { DIGEST_BYTES, isMessageHash, MESSAGE_HASHES, messageDigest } from './message-digest.js';
export type { MessageHash } from './message-digest.js';
export { Crt, powerModuloPrimes } from './modular/crt.js';
export {
  areUnits,
  bitLength,
  byteLength,
  gcd,
  hasSmallFactor,
  integerRoot,
  isPerfectPower,
  isUnit,
  jacobi,
  squareRoot,
} from './modular/integers.js';
export { testPowers } from './modular/known-powers.js';
export { Modulus } from './modular/modulus.js';
export type { PowerSource } from './modular/modulus.js';
export { isPrime } from './modular/primality.js';
export { randomBelow, randomSigned, randomUnit } from './modular/sampling.js';
export { PaillierPublicKey, PaillierSecretKey } from './paillier.js';
export {
  evaluateInExponent,
  lagrangeAtZero,
  randomPolynomial,
  SecretPolynomial,
} from './polynomial.js';
export { RingPedersen, RingPedersenTrapdoor } from './ring-pedersen.js';
export {
  decodeBigEndian,
  decodeLittleEndian,
  encodeBigEndian,
  encodeLittleEndian,
  inverse,
  modulo,
  randomScalar,
} from './scalar.js';
export { aesGcmOpen, aesGcmSeal, hkdfSha256 } from './sealing.js';
export { equalSecrets, SecretBytes, wipe } from './secret.js';
export { X25519_BYTES, x25519Pair, x25519Shared } from './x25519.js';
export type { X25519Pair } from './x25519.js';
export { hashToP256, hashToSecp256k1, p256Group, secp256k1Group } from './weierstrass-groups.js';
export type { AffinePoint } from './weierstrass-groups.js';
