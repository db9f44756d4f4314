import { randomUUID } from 'node:crypto';
import type { Duration, Key, ReshareKeyRequest } from '../wire/index.js';

export type ReshareKeyInput = {
  readonly keyId: string;
  /** How many it takes to sign from then on: as many as now unless given. */
  readonly threshold?: number | undefined;
  /** All that are to hold a share from then on: those that do now unless given. */
  readonly participants?: readonly string[] | undefined;
  readonly allowNoRedundancy?: boolean | undefined;
  /** From one refresh to the next: an hour to a year, 0 for none by itself. As it is unless given. */
  readonly reshareIntervalMs?: number | undefined;
  /** The same id again gets the same outcome; a fresh one unless given. */
  readonly requestId?: string | undefined;
};

export type CancelTaskInput = {
  readonly taskId: string;
  readonly requestId?: string | undefined;
};

/**
 * The request to share a key anew. Threshold and participants are both in it or neither, so that it proves both to whoever reads
 * the key: one that is not given is taken from the key.
 */
export async function reshareRequest(
  input: ReshareKeyInput,
  keyNow: () => Promise<Key>,
): Promise<ReshareKeyRequest> {
  const { threshold, participants } = input;
  const isNamed = threshold !== undefined || participants !== undefined;
  const isWhole = threshold !== undefined && participants !== undefined;
  const now = isNamed && !isWhole ? await keyNow() : undefined;
  return {
    requestId: input.requestId ?? randomUUID(),
    keyId: input.keyId,
    threshold: threshold ?? now?.threshold ?? 0,
    participants: [...(participants ?? now?.participants ?? [])],
    allowNoRedundancy: input.allowNoRedundancy ?? false,
    reshareInterval: intervalOf(input.reshareIntervalMs),
  };
}

/** Whole seconds; `undefined` where it is not said. */
export function intervalOf(ms: number | undefined): Duration | undefined {
  return ms === undefined ? undefined : { seconds: BigInt(Math.floor(ms / 1000)), nanos: 0 };
}
