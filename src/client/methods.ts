import { METHODS } from '../state/index.js';
import {
  CancelTaskRequest,
  CancelTaskResponse,
  CorrectTimeRequest,
  CorrectTimeResponse,
  DestroyKeyRequest,
  DestroyKeyResponse,
  GenerateKeyRequest,
  GenerateKeyResponse,
  GetClusterRequest,
  GetClusterResponse,
  GetKeyRequest,
  GetKeyResponse,
  GetTaskRequest,
  GetTaskResponse,
  ListKeysRequest,
  ListKeysResponse,
  ListTasksRequest,
  ListTasksResponse,
  ListRevocationsRequest,
  ListRevocationsResponse,
  RaiseLevelRequest,
  RaiseLevelResponse,
  RequireSignaturesRequest,
  RequireSignaturesResponse,
  ReshareKeyRequest,
  ReshareKeyResponse,
  RestoreKeyRequest,
  RestoreKeyResponse,
  RetireKeyRequest,
  RetireKeyResponse,
  RevokeCertificateRequest,
  RevokeCertificateResponse,
  SignRequest,
  SignResponse,
  SignStreamRequest,
  SignStreamResponse,
  TransferLeadershipRequest,
  TransferLeadershipResponse,
  UnlockSigningRequest,
  UnlockSigningResponse,
  WatchClusterRequest,
  WatchClusterResponse,
  WatchTaskRequest,
  WatchTaskResponse,
} from '../wire/index.js';
import type { MessageType } from '../wire/index.js';
import { QuorateError } from './errors.js';

/** A method of the cluster: its full name, and its messages as bytes. */
export type Method<Request, Answer> = {
  readonly path: string;
  /** @throws QuorateError `invalid-request` for values of another type than the message's. */
  encode(request: Request): Uint8Array;
  /** @throws QuorateError RESULT_INVALID. */
  decode(bytes: Uint8Array): Answer;
};

/** The methods that a client calls. `test/unit/client/methods.test.ts` holds them against the generated services. */
export const CALLS = {
  generateKey: method(METHODS.generateKey, GenerateKeyRequest, GenerateKeyResponse),
  getKey: method('/quorate.v1.KeyService/GetKey', GetKeyRequest, GetKeyResponse),
  listKeys: method('/quorate.v1.KeyService/ListKeys', ListKeysRequest, ListKeysResponse),
  reshareKey: method(METHODS.reshareKey, ReshareKeyRequest, ReshareKeyResponse),
  retireKey: method(METHODS.retireKey, RetireKeyRequest, RetireKeyResponse),
  destroyKey: method(METHODS.destroyKey, DestroyKeyRequest, DestroyKeyResponse),
  restoreKey: method(METHODS.restoreKey, RestoreKeyRequest, RestoreKeyResponse),
  sign: method(METHODS.sign, SignRequest, SignResponse),
  signStream: method(
    '/quorate.v1.SigningService/SignStream',
    SignStreamRequest,
    SignStreamResponse,
  ),
  getTask: method('/quorate.v1.TaskService/GetTask', GetTaskRequest, GetTaskResponse),
  watchTask: method('/quorate.v1.TaskService/WatchTask', WatchTaskRequest, WatchTaskResponse),
  listTasks: method('/quorate.v1.TaskService/ListTasks', ListTasksRequest, ListTasksResponse),
  cancelTask: method(METHODS.cancelTask, CancelTaskRequest, CancelTaskResponse),
  getCluster: method(
    '/quorate.v1.ClusterService/GetCluster',
    GetClusterRequest,
    GetClusterResponse,
  ),
  watchCluster: method(
    '/quorate.v1.ClusterService/WatchCluster',
    WatchClusterRequest,
    WatchClusterResponse,
  ),
  requireSignatures: method(
    METHODS.requireSignatures,
    RequireSignaturesRequest,
    RequireSignaturesResponse,
  ),
  raiseLevel: method(METHODS.raiseLevel, RaiseLevelRequest, RaiseLevelResponse),
  correctTime: method(METHODS.correctTime, CorrectTimeRequest, CorrectTimeResponse),
  revokeCertificate: method(
    METHODS.revokeCertificate,
    RevokeCertificateRequest,
    RevokeCertificateResponse,
  ),
  listRevocations: method(
    '/quorate.v1.ClusterService/ListRevocations',
    ListRevocationsRequest,
    ListRevocationsResponse,
  ),
  transferLeadership: method(
    '/quorate.v1.ClusterService/TransferLeadership',
    TransferLeadershipRequest,
    TransferLeadershipResponse,
  ),
  unlockSigning: method(
    '/quorate.v1.ClusterService/UnlockSigning',
    UnlockSigningRequest,
    UnlockSigningResponse,
  ),
} as const;

function method<Request, Answer>(
  path: string,
  request: MessageType<Request>,
  answer: MessageType<Answer>,
): Method<Request, Answer> {
  return {
    path,
    encode: (message) => {
      try {
        return request.encode(message).finish();
      } catch (cause) {
        const words = `A value of the request is of another type or range (${String(cause)})`;
        throw new QuorateError('invalid-request', words, { cause });
      }
    },
    decode: (bytes) => {
      try {
        return answer.decode(bytes);
      } catch (cause) {
        throw wrongAnswer('bytes that are no answer', cause);
      }
    },
  };
}

/** A node said what no honest node says. Another one may do better, but a person should know. */
export function wrongAnswer(what: string, cause?: unknown): QuorateError {
  return new QuorateError('protocol-abort', `The node answered with ${what}`, {
    reason: 'RESULT_INVALID',
    cause,
  });
}
