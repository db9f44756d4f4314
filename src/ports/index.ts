/**
 * Every door to the world, as interfaces only. The simulator fakes what is here; what is not here must be pure.
 */
export type { Clock, Timer } from './clock.js';
export type { Compute, Job, JobName, Jobs } from './compute.js';
export type { Logger, LogFields } from './logger.js';
export type { Channel, Network } from './network.js';
export type { Random } from './random.js';
export type { Signer } from './signer.js';
export type {
  ConsensusStore,
  Entry,
  EntryKind,
  HardState,
  Persist,
  ShareStore,
  Write,
} from './storage.js';
export type { SignatureKey, Verify } from './verify.js';
