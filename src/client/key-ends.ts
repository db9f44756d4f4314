import { randomUUID } from 'node:crypto';
import type { Key } from '../wire/index.js';
import { CALLS, wrongAnswer } from './methods.js';
import type { Method } from './methods.js';
import type { Mutations } from './mutations.js';
import { untilOf } from './until.js';
import type { CallOptions } from './until.js';

export type RetireKeyInput = {
  readonly keyId: string;
  /** For so long nobody can have the key destroyed: a minute to 365 days, 7 days unless given. */
  readonly recoveryWindowMs?: number | undefined;
  readonly requestId?: string | undefined;
};

export type RestoreKeyInput = {
  readonly keyId: string;
  readonly requestId?: string | undefined;
};

export type DestroyKeyInput = {
  readonly keyId: string;
  /** The same once more: a person or a program that names one key and means another is stopped. */
  readonly confirmKeyId: string;
  readonly requestId?: string | undefined;
};

/** The task that destroys a key, and the key once every node has confirmed. */
export type DestroyedKey = { readonly key: Key | undefined; readonly taskId: string };

/** A key as one node shows it after its stage has changed, and the task that changed it. */
export type ChangedKey = { readonly key: Key; readonly taskId: string };

export function retireKey(
  mutations: Mutations,
  { keyId, recoveryWindowMs, requestId = randomUUID() }: RetireKeyInput,
  options: CallOptions | undefined,
): Promise<ChangedKey> {
  const recoveryWindow =
    recoveryWindowMs === undefined
      ? undefined
      : { seconds: BigInt(Math.floor(recoveryWindowMs / 1000)), nanos: 0 };
  const request = CALLS.retireKey.encode({ requestId, keyId, recoveryWindow });
  return changed(mutations, CALLS.retireKey, request, keyId, options);
}

export function restoreKey(
  mutations: Mutations,
  { keyId, requestId = randomUUID() }: RestoreKeyInput,
  options: CallOptions | undefined,
): Promise<ChangedKey> {
  const request = CALLS.restoreKey.encode({ requestId, keyId });
  return changed(mutations, CALLS.restoreKey, request, keyId, options);
}

export async function destroyKey(
  mutations: Mutations,
  { keyId, confirmKeyId, requestId = randomUUID() }: DestroyKeyInput,
  options: CallOptions | undefined,
): Promise<DestroyedKey> {
  const request = CALLS.destroyKey.encode({ requestId, keyId, confirmKeyId });
  const { key, taskId } = await mutations.call(CALLS.destroyKey, request, untilOf(options));
  if (key !== undefined && key.keyId !== keyId) throw wrongAnswer(`another key than ${keyId}`);
  return { key, taskId };
}

/** @throws QuorateError RESULT_INVALID when the node answers with another key. */
async function changed(
  mutations: Mutations,
  method: Method<never, { readonly key?: Key | undefined; readonly taskId: string }>,
  request: Uint8Array,
  keyId: string,
  options: CallOptions | undefined,
): Promise<ChangedKey> {
  const { key, taskId } = await mutations.call(method, request, untilOf(options));
  if (key?.keyId !== keyId) throw wrongAnswer(`another key than ${keyId}`);
  return { key, taskId };
}
