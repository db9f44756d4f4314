/**
 * This node's own secrets: holdings, sealed under the node's wrapping key and filed by the session that made them, a cache of
 * open ones, and the supplies made from them, which live in memory only and are given out once (`docs/threats.md`, single use).
 * The state decides which version of a key is active, tasks when to contribute. Neither is known here.
 */
export type { FailureCount, FailureRecords } from './failure-records.js';
export type { OpenSecrets } from './holdings.js';
export type { KeepMaterialInput, MaterialPlace, OwnMaterials } from './own-materials.js';
export { KeyManager } from './key-manager.js';
export { Presignatures } from './presignatures.js';
export type { PresignatureBinding, PresignatureLimits } from './presignatures.js';
export type { Rewrapped } from './rewrap.js';
export type {
  KeepInput,
  KeyManagerLimits,
  KeyManagerParts,
  LoadInput,
  TakenSupply,
} from './key-manager.js';
