/**
 * The SDK that applications import: one client of a cluster, whichever of its nodes answer. It signs requests, retries
 * where a request id makes that safe, bounds every wait, and checks signatures and key certificates (`docs/architecture.md`, trust)
 * against what its caller gave it, never against what the answer says. It holds no secret but its caller's TLS key.
 */
export {
  CLIENT_FILE,
  CLIENT_FILE_FORMAT,
  DEV_FOLDER,
  OPERATOR_FOLDER,
  readClientFile,
} from './client-file.js';
export type { Connection } from './client-file.js';
export { QuorateClient } from './client.js';
export { examineCredentials } from './credentials.js';
export type { CorrectTimeInput } from './correct-time.js';
export type { TransferLeadershipInput, TransferredLeadership } from './transfer-leadership.js';
export { isAskedFor, isLocked } from './unlock.js';
export type { UnlockSigningInput } from './unlock.js';
export { optionsFrom } from './connect-options.js';
export { findConnection } from './find-connection.js';
export type {
  ConnectFiles,
  ConnectOptions,
  GenerateKeyInput,
  GetKeyOptions,
  JudgedKey,
  Signable,
  SigningKeyInput,
  SignInput,
} from './inputs.js';
export { derivePublicKey } from './derived-key.js';
export { ethereumAddress, ethereumSignature, fromEthereumSignature } from './ecdsa/ethereum.js';
export { ecdsaToDer, ecdsaToRaw } from './ecdsa/formats.js';
export { recoverPublicKey } from './ecdsa/recover.js';
export { QuorateError, ServerFault } from './errors.js';
export { reaches, verifyKeyCertificate } from './key-certificate.js';
export type { Judgement, KeyTrust } from './key-certificate.js';
export type { Reader } from './key-requester.js';
export { shortfallOf } from './key-doubts.js';
export type {
  ChangedKey,
  DestroyedKey,
  DestroyKeyInput,
  RestoreKeyInput,
  RetireKeyInput,
} from './key-ends.js';
export type { CancelTaskInput, ReshareKeyInput } from './reshare-key.js';
export type { SigningKey } from './key-doubts.js';
export type { ListInput, ListKeysInput, ListPart, ListTasksInput } from './lists.js';
export type { RevokeCertificateInput } from './revoke-certificate.js';
export { verifySignature } from './signed-payload.js';
export { tlsSigner } from './request-signer.js';
export type { RaiseLevelInput } from './raise-level.js';
export type { RequestSigner } from './request-signer.js';
export type { SignStream } from './stream-carrier.js';
export type { CallOptions } from './until.js';
export type {
  ClusterChange,
  TaskProgress,
  WatchClusterOptions,
  WatchTaskOptions,
} from './watching.js';
export { hasLowS } from '../machine/index.js';
export type { EcdsaCurve } from '../machine/index.js';
export { parseGenesis } from '../identity/index.js';
export type { Genesis } from '../identity/index.js';
export { Algorithm, Gg20Profile, Hash, KeyState, TaskKind, TaskState } from '../wire/index.js';
export type {
  Cluster,
  Key,
  KeyCertificate,
  Label,
  LevelWord,
  Member,
  Revocation,
  SignResponse,
  Task,
} from '../wire/index.js';
