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
