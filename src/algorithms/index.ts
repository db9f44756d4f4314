/**
 * All algorithms that a node can serve, side by side: a table with a scheme for each, which does not compile with a line
 * missing, and the jobs that are computed for any of them. It knows no key store, no log and no node.
 */
export { frostScheme } from './frost-scheme.js';
export { algorithmJobs, boundJobs } from './jobs.js';
export type { AnyJob } from './jobs.js';
export type { SigningContext } from './signing-jobs.js';
export { belongsJob, publicKeyJob } from './key-jobs.js';
export type {
  Schemes,
  SignerSupply,
  SigningReason,
  SignShareResult,
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
export { SCHEMES, schemesOver } from './table.js';
