import { recoverEcdsaKey } from '../../machine/index.js';
import type { EcdsaCurve } from '../../machine/index.js';
import { halvesOf, wrongSignature } from './formats.js';

/**
 * The public key that made a signature, a compressed point of 33 bytes (SEC 1 §4.1.6): what Ethereum's `ecrecover` does. It proves
 * nothing by itself: of every digest and signature some key comes out. Compare it with the one that is known.
 *
 * @param digest - 32 bytes, what was signed.
 * @param signature - r ‖ s, 64 bytes.
 * @param recoveryId - Of the answer to a Sign: 0 to 3.
 * @throws QuorateError `invalid-request` where no key is recovered.
 */
export function recoverPublicKey(
  curve: EcdsaCurve,
  digest: Uint8Array,
  signature: Uint8Array,
  recoveryId: number,
): Uint8Array {
  halvesOf(signature);
  const key = recoverEcdsaKey(curve, digest, signature, recoveryId);
  if (key !== undefined) return key;
  throw wrongSignature(
    `gives no ${curve} key with recovery id ${recoveryId} and a digest of ${digest.length} bytes`,
  );
}
