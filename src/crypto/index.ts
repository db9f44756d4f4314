/**
 * Pure mathematics: hashes and transcripts, sealing, groups and their scalars, polynomials and what is shared with them
 * (Shamir, Feldman). Randomness is handed in; the same input gives the same output on every node. Sources stand at each
 * function. It knows no protocol, no node and no message.
 */
export { BoundedCache } from './bounded-cache.js';
export { CurveGroup } from './curve-group.js';
export { ed25519Group } from './ed25519-group.js';
export type { Group } from './group.js';
export { NOBLE_GROUPS } from './groups.js';
export type { Curve, Groups } from './groups.js';
export { challenge, hashToField, hmacSha512, sha256, sha512, taggedHash, xof } from './hash.js';
export {
  evaluateInExponent,
  lagrangeAtZero,
  randomPolynomial,
  SecretPolynomial,
} from './polynomial.js';
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
export { p256Group, secp256k1Group } from './weierstrass-groups.js';
export type { AffinePoint } from './weierstrass-groups.js';
