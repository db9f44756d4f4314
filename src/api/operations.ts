import type { Role } from '../identity/index.js';
import { OPERATORS, OVERSEERS, READERS, REQUESTERS } from './roles.js';
import type { ApiContext, Call } from './call.js';
import { correctTime, getCluster, raiseLevel, requireSignatures } from './cluster.js';
import { destroyKey, restoreKey, retireKey } from './key-ends.js';
import { generateKey, getKey, listKeys, reshareKey } from './keys.js';
import { listRevocations, revokeCertificate } from './revocations.js';
import { sign } from './signing.js';
import { cancelTask, getTask, listTasks } from './tasks.js';
import { transferLeadership } from './leadership.js';
import { unlockSigning } from './unlocking.js';

/** One method of the public API with one answer. */
export type Operation = {
  /** The roles whose callers may call it. */
  readonly roles: readonly Role[];
  /** A mutation goes through the log, and may carry its requester's signature; an order is to the node that is called. Of lists a caller may have a few open. */
  readonly effect: 'read' | 'list' | 'mutation' | 'order';
  /**
   * Reads the request and answers with the method's response message.
   *
   * @throws {ClusterError} The fault in the request, or the reason that it cannot be answered.
   */
  handle(context: ApiContext, call: Call): Promise<object>;
};

export type Method =
  | '/quorate.v1.KeyService/GenerateKey'
  | '/quorate.v1.KeyService/GetKey'
  | '/quorate.v1.KeyService/ListKeys'
  | '/quorate.v1.KeyService/ReshareKey'
  | '/quorate.v1.KeyService/RetireKey'
  | '/quorate.v1.KeyService/RestoreKey'
  | '/quorate.v1.KeyService/DestroyKey'
  | '/quorate.v1.SigningService/Sign'
  | '/quorate.v1.TaskService/GetTask'
  | '/quorate.v1.TaskService/ListTasks'
  | '/quorate.v1.TaskService/CancelTask'
  | '/quorate.v1.ClusterService/GetCluster'
  | '/quorate.v1.ClusterService/RequireSignatures'
  | '/quorate.v1.ClusterService/RaiseLevel'
  | '/quorate.v1.ClusterService/CorrectTime'
  | '/quorate.v1.ClusterService/RevokeCertificate'
  | '/quorate.v1.ClusterService/ListRevocations'
  | '/quorate.v1.ClusterService/TransferLeadership'
  | '/quorate.v1.ClusterService/UnlockSigning';

/** The methods of the public API with one answer. A method without a line here, or in `streams.ts`, is served by nothing. */
export const OPERATIONS: Readonly<Record<Method, Operation>> = {
  '/quorate.v1.KeyService/GenerateKey': {
    roles: REQUESTERS,
    effect: 'mutation',
    handle: generateKey,
  },
  '/quorate.v1.KeyService/GetKey': { roles: READERS, effect: 'read', handle: getKey },
  '/quorate.v1.KeyService/ListKeys': { roles: READERS, effect: 'list', handle: listKeys },
  '/quorate.v1.KeyService/ReshareKey': {
    roles: REQUESTERS,
    effect: 'mutation',
    handle: reshareKey,
  },
  '/quorate.v1.KeyService/RetireKey': { roles: REQUESTERS, effect: 'mutation', handle: retireKey },
  '/quorate.v1.KeyService/RestoreKey': {
    roles: REQUESTERS,
    effect: 'mutation',
    handle: restoreKey,
  },
  '/quorate.v1.KeyService/DestroyKey': {
    roles: OPERATORS,
    effect: 'mutation',
    handle: destroyKey,
  },
  '/quorate.v1.SigningService/Sign': { roles: REQUESTERS, effect: 'mutation', handle: sign },
  '/quorate.v1.TaskService/GetTask': { roles: READERS, effect: 'read', handle: getTask },
  '/quorate.v1.TaskService/ListTasks': { roles: READERS, effect: 'list', handle: listTasks },
  '/quorate.v1.TaskService/CancelTask': {
    roles: REQUESTERS,
    effect: 'mutation',
    handle: cancelTask,
  },
  '/quorate.v1.ClusterService/GetCluster': { roles: READERS, effect: 'read', handle: getCluster },
  '/quorate.v1.ClusterService/RequireSignatures': {
    roles: OPERATORS,
    effect: 'mutation',
    handle: requireSignatures,
  },
  '/quorate.v1.ClusterService/RaiseLevel': {
    roles: OPERATORS,
    effect: 'mutation',
    handle: raiseLevel,
  },
  '/quorate.v1.ClusterService/CorrectTime': {
    roles: OPERATORS,
    effect: 'mutation',
    handle: correctTime,
  },
  '/quorate.v1.ClusterService/RevokeCertificate': {
    roles: OPERATORS,
    effect: 'mutation',
    handle: revokeCertificate,
  },
  '/quorate.v1.ClusterService/ListRevocations': {
    roles: OVERSEERS,
    effect: 'read',
    handle: listRevocations,
  },
  '/quorate.v1.ClusterService/TransferLeadership': {
    roles: OPERATORS,
    effect: 'order',
    handle: transferLeadership,
  },
  '/quorate.v1.ClusterService/UnlockSigning': {
    roles: OPERATORS,
    effect: 'order',
    handle: unlockSigning,
  },
};

/** The table's line for a method, if it is one of the API's. */
export function operationOf(method: string): Operation | undefined {
  return isMethod(method) ? OPERATIONS[method] : undefined;
}

function isMethod(method: string): method is Method {
  return Object.hasOwn(OPERATIONS, method);
}
