/**
 * Members, roles and names, and the exact bytes that they sign: the genesis file, SPIFFE ids and roles, facts of nodes, request hashes,
 * task ids and session ids (`docs/architecture.md`, trust), and requesters' certificates in a narrow profile of X.509
 * (`x509/`, RFC 5280). All of it is pure and the same on every node.
 * Signatures are verified behind a port; it knows neither Raft nor the state.
 */
export {
  algorithmName,
  algorithmOf,
  ALGORITHMS,
  isKeyAlgorithm,
  isSupplyOf,
  KEY_ALGORITHMS,
} from './algorithms.js';
export type { AlgorithmFacts, KeyAlgorithm, SigningWay } from './algorithms.js';
export {
  destroyedBytes,
  installedBytes,
  observationBytes,
  KEY_CERTIFICATE_FORMAT,
  KEY_CERTIFICATE_FORMAT_IN_USE,
  preparedBytes,
  presignatureReadyBytes,
  readyBytes,
  voucherBytes,
} from './facts.js';
export { encodeGenesis, parseGenesis, voters, votersAmong } from './genesis.js';
export type { Genesis, GenesisFields, GenesisMember } from './genesis.js';
export { isPath, PARTICIPANTS_MAX, PATH_NUMBERS_MAX, THRESHOLD_MIN } from './key-limits.js';
export { BUILD_LEVEL, isSignedLevelWord, levelBytes, levelWord } from './levels.js';
export { DEFAULT_LIMITS, LIMIT_CEILINGS, LIMIT_NAMES, SERIAL_BYTES_MAX } from './limits.js';
export type { Limits } from './limits.js';
export { encodeMemberRequest, parseMemberRequest } from './member-request.js';
export type { MemberRequest } from './member-request.js';
export { requestHash, sessionIdOf, taskIdOf, traceOf, decisionHash } from './names.js';
export {
  DEFAULT_PROFILE,
  isSetProfile,
  PROFILE_NAMES,
  SET_ID_BYTES,
  setIdOf,
} from './participant-sets.js';
export type { ParticipantSet, SetProfile } from './participant-sets.js';
export { partyIndexOf } from './party-index.js';
export { REQUEST_METADATA, requestBytes } from './requests.js';
export { parseSpiffe } from './spiffe.js';
export type { Identity, Role } from './spiffe.js';
export { splitChain } from './x509/bundle.js';
export { readCertificate } from './x509/certificate.js';
export { Requesters } from './x509/chain.js';
export type { Requester } from './x509/chain.js';
export { keyHashName, keyName, serialName } from './x509/revocation-name.js';
export type { RevocationName } from './x509/revocation-name.js';
export { ecdsaFromDer, rawSignature } from './x509/signature.js';
