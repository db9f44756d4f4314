/**
 * The SDK that applications import: one client of a cluster, whichever of its nodes answer. It signs requests, retries
 * where a request id makes that safe, bounds every wait, and checks signatures and key certificates (`docs/architecture.md`, trust)
 * against what its caller gave it, never against what the answer says. It holds no secret but its caller's TLS key.
 */
export { QuorateClient } from './client.js';
export type {
  ConnectOptions,
  GenerateKeyInput,
  GetKeyOptions,
  JudgedKey,
  SignInput,
} from './inputs.js';
export { derivePublicKey } from './derived-key.js';
export { QuorateError, ServerFault } from './errors.js';
export { reaches, verifyKeyCertificate, verifySignature } from './key-certificate.js';
export type { Judgement, Reader, KeyTrust } from './key-certificate.js';
export type { ListInput, ListKeysInput, ListPart, ListTasksInput } from './lists.js';
export { tlsSigner } from './request-signer.js';
export type { RaiseLevelInput } from './raise-level.js';
export type { RequestSigner } from './request-signer.js';
export type { CallOptions } from './until.js';
export { parseGenesis } from '../identity/index.js';
export type { Genesis } from '../identity/index.js';
export { Algorithm, KeyState, TaskKind, TaskState } from '../wire/index.js';
export type {
  Cluster,
  Key,
  KeyCertificate,
  Label,
  LevelWord,
  Member,
  SignResponse,
  Task,
} from '../wire/index.js';
