import { createPublicKey, verify } from 'node:crypto';

/** What OpenSSL says of an Ed25519 signature under a 32-byte public key. */
export function opensslVerifies(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const x = Buffer.from(publicKey).toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return verify(undefined, message, key, signature);
}
