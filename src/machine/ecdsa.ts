import { p256 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { concat } from '../common/index.js';
import { decodeBigEndian, inverse, modulo, type Group } from '../crypto/index.js';
import type { Check } from './schnorr.js';

/** The curves that ECDSA keys of a cluster lie on. */
export type EcdsaCurve = 'secp256k1' | 'P-256';

const LIBRARY = { secp256k1, 'P-256': p256 } as const;

const KEY_BYTES = 33;
const DIGEST_BYTES = 32;
const SCALAR_BYTES = 32;
const SIGNATURE_BYTES = 2 * SCALAR_BYTES;
/** SEC 1 §4.1.6: the parity of y, and whether x is the order or more. */
const RECOVERY_IDS = 4;

/**
 * ECDSA (FIPS 186-5 §6.4.2) by @noble/curves. Of the two s that verify, the higher is refused: a cluster makes none.
 *
 * @returns A check of a compressed point of 33 bytes, a digest of 32 bytes in the place of the message, and r ‖ s of 64 bytes.
 */
function ecdsa(curve: EcdsaCurve): Check {
  const library = LIBRARY[curve];
  return (publicKey, digest, signature) => {
    if (!areLengthsRight(publicKey, digest, signature)) return false;
    try {
      const options = { prehash: false, lowS: true, format: 'compact' } as const;
      return library.verify(plain(signature), plain(digest), plain(publicKey), options);
    } catch {
      // Bytes that cannot be decoded do not verify.
      return false;
    }
  };
}

export const verifyEcdsaSecp256k1: Check = ecdsa('secp256k1');
export const verifyEcdsaP256: Check = ecdsa('P-256');

/** The same opinion of every signature, with the points of a library. The group is not the one that signs. */
export function ecdsaBy<P>(group: Group<P>): Check {
  return (publicKey, digest, signature) => {
    if (!areLengthsRight(publicKey, digest, signature)) return false;
    const { order } = group;
    const PK = group.decode(publicKey);
    const r = group.decodeScalar(signature.subarray(0, SCALAR_BYTES));
    const s = group.decodeScalar(signature.subarray(SCALAR_BYTES));
    if (PK === undefined || !r || !s || s > order / 2n) return false;
    const w = inverse(s, order);
    const m = decodeBigEndian(digest) % order;
    const R = group.add(
      group.multiplyPublic(group.base, modulo(m * w, order)),
      group.multiplyPublic(PK, modulo(r * w, order)),
    );
    if (group.isIdentity(R)) return false;
    // SEC 1 §2.3.3: a byte for the parity of y, then x.
    return decodeBigEndian(group.encode(R).subarray(1)) % order === r;
  };
}

/**
 * The public key under which a signature verifies (SEC 1 §4.1.6), 33 bytes; `undefined` where there is none.
 *
 * @param digest - 32 bytes.
 * @param signature - r ‖ s, 64 bytes.
 * @param recoveryId - 0 to 3: which of the points with this r was the nonce's.
 */
export function recoverEcdsaKey(
  curve: EcdsaCurve,
  digest: Uint8Array,
  signature: Uint8Array,
  recoveryId: number,
): Uint8Array | undefined {
  const isId = Number.isInteger(recoveryId) && recoveryId >= 0 && recoveryId < RECOVERY_IDS;
  if (!isId || digest.length !== DIGEST_BYTES || signature.length !== SIGNATURE_BYTES)
    return undefined;
  try {
    const recovered = concat(Uint8Array.of(recoveryId), signature);
    return LIBRARY[curve].recoverPublicKey(recovered, plain(digest), { prehash: false });
  } catch {
    return undefined;
  }
}

/**
 * Claims that s is not above half of the order: with q − s in its place the signature verifies too, and of the two Bitcoin, Ethereum
 * and clusters take the lower.
 *
 * @param signature - r ‖ s, 64 bytes.
 */
export function hasLowS(curve: EcdsaCurve, signature: Uint8Array): boolean {
  const { ORDER } = LIBRARY[curve].Point.Fn;
  return decodeBigEndian(signature.subarray(SCALAR_BYTES)) <= ORDER / 2n;
}

function areLengthsRight(key: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean {
  return (
    key.length === KEY_BYTES &&
    digest.length === DIGEST_BYTES &&
    signature.length === SIGNATURE_BYTES
  );
}

/** The library takes no subclasses of Uint8Array, such as Buffer. */
function plain(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes);
}
