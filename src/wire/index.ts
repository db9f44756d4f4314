/**
 * Bytes that leave a node: generated messages, their strict decoding, and the one encoding that is hashed or signed.
 * Messages only; the gRPC services are behind `services.ts`, for `rpc/` alone.
 */
export {
  bytesItem,
  integerItem,
  lengthPrefixed,
  listItem,
  pointItem,
  signedItem,
  textItem,
  transcript,
  u8Item,
  u16Item,
  u32Item,
  u64Item,
} from './canonical.js';
export type { Item } from './canonical.js';
export { decode, decodeSecret, encode, encodeSecret } from './decode.js';
export type { MessageType } from './decode.js';
export { LEVEL_MAX, levelNamed } from './level.js';
export { decodeTaskMessage, encodeTaskMessage, RESULT_LEVEL } from './messages.js';
export type { TaskMessageBody } from './messages.js';
export { Algorithm, Gg20Profile, Hash } from './gen/quorate/v1/algorithm.js';
export { Authorization, Voucher } from './gen/quorate/v1/authorization.js';
export { Duration } from './gen/google/protobuf/duration.js';
export {
  GenerateKeyRequest,
  GenerateKeyResponse,
  GetKeyRequest,
  GetKeyResponse,
  Key,
  KeyCertificate,
  KeyParticipant,
  KeyState,
  KeyEnd,
  Label,
  ListKeysRequest,
  ListKeysResponse,
  NodeSignature,
  DestroyKeyRequest,
  DestroyKeyResponse,
  RestoreKeyRequest,
  RestoreKeyResponse,
  RetireKeyRequest,
  RetireKeyResponse,
  ReshareFailure,
  ReshareKeyRequest,
  ReshareKeyResponse,
  Sharing,
  VersionCertificate,
} from './gen/quorate/v1/key.js';
export { SignRequest, SignResponse } from './gen/quorate/v1/signing.js';
export {
  CancelTaskRequest,
  CancelTaskResponse,
  Culprit,
  GeneratedKeyResult,
  GetTaskRequest,
  GetTaskResponse,
  KeyDestroyedResult,
  PresignatureResult,
  KeyRestoredResult,
  KeyRetiredResult,
  LevelRaisedResult,
  ListTasksRequest,
  ListTasksResponse,
  PreparedResult,
  ResharedKeyResult,
  SignatureResult,
  SignaturesRequiredResult,
  Task,
  TaskAttempt,
  TaskCancelledResult,
  TaskFailure,
  TaskKind,
  TaskState,
  TimeCorrectedResult,
  CertificateRevokedResult,
} from './gen/quorate/v1/task.js';
export {
  DiskRoom,
  Cluster,
  CorrectTimeRequest,
  CorrectTimeResponse,
  GetClusterRequest,
  GetClusterResponse,
  LevelWord,
  ListRevocationsRequest,
  ListRevocationsResponse,
  Member,
  MemberRole,
  PresignaturePool,
  RaiseLevelRequest,
  RaiseLevelResponse,
  RequireSignaturesRequest,
  RequireSignaturesResponse,
  Revocation,
  RevokeCertificateRequest,
  RevokeCertificateResponse,
  SigningFailures,
  SigningFailuresState,
  TransferLeadershipRequest,
  TransferLeadershipResponse,
  UnlockSigningRequest,
  UnlockSigningResponse,
} from './gen/quorate/v1/cluster.js';
export {
  Attempt,
  BootedNode,
  BootedNodes,
  Command,
  Destroyed,
  Done,
  Failed,
  Installed,
  Supply,
  Supplies,
  Ready,
  Request,
  RequestAuthorization,
} from './gen/quorate/peer/v1/entry.js';
export {
  AttemptRecord,
  CancelledRecord,
  PresignFailures,
  ClockRecord,
  FailedRecord,
  GenerationRecord,
  KeyRecord,
  KeySummary,
  KindCount,
  LevelRecord,
  LifecycleRecord,
  MemberRecord,
  MembersRecord,
  RevocationRecord,
  RevocationsRecord,
  RequesterRecord,
  ReshareAuthority,
  ReshareFailureRecord,
  ResharingRecord,
  SetRecord,
  SharingRecord,
  TaskRecord,
  TaskSummary,
  ThresholdCount,
  Totals,
} from './gen/quorate/peer/v1/record.js';
export {
  Auxiliary,
  Preparation,
  Prepared,
  PrepareRequest,
  PresignatureMade,
  PresignRequest,
  RefreshCulprit,
  RefreshRequest,
  Upkeep,
} from './gen/quorate/peer/v1/upkeep.js';
export {
  Declined,
  Echo,
  Envelope,
  KeygenCommitment,
  KeygenOpening,
  KeygenValue,
  ReshareAnnouncement,
  ReshareCommitment,
  ReshareOpening,
  ReshareValue,
  SignatureShare,
  SignedBody,
  SignedDigest,
} from './gen/quorate/peer/v1/envelope.js';
export {
  AttemptEntry,
  Complaint,
  Evidence,
  ShownMessage,
  Transcript,
} from './gen/quorate/peer/v1/evidence.js';
export {
  Acknowledgement,
  Append,
  AppendRefusal,
  AppendReply,
  LogEntry,
  RaftMessage,
  ReadReply,
  ReadRequest,
  VoteReply,
  VoteRequest,
} from './gen/quorate/peer/v1/raft.js';
export {
  FreshSupplies,
  Contribution,
  Decline,
  Fact,
  Forward,
  ForwardRefused,
  Result,
  TaskMessage,
  WantSupplies,
} from './gen/quorate/peer/v1/task_message.js';
export {
  Hello,
  RaftRequest,
  RaftResponse,
  TasksRequest,
  TasksResponse,
} from './gen/quorate/peer/v1/peer.js';
export { Timestamp } from './gen/google/protobuf/timestamp.js';
export { Status } from './gen/google/rpc/status.js';
export { BadRequest, ErrorInfo, RetryInfo } from './gen/google/rpc/error_details.js';
export {
  HealthCheckRequest,
  HealthCheckResponse,
  HealthCheckResponse_ServingStatus,
  HealthListRequest,
  HealthListResponse,
} from './gen/grpc/health/v1/health.js';
export {
  ServerReflectionRequest,
  ServerReflectionResponse,
} from './gen/grpc/reflection/v1/reflection.js';
