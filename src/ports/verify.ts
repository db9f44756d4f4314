/** A public key out of a certificate: Ed25519, 32 bytes, or a point of P-256, not compressed, 65 bytes. */
export type SignatureKey = { readonly kind: 'ed25519' | 'p256'; readonly bytes: Uint8Array };

/** Signature checks: pure, synchronous, and of one opinion on every node. */
export interface Verify {
  /** Claims that `signature` (64 bytes) is Ed25519 by `publicKey` (32 bytes) over `bytes`. Never throws. */
  identity(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean;
  /**
   * Claims that `signature` (64 bytes) is by a certificate's key over `bytes`: Ed25519, or ECDSA with SHA-256, r ‖ s. Never
   * throws.
   */
  certified(key: SignatureKey, bytes: Uint8Array, signature: Uint8Array): boolean;
}
