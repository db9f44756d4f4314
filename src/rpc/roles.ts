import { assert } from '../common/index.js';
import type { Identity, Role } from '../identity/index.js';

/** Who may call a method: these roles, or everybody whose certificate this listener's authority issued. */
export type Permission = readonly Role[] | 'any-certificate';

const READERS: Permission = ['auditor', 'app', 'operator'];
const REQUESTERS: Permission = ['app', 'operator'];
const NODES: Permission = ['tee', 'mesh'];

/** Every method that any listener serves. A method without a line here cannot be registered. */
const PERMISSIONS: Readonly<Record<string, Permission>> = {
  '/quorate.v1.KeyService/GenerateKey': REQUESTERS,
  '/quorate.v1.KeyService/GetKey': READERS,
  '/quorate.v1.KeyService/ListKeys': READERS,
  '/quorate.v1.SigningService/Sign': REQUESTERS,
  '/quorate.v1.TaskService/GetTask': READERS,
  '/quorate.v1.TaskService/ListTasks': READERS,
  '/quorate.v1.ClusterService/GetCluster': READERS,
  '/quorate.v1.ClusterService/RequireSignatures': ['operator'],
  '/grpc.health.v1.Health/Check': 'any-certificate',
  '/grpc.health.v1.Health/List': 'any-certificate',
  '/grpc.health.v1.Health/Watch': 'any-certificate',
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo': READERS,
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo': READERS,
  '/quorate.peer.v1.PeerService/Raft': NODES,
  '/quorate.peer.v1.PeerService/Session': NODES,
};

/** The table's line for a method. @throws Bug when there is none. */
export function permissionOf(method: string): Permission {
  const permission = Object.hasOwn(PERMISSIONS, method) ? PERMISSIONS[method] : undefined;
  assert(permission !== undefined, `${method} has no line in the role table`);
  return permission;
}

/** Claims that `caller` may call a method of this permission. */
export function permits(permission: Permission, caller: Identity | undefined): boolean {
  if (permission === 'any-certificate') return true;
  return caller !== undefined && permission.includes(caller.role);
}

/** Claims that `caller` sees everybody's tasks and signatures; an `app` sees its own. */
export function seesAllTasks(caller: Identity): boolean {
  return caller.role === 'operator' || caller.role === 'auditor';
}
