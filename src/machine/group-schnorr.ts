import { p256_hasher } from '@noble/curves/nist.js';
import { schnorr, secp256k1_hasher } from '@noble/curves/secp256k1.js';
import { concat, equal, utf8 } from '../common/index.js';
import { decodeBigEndian, type Group } from '../crypto/index.js';
import { isBip340Length, isRfc9591Length, type Check } from './schnorr.js';

/**
 * The checks of `schnorr.ts` with the points of a library: the same opinion of every signature. The hashes are those of
 * @noble/curves, and the group is not the one that signs, so no code of ours and no cache is common to both.
 */
const POINT_BYTES = 33;
const X_BYTES = 32;
/** SEC 1 §2.3.3: 02 stands before an x whose y is even, which BIP-340 means by x alone. */
const EVEN = 2;

/** RFC 9591, appendix B, with the challenge of §6.4 and §6.5. */
function rfc9591<P>(
  group: Group<P>,
  hasher: Pick<typeof p256_hasher, 'hashToScalar'>,
  context: string,
): Check {
  const DST = utf8(`${context}chal`);
  return (publicKey, message, signature) => {
    if (!isRfc9591Length(publicKey, signature)) return false;
    const encodedR = signature.subarray(0, POINT_BYTES);
    const [PK, R] = [group.decode(publicKey), group.decode(encodedR)];
    const z = group.decodeScalar(signature.subarray(POINT_BYTES));
    if (PK === undefined || R === undefined || z === undefined) return false;
    const c = hasher.hashToScalar(concat(encodedR, publicKey, message), { DST });
    // z·G = R + c·PK
    const right = group.add(R, group.multiplyPublic(PK, c));
    return group.equal(group.multiplyPublic(group.base, z), right);
  };
}

/** FROST(secp256k1, SHA-256). */
export function schnorrSecp256k1By<P>(group: Group<P>): Check {
  return rfc9591(group, secp256k1_hasher, 'FROST-secp256k1-SHA256-v1');
}

/** FROST(P-256, SHA-256). */
export function schnorrP256By<P>(group: Group<P>): Check {
  return rfc9591(group, p256_hasher, 'FROST-P256-SHA256-v1');
}

/** BIP-340; s = 0 is refused, as @noble/curves does. @param group - Of secp256k1. */
export function bip340By<P>(group: Group<P>): Check {
  return (publicKey, message, signature) => {
    if (!isBip340Length(publicKey, signature)) return false;
    const r = signature.subarray(0, X_BYTES);
    const s = group.decodeScalar(signature.subarray(X_BYTES));
    const P = group.decode(concat(Uint8Array.of(EVEN), publicKey));
    if (P === undefined || s === undefined || s === 0n) return false;
    const parts = [r, publicKey, message].map((part) => Uint8Array.from(part));
    const e =
      decodeBigEndian(schnorr.utils.taggedHash('BIP0340/challenge', ...parts)) % group.order;
    // R = s·G − e·P
    const product = group.negate(group.multiplyPublic(P, e));
    const R = group.add(group.multiplyPublic(group.base, s), product);
    if (group.isIdentity(R)) return false;
    return equal(group.encode(R), concat(Uint8Array.of(EVEN), r));
  };
}
