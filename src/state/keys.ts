import { compareText } from '../common/index.js';
import type {
  KeyParticipant,
  KeyRecord,
  KeySummary,
  LifecycleRecord,
  NodeSignature,
  Ready,
  Sharing,
} from '../wire/index.js';

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
  const { gg20Profile, lifecycle, resharing, holders } = key;
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
    holders,
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
export type KeyStage = 'pending' | 'active' | 'retired' | 'destroying' | 'destroyed';

/** The stage of a key, by its record or by the fields of that which lists look for. */
export function stageOf({
  lifecycle,
  ...key
}: Parameters<typeof isCertified>[0] & {
  readonly version: number;
  readonly lifecycle: KeyEnding | undefined;
}): KeyStage {
  // A later version follows one whose certificate is complete.
  const isCertain = isCertified(key) || key.version > FIRST_VERSION;
  if (lifecycle === undefined) return isCertain ? 'active' : 'pending';
  const { destroyedBy, holders, destroyed } = lifecycle;
  if (destroyedBy === undefined) return 'retired';
  return destroyed.length < holders.length ? 'destroying' : 'destroyed';
}

type KeyEnding = {
  readonly destroyedBy?: unknown;
  readonly holders: { readonly length: number };
  readonly destroyed: { readonly length: number };
};

/** The same of a summary. */
export function stageOfSummary({ active, lifecycle }: KeySummary): KeyStage {
  const { threshold = 0, version = FIRST_VERSION } = active?.sharing ?? {};
  const installed = active?.installed ?? [];
  // Bytes that are not there are none.
  const destroyedBy = lifecycle?.destroyedBy.length ? lifecycle.destroyedBy : undefined;
  return stageOf({
    threshold,
    version,
    installed,
    lifecycle: lifecycle && { ...lifecycle, destroyedBy },
  });
}

/** Claims that shares of a key are to be erased, or are. */
export function isEnded({ lifecycle }: Pick<ActiveKey, 'lifecycle'>): boolean {
  return lifecycle?.destroyedBy !== undefined;
}

/** The holders of a key that is being destroyed that have not confirmed; none of any other. */
export function awaitedNodes({
  lifecycle,
}: Pick<ActiveKey, 'lifecycle'>): LifecycleRecord['holders'] {
  const said = new Set(lifecycle?.destroyed.map(({ nodeId }) => nodeId));
  return lifecycle?.holders.filter(({ nodeId }) => !said.has(nodeId)) ?? [];
}

/**
 * The nodes that may hold a share of any version of a key, sorted bytewise.
 *
 * @param more - Nodes that are to get one.
 */
export function holdersOf(
  { holders, participants }: Pick<ActiveKey, 'holders' | 'participants'>,
  more: readonly KeyParticipant[],
): readonly KeyParticipant[] {
  const all = new Map([...holders, ...participants, ...more].map((each) => [each.nodeId, each]));
  return [...all.values()].sort((a, b) => compareText(a.nodeId, b.nodeId));
}
