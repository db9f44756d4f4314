import type { SignatureKey } from '../../ports/index.js';
import { Der, readAll, Malformed, TAG, unsigned } from './der.js';

const HALF_BYTES = 32;
const ED25519_BYTES = 2 * HALF_BYTES;

/**
 * A signature as the verifier takes it, 64 bytes, or `undefined` for one that is not spelled in the one way: Ed25519 as it is
 * (RFC 8032); ECDSA of P-256 out of strict DER, r ‖ s (RFC 3279 §2.2.3). Whether r and s are in range is for the verifier.
 *
 * Low and high s are both taken, as ECDSA verifies them (FIPS 186-5 §6.4.2): signers in hardware, OpenSSL, Go and WebCrypto
 * make either, and nothing here is named by a signature. What a request is known by is its id and content.
 */
export function rawSignature(
  kind: SignatureKey['kind'],
  signature: Uint8Array,
): Uint8Array | undefined {
  if (kind === 'ed25519') return signature.length === ED25519_BYTES ? signature : undefined;
  return ecdsaFromDer(signature);
}

/**
 * The 64 bytes r ‖ s of an ECDSA signature in strict DER (RFC 3279 §2.2.3), on a curve whose order has 256 bits; `undefined` for
 * bytes that are not spelled in the one way. Whether r and s are in range is for the verifier.
 */
export function ecdsaFromDer(der: Uint8Array): Uint8Array | undefined {
  try {
    return readAll(der, 'the signature', (all) =>
      all.inside(TAG.sequence, 'the signature', (inner) => {
        const raw = new Uint8Array(2 * HALF_BYTES);
        raw.set(half(inner), 0);
        raw.set(half(inner), HALF_BYTES);
        return raw;
      }),
    );
  } catch {
    return undefined;
  }
}

/** 32 bytes, big-endian. */
function half(der: Der): Uint8Array {
  const number = unsigned(der, 'a half of the signature');
  if (number.length > HALF_BYTES) throw new Malformed('a half of the signature is too long');
  const bytes = new Uint8Array(HALF_BYTES);
  bytes.set(number, HALF_BYTES - number.length);
  return bytes;
}
