/**
 * Key generation: Pedersen's with commit-reveal, as a protocol over an `mpc` party, and the public values of the sharing that
 * it makes (`docs/protocols.md`); reshare in a room of its own. Generic in the group, which is handed in. It knows no signature, no log, no node and no storage.
 */
export { checkOpeningJob, checkValueJob, isRightOpening, isRightValue } from './checks.js';
export { deriveByStep } from './derivation.js';
export type { Derived } from './derivation.js';
export { generateKey } from './generate.js';
export type { NewKey } from './generate.js';
export type { KeyShare, SharingGroup } from './group.js';
export { judgeKeygen } from './judge.js';
export type { KeygenReason } from './judge.js';
export { keygen } from './messages.js';
export type { KeygenRounds } from './messages.js';
export { openKeygenJob } from './opening.js';
export { decodeAll, isShareOf, publicPolynomialJob, verificationShare } from './public.js';
export {
  checkDealingJob,
  checkDealtValueJob,
  dealerIndices,
  dealingCommitment,
  isUnreadableReshare,
  judgeReshare,
  newPolynomialJob,
  openDealingJob,
  receiverCount,
  reshare,
  reshareGroups,
  reshareParties,
  resharing,
} from './reshare/index.js';
export type {
  BaseSharing,
  NewSharing,
  ReshareFacts,
  ReshareGroup,
  ReshareParty,
  ReshareRounds,
} from './reshare/index.js';
export { sharedKey } from './shared-key.js';
export type { SharedKey } from './shared-key.js';
