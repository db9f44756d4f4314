import type { KeyRecord, KeySummary, NodeSignature, Ready, Sharing } from '../wire/index.js';

/** The version that a key is born with. */
export const FIRST_VERSION = 1;

/** The version that a version is made from: the one before it; 0, where there is none, for the first. */
export function baseVersionOf(version: number): number {
  return version - 1;
}

/** A key as it is used: its active sharing, the participants' signed words for that, and the requesters that may use it. */
export type ActiveKey = Sharing &
  Omit<KeyRecord, 'active'> & {
    readonly ready: readonly NodeSignature[];
    readonly installed: readonly NodeSignature[];
  };

/** Reads a key's record; `undefined` for one without a sharing, which the state never writes. */
export function activeKey({ active, ...rest }: KeyRecord): ActiveKey | undefined {
  if (active?.sharing === undefined) return undefined;
  return { ...rest, ...active.sharing, ready: active.ready, installed: active.installed };
}

/** The record of a key. */
export function recordOfKey(key: ActiveKey): KeyRecord {
  const { createTimeMs, labels, owner, allowedSigners, method, request, authorization, taskId } =
    key;
  const { gg20Profile, lifecycle, resharing } = key;
  return {
    active: { sharing: sharingOf(key), ready: [...key.ready], installed: [...key.installed] },
    createTimeMs,
    labels,
    owner,
    allowedSigners,
    method,
    request,
    authorization,
    taskId,
    gg20Profile,
    lifecycle,
    resharing,
  };
}

/** The statements that the participants of a key's active version signed. */
export function sharingOf(key: Sharing): Sharing {
  const { sessionId, requestHash, keyId, algorithm, threshold, participants } = key;
  const { baseVersion, version, publicPolynomial, publicKey, chainCode, digest } = key;
  return {
    sessionId,
    requestHash,
    keyId,
    algorithm,
    threshold,
    participants,
    baseVersion,
    version,
    publicPolynomial,
    publicKey,
    chainCode,
    digest,
  };
}

/** The statement of a participant of the active version when it was made, as it was signed. */
export function readyOfKey(key: ActiveKey, node: string): Ready | undefined {
  const signature = key.ready.find(({ nodeId }) => nodeId === node)?.signature;
  return signature && { nodeId: node, sharing: sharingOf(key), signature };
}

/** Claims that a requester owns the key, or is named as one of its signers. */
export function mayUse(
  key: Pick<ActiveKey, 'owner' | 'allowedSigners'>,
  spiffeId: string,
): boolean {
  return key.owner === spiffeId || key.allowedSigners.includes(spiffeId);
}

/** Claims that a key's certificate is complete: `installed` of as many participants as it takes to sign. */
export function isCertified(key: {
  readonly installed: { readonly length: number };
  readonly threshold: number;
}): boolean {
  return key.installed.length >= key.threshold;
}

/** Where a key stands in its life. One that is not in use signs nothing, and is not shared anew. */
export type KeyStage = 'pending' | 'active' | 'retired';

/** The stage of a key, by its record or by the fields of that which lists look for. */
export function stageOf(key: {
  readonly threshold: number;
  readonly installed: { readonly length: number };
  readonly version: number;
  readonly lifecycle?: object | undefined;
}): KeyStage {
  if (key.lifecycle !== undefined) return 'retired';
  // A later version follows one whose certificate is complete.
  return isCertified(key) || key.version > FIRST_VERSION ? 'active' : 'pending';
}

/** The same of a summary. */
export function stageOfSummary({ active, lifecycle }: KeySummary): KeyStage {
  const { threshold = 0, version = FIRST_VERSION } = active?.sharing ?? {};
  return stageOf({ threshold, version, installed: active?.installed ?? [], lifecycle });
}
