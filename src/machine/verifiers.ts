import type { Verifiers } from '../algorithms/index.js';
import type { Groups } from '../crypto/index.js';
import { Algorithm } from '../wire/index.js';
import { ecdsaBy, recoverEcdsaKey, verifyEcdsaP256, verifyEcdsaSecp256k1 } from './ecdsa.js';
import { bip340By, schnorrP256By, schnorrSecp256k1By } from './group-schnorr.js';
import { verifyEd25519 } from './openssl.js';
import { verifyBip340, verifySchnorrP256, verifySchnorrSecp256k1 } from './schnorr.js';

/**
 * One verifier for each algorithm of keys, none of which shares code of ours with the signing: OpenSSL's; for Schnorr signatures
 * and for ECDSA over digests, which OpenSSL does not take, those over the given groups.
 *
 * @param groups - Of libraries, and for verification alone. Where there is none @noble/curves verifies.
 */
export function verifiersBy(groups: {
  readonly secp256k1?: Groups['secp256k1'] | undefined;
  readonly p256?: Groups['p256'] | undefined;
}): Verifiers {
  const { secp256k1, p256 } = groups;
  return {
    // OpenSSL takes a tenth of a millisecond.
    [Algorithm.FROST_ED25519_SHA512]: { isQuick: true, verify: verifyEd25519 },
    [Algorithm.FROST_SECP256K1_SHA256]: {
      isQuick: secp256k1 !== undefined,
      verify: secp256k1 ? schnorrSecp256k1By(secp256k1) : verifySchnorrSecp256k1,
    },
    [Algorithm.FROST_SECP256K1_TAPROOT]: {
      isQuick: secp256k1 !== undefined,
      verify: secp256k1 ? bip340By(secp256k1) : verifyBip340,
    },
    [Algorithm.FROST_P256_SHA256]: {
      isQuick: p256 !== undefined,
      verify: p256 ? schnorrP256By(p256) : verifySchnorrP256,
    },
    [Algorithm.GG20_SECP256K1]: {
      isQuick: secp256k1 !== undefined,
      verify: secp256k1 ? ecdsaBy(secp256k1) : verifyEcdsaSecp256k1,
      recover: (...signed) => recoverEcdsaKey('secp256k1', ...signed),
    },
    [Algorithm.GG20_P256]: {
      isQuick: p256 !== undefined,
      verify: p256 ? ecdsaBy(p256) : verifyEcdsaP256,
      recover: (...signed) => recoverEcdsaKey('P-256', ...signed),
    },
  };
}

/** All of them by OpenSSL and @noble/curves. */
export const VERIFIERS: Verifiers = verifiersBy({});
