import { operationOf, READERS, streamOf } from '../api/index.js';
import { assert } from '../common/index.js';
import type { Role } from '../identity/index.js';

const NODES: readonly Role[] = ['tee', 'mesh'];
const EVERY_ROLE: readonly Role[] = [...READERS, ...NODES];

/** The methods of listeners beside the operations of `api/`: those of gRPC libraries, and the streams of nodes. */
const BESIDE_THE_API: Readonly<Record<string, readonly Role[]>> = {
  '/grpc.health.v1.Health/Check': EVERY_ROLE,
  '/grpc.health.v1.Health/List': EVERY_ROLE,
  '/grpc.health.v1.Health/Watch': EVERY_ROLE,
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo': READERS,
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo': READERS,
  '/quorate.peer.v1.PeerService/Raft': NODES,
  '/quorate.peer.v1.PeerService/Tasks': NODES,
};

/** The roles whose callers may call a method. @throws Bug when no table has a line for it. */
export function rolesOf(method: string): readonly Role[] {
  const roles =
    operationOf(method)?.roles ??
    streamOf(method)?.roles ??
    (Object.hasOwn(BESIDE_THE_API, method) ? BESIDE_THE_API[method] : undefined);
  assert(roles !== undefined, `${method} has no line in a table of roles`);
  return roles;
}
