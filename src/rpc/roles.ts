import { operationOf, READERS } from '../api/index.js';
import { assert } from '../common/index.js';
import type { Identity, Role } from '../identity/index.js';

/** The callers of a method: these roles, or every holder of a certificate that this listener's authority issued. */
export type Permission = readonly Role[] | 'any-certificate';

const NODES: Permission = ['tee', 'mesh'];

/** The methods of listeners beside the operations of `api/`: those of gRPC libraries, and the streams of nodes. */
const BESIDE_THE_API: Readonly<Record<string, Permission>> = {
  '/grpc.health.v1.Health/Check': 'any-certificate',
  '/grpc.health.v1.Health/List': 'any-certificate',
  '/grpc.health.v1.Health/Watch': 'any-certificate',
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo': READERS,
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo': READERS,
  '/quorate.peer.v1.PeerService/Raft': NODES,
  '/quorate.peer.v1.PeerService/Tasks': NODES,
};

/** The callers that a method permits. @throws Bug when no table has a line for it. */
export function permissionOf(method: string): Permission {
  const permission =
    operationOf(method)?.roles ??
    (Object.hasOwn(BESIDE_THE_API, method) ? BESIDE_THE_API[method] : undefined);
  assert(permission !== undefined, `${method} has no line in a table of roles`);
  return permission;
}

/** Claims that `caller` may call a method of this permission. */
export function permits(permission: Permission, caller: Identity | undefined): boolean {
  if (permission === 'any-certificate') return true;
  return caller !== undefined && permission.includes(caller.role);
}
