/**
 * The machine under a node: clock, randomness, worker threads, signature checks, log lines, files, the data directory and
 * its lock. Adapters of ports. Nothing here knows what the cluster agrees on.
 */
export { hostKindOf, joinAddress, splitAddress } from './addresses.js';
export type { HostKind } from './addresses.js';
export { arithmeticBy } from './arithmetic.js';
export type { Arithmetic } from './arithmetic.js';
export { CURVE_BACKENDS } from './backends/backends.js';
export type { CurveBackend } from './backends/curve-backend.js';
export { auditFiles, readAuditFiles } from './audit-files.js';
export { BACKEND_CHOICES, chooseBackends, groupsBy } from './backends/choice.js';
export type { BackendChoice, BackendNames } from './backends/choice.js';
export { inlineCompute } from './compute/inline.js';
export { WORKERS_MAX } from './compute/limits.js';
export { MainThread } from './compute/main-thread.js';
export { LanePools } from './compute/lane-pools.js';
export { PlainHttp } from './plain-http.js';
export { ProbeServer } from './probes.js';
export { workersByDefault } from './compute/workers.js';
export { systemClock } from './clock.js';
export {
  auditPathOf,
  identityPathOf,
  openDataDirectory,
  snapshotsPathOf,
  storePathsOf,
} from './data-directory.js';
export type { DataDirectory, IdentityOwner } from './data-directory.js';
export {
  ecdsaBy,
  hasLowS,
  recoverEcdsaKey,
  verifyEcdsaP256,
  verifyEcdsaSecp256k1,
} from './ecdsa.js';
export type { EcdsaCurve } from './ecdsa.js';
export { ED25519_KEY_BYTES, privateKeyObject, rawPublicKey } from './ed25519.js';
export {
  makeFolder,
  removeUnfinished,
  replacePrivateFile,
  syncFolderOf,
  writePrivateFile,
  writePublicFile,
} from './files.js';
export { isInUse, lockDataDirectory } from './lock.js';
export type { Lock } from './lock.js';
export { jsonLogger, LOG_LEVELS } from './logger.js';
export type { LogLevel } from './logger.js';
export { guardMemory } from './process-guard.js';
export { systemPrimes } from './primes.js';
export { systemRandom } from './random.js';
export { readerVerifiers } from './reader-verifiers.js';
export { remembering } from './verified.js';
export { snapshotFiles } from './snapshot-files.js';
export { selfTest } from './self-test.js';
export { otelTracer } from './tracer.js';
export { VERIFIERS } from './verifiers.js';
export { nodeVerify } from './verify.js';
