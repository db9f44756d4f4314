import { refusal, refuse } from '../common/index.js';
import type { KeyId, Millis, Refusal, Result } from '../common/index.js';
import type { Identity } from '../identity/index.js';
import { TaskSummary } from '../wire/index.js';
import type { TaskRecord } from '../wire/index.js';
import type { StateEvent } from './events.js';
import { awaitedNodes, isEnded } from './keys.js';
import type { ActiveKey } from './keys.js';
import type { JudgingContext, Outcome } from './kind-rules.js';
import { ADDRESS, readKey, readTask } from './records.js';
import { closeTask, isOpen } from './tasks.js';
import type { Draft, View } from './view.js';

/** Claims that a key may sign and be shared anew: it is not retired, or beyond that. */
export function isInUse({ lifecycle }: Pick<ActiveKey, 'lifecycle'>): boolean {
  return lifecycle === undefined;
}

/** The refusal of what only a key in use can do. */
export function checkInUse(key: ActiveKey): Refusal | undefined {
  if (isInUse(key)) return undefined;
  const over = checkNotEnded(key);
  if (over !== undefined) return over;
  return refusal(
    'wrong-state',
    'KEY_RETIRED',
    `Key ${key.keyId} is retired: it signs nothing unless an operator or its owner restores it`,
    { field: 'key_id', facts: factsOf(key) },
  );
}

/** The refusal of what a key that is destroyed, or is being so, cannot do any more. */
export function checkNotEnded(key: ActiveKey): Refusal | undefined {
  if (!isEnded(key)) return undefined;
  const words = awaitedNodes(key).length === 0 ? 'is destroyed' : 'is being destroyed';
  return refusal(
    'wrong-state',
    'KEY_DESTROYED',
    `Key ${key.keyId} ${words}: there is no way back`,
    {
      field: 'key_id',
    },
  );
}

/** The facts of a key for a person who may restore it. */
export function factsOf({ lifecycle }: ActiveKey): Record<string, string> {
  return lifecycle === undefined
    ? {}
    : { recoverable_until_ms: String(lifecycle.recoverableUntilMs) };
}

/** Refuses whoever is neither operator nor the key's owner: to sign with a key is not to decide on its life or its shares. */
export function checkMayEnd(
  view: View,
  { keyId }: { readonly keyId: KeyId },
  requester: Identity,
): Refusal | undefined {
  if (requester.role === 'operator') return undefined;
  if (readKey(view, keyId)?.owner === requester.spiffeId) return undefined;
  const message = `${requester.spiffeId} does not own key ${keyId}`;
  return refusal('forbidden', 'KEY_FORBIDDEN', message);
}

/** The key that a request is about. */
export function findKey(view: View, keyId: KeyId): Result<ActiveKey> {
  const value = readKey(view, keyId);
  return value === undefined ? refuseKey(keyId) : { ok: true, value };
}

/** The refusal of a request about a key that there is not. */
export function refuseKey(keyId: KeyId): ReturnType<typeof refuse> {
  return refuse('not-found', 'KEY_NOT_FOUND', `There is no key ${keyId}`, { field: 'key_id' });
}

/** Closes the open tasks of a key as failed, but for the one that does so. As many as are open are looked at. */
export function endTasksOf(
  draft: Draft,
  keyId: KeyId,
  except: string,
  timeMs: Millis,
  context: JudgingContext,
): readonly StateEvent[] {
  const outcome: Outcome = { $case: 'failed', value: { reason: 'KEY_RETIRED', evidence: [] } };
  return openTasksOf(draft, keyId)
    .filter(({ taskId }) => taskId !== except)
    .map((task) => closeTask(draft, task, outcome, timeMs, context));
}

function openTasksOf(view: View, keyId: KeyId): readonly TaskRecord[] {
  const ids = [...view.scan(ADDRESS.open)].map(([key]) => key.slice(ADDRESS.open.length));
  return ids.flatMap((id) => {
    const bytes = view.get(ADDRESS.tasks + id);
    // Of the many tasks of other keys no more than this is read.
    if (bytes === undefined || TaskSummary.decode(bytes).keyId !== keyId) return [];
    const task = readTask(view, id);
    return isOpen(task) ? [task] : [];
  });
}
