import { equal, keyId, nodeId } from '../common/index.js';
import type { Millis } from '../common/index.js';
import { destroyedBytes, requestHash } from '../identity/index.js';
import { encode, KeyDestroyedResult } from '../wire/index.js';
import type { Destroyed, LifecycleRecord } from '../wire/index.js';
import type { StateEvent } from './events.js';
import { awaitedNodes } from './keys.js';
import type { ActiveKey } from './keys.js';
import type { JudgingContext } from './kind-rules.js';
import { readKey, readTask, writeKey } from './records.js';
import { closeTask, isOpen } from './tasks.js';
import type { Draft, View } from './view.js';

/** A key that is being destroyed. */
type Destroying = ActiveKey & { readonly lifecycle: LifecycleRecord };

/** The key that `destroyed` belongs to, when it is being destroyed, and this is a holder's first word on it, signed by that. */
export function keyOfDestroyed(
  view: View,
  destroyed: Destroyed,
  context: JudgingContext,
): Destroying | undefined {
  const key = readKey(view, destroyed.keyId);
  const holder = key && awaitedNodes(key).find(({ nodeId: id }) => id === destroyed.nodeId);
  if (key?.lifecycle === undefined || holder === undefined) return undefined;
  const { lifecycle } = key;
  const isOfThis =
    equal(destroyed.publicKey, key.publicKey) &&
    equal(destroyed.requestHash, destroyHashOf(lifecycle));
  if (!isOfThis) return undefined;
  const bytes = destroyedBytes(context.genesis.clusterId, destroyed);
  return context.verify.identity(holder.identityKey, bytes, destroyed.signature)
    ? { ...key, lifecycle }
    : undefined;
}

/** Adds a node's word that it holds no share of a key any more; the last of all holders' closes the task. */
export function applyDestroyed(
  draft: Draft,
  destroyed: Destroyed,
  timeMs: Millis,
  context: JudgingContext,
): readonly StateEvent[] {
  const key = keyOfDestroyed(draft, destroyed, context);
  if (key === undefined) return [];
  const node = nodeId(destroyed.nodeId);
  const id = keyId(key.keyId);
  const said = [...key.lifecycle.destroyed, { nodeId: node, signature: destroyed.signature }];
  const now = { ...key, lifecycle: { ...key.lifecycle, destroyed: said } };
  writeKey(draft, now);
  const heard = { type: 'destroyed-said', key: id, node } as const;
  if (awaitedNodes(now).length > 0) return [heard];
  const task = readTask(draft, key.lifecycle.taskId);
  const stage = { type: 'key-stage-changed', key: id, stage: 'destroyed' } as const;
  if (!isOpen(task)) return [heard, stage];
  const nodes = now.lifecycle.holders.map(({ nodeId: holder }) => holder);
  const value = encode(KeyDestroyedResult, { nodes });
  return [heard, stage, closeTask(draft, task, { $case: 'result', value }, timeMs, context)];
}

/** The hash of the request that has a key destroyed. */
export function destroyHashOf({ destroyedBy }: LifecycleRecord): Uint8Array {
  return destroyedBy === undefined
    ? new Uint8Array(0)
    : requestHash(destroyedBy.method, destroyedBy.request);
}
