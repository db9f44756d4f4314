/**
 * All algorithms that a node can serve, side by side: a table with a scheme for each, which does not compile with a line
 * missing, and the jobs that are computed for any of them. It knows no key store, no log and no node.
 */
export { signedBytesJob } from './digest-job.js';
export { frostScheme } from './frost-scheme.js';
export { gg20Scheme } from './gg20-scheme.js';
export { algorithmJobs, boundJobs } from './jobs.js';
export type { AlgorithmContext, AnyJob } from './jobs.js';
export type { SigningContext } from './signing-jobs.js';
export { belongsJob, publicKeyJob } from './key-jobs.js';
export { supplySigning } from './scheme.js';
export type {
  Scheme,
  Schemes,
  SessionSigning,
  SignerSupply,
  SigningReason,
  SignShareResult,
  SupplySigning,
  MadeSupply,
  Verifier,
  Verifiers,
} from './scheme.js';
export {
  checkClaimsJob,
  checkSuppliesJob,
  combineJob,
  makeSuppliesJob,
  signShareJob,
  verifyJob,
} from './signing-jobs.js';
export { combineSessionJob } from './session-jobs.js';
export type { CombinedSession, CombineSessionInput, CombiningContext } from './session-jobs.js';
export { askedOf, sessionBasis, sessionSetName } from './session-basis.js';
export type { SessionAttempt } from './session-basis.js';
export { shareKindOf } from './share-kind.js';
export { SCHEMES, schemesOver } from './table.js';
