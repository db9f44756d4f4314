import type { NodeId } from '../common/index.js';

/** This node's identity key, to sign with and not to see. */
export interface Signer {
  readonly node: NodeId;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Ed25519 signature, 64 bytes, over `bytes`. */
  sign(bytes: Uint8Array): Uint8Array;
}
