/** Signature checks: pure, synchronous, and of one opinion on every node. */
export interface Verify {
  /** Claims that `signature` (64 bytes) is Ed25519 by `publicKey` (32 bytes) over `bytes`. Never throws. */
  identity(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean;
  /** Claims that `signature` verifies under a key of `algorithm`, by code that did not make it. Never throws. */
  final(
    algorithm: string,
    publicKey: Uint8Array,
    message: Uint8Array,
    signature: Uint8Array,
  ): boolean;
}
