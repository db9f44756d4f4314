import type { Verifiers } from '../algorithms/index.js';
import { Algorithm } from '../wire/index.js';
import { verifyEd25519 } from './openssl.js';
import { verifyBip340, verifySchnorrP256, verifySchnorrSecp256k1 } from './schnorr.js';

/**
 * One verifier for each algorithm of keys, none of which shares code with the signing: OpenSSL's; for Schnorr signatures, which
 * OpenSSL does not know, @noble/curves'.
 */
export const VERIFIERS: Verifiers = {
  // OpenSSL takes a tenth of a millisecond.
  [Algorithm.FROST_ED25519_SHA512]: { isQuick: true, verify: verifyEd25519 },
  [Algorithm.FROST_SECP256K1_SHA256]: { isQuick: false, verify: verifySchnorrSecp256k1 },
  [Algorithm.FROST_SECP256K1_TAPROOT]: { isQuick: false, verify: verifyBip340 },
  [Algorithm.FROST_P256_SHA256]: { isQuick: false, verify: verifySchnorrP256 },
};
