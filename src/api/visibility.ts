import { ClusterError } from '../common/index.js';
import type { Identity } from '../identity/index.js';
import { mayUse } from '../state/index.js';
import type { ActiveKey } from '../state/index.js';
import type { TaskRecord } from '../wire/index.js';

/*
 * The one rule of what a caller may see. Operators and auditors see everything. An app sees its own: tasks that it asked
 * for, keys that it owns or is an allowed signer of. Of all else it does not learn whether it exists: the answer is
 * `forbidden` either way, as Sign answers it (`src/state/kinds/sign.ts`).
 */

/** The requester whose tasks and keys alone the caller may see; `undefined` for one that sees all. */
export function visibleTo(caller: Identity): string | undefined {
  return caller.role === 'operator' || caller.role === 'auditor' ? undefined : caller.spiffeId;
}

/** @throws ClusterError `not-found` for a key that is not there, `forbidden` for one that the caller may not see. */
export function seenKey(caller: Identity, keyId: string, key: ActiveKey | undefined): ActiveKey {
  const own = visibleTo(caller);
  if (key !== undefined && (own === undefined || mayUse(key, own))) return key;
  if (own === undefined)
    throw new ClusterError('not-found', `There is no key ${keyId}`, { reason: 'KEY_NOT_FOUND' });
  throw new ClusterError('forbidden', `There is no key ${keyId} that ${own} may use`, {
    reason: 'KEY_FORBIDDEN',
  });
}

/** @throws ClusterError `not-found` for a task that is not there, `forbidden` for one that the caller may not see. */
export function seenTask(
  caller: Identity,
  taskId: string,
  task: TaskRecord | undefined,
): TaskRecord {
  const own = visibleTo(caller);
  if (task !== undefined && (own === undefined || task.requester === own)) return task;
  if (own === undefined)
    throw new ClusterError('not-found', `There is no task ${taskId}`, { reason: 'TASK_NOT_FOUND' });
  throw new ClusterError('forbidden', `There is no task ${taskId} of ${own}`, {
    reason: 'TASK_NOT_YOURS',
  });
}
