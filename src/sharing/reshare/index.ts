/**
 * Reshare and refresh: a key's sharing is made anew, from dealers of the base sharing to receivers of the new one, with another threshold
 * or the same; the key stays (`docs/protocols.md`). One protocol for all algorithms.
 */
export {
  checkDealingJob,
  checkDealtValueJob,
  dealingCommitment,
  isDealtValue,
  isRightDealing,
  newPolynomialJob,
} from './checks.js';
export type { Dealing } from './checks.js';
export { openDealingJob } from './dealing.js';
export {
  dealerIndices,
  hashOfFacts,
  receiverCount,
  reshareGroups,
  reshareParties,
} from './facts.js';
export type { BaseSharing, ReshareFacts, ReshareParty } from './facts.js';
export { isUnreadableReshare, judgeReshare } from './judge.js';
export type { AccusedOfReshare } from './judge.js';
export { resharing } from './messages.js';
export type { ReshareGroup, ReshareRounds } from './messages.js';
export { reshare } from './reshare.js';
export type { NewSharing } from './reshare.js';
