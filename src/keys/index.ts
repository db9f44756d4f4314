/**
 * This node's own secrets: key shares, sealed under the node's wrapping key and filed by the session that made them, a cache of
 * opened ones, and the nonces made from them, which live in memory only and are given out once (`docs/threats.md`, single use).
 * Which version of a key is active is what the state says; when to contribute, what tasks decide. Neither is known here.
 */
export { KeyManager } from './key-manager.js';
export type {
  KeepInput,
  KeyManagerLimits,
  KeyManagerParts,
  LoadInput,
  TakenSupply,
} from './key-manager.js';
