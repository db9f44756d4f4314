import { concat, u64be, utf8 } from '../common/index.js';
import type { ClusterId, Millis } from '../common/index.js';
import { lengthPrefixed } from '../wire/index.js';

/** The metadata of a unary call that its requester signed. All three are there, or none. */
export const REQUEST_METADATA = {
  /** Ed25519, or ECDSA in DER, over {@link requestBytes}. */
  signature: 'quorate-signature-bin',
  /** The requester's chain, DER, leaf first, one behind the other. */
  certificate: 'quorate-certificate-bin',
  /** Milliseconds since 1970, decimal. */
  expiry: 'quorate-expiry',
} as const;

const LABEL = utf8('quorate-request-v1');

/**
 * The bytes that a requester signs: "quorate-request-v1" ‖ LP(method) ‖ LP(cluster id) ‖ u64be(expiry) ‖ LP(request).
 *
 * @param method - Full name, for example /quorate.v1.SigningService/Sign.
 * @param request - The request's bytes as they are sent.
 */
export function requestBytes(
  clusterId: ClusterId,
  method: string,
  expireTimeMs: Millis | bigint,
  request: Uint8Array,
): Uint8Array {
  return concat(
    LABEL,
    lengthPrefixed(utf8(method)),
    lengthPrefixed(utf8(clusterId)),
    u64be(expireTimeMs),
    lengthPrefixed(request),
  );
}
