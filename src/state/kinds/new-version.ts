import { BOOT_BYTES, compareText, equal, keyId } from '../../common/index.js';
import { encode, ResharedKeyResult } from '../../wire/index.js';
import type {
  Attempt,
  KeyParticipant,
  Ready,
  ReshareAuthority,
  ResharingRecord,
  Sharing,
  TaskRecord,
} from '../../wire/index.js';
import { algorithmOf, setIdOf } from '../../identity/index.js';
import type { ParticipantSet } from '../../identity/index.js';
import { holdersOf } from '../keys.js';
import type { ActiveKey } from '../keys.js';
import type { Moment, Outcome, SharingTerms } from '../kind-rules.js';
import {
  activeGeneration,
  countGenerating,
  countSetKey,
  membersNamed,
  needNewer,
  readSet,
  setOfKey,
} from '../participant-sets.js';
import { readKey, readTask, readTotals, writeKey } from '../records.js';
import {
  activeRecord,
  firstRecord,
  logNow,
  nextDue,
  refreshWaitMs,
  resharingOf,
} from '../resharing.js';
import { namesEarlier } from '../session-attempts.js';
import { failureIn } from '../tasks.js';
import type { Draft, View } from '../view.js';

/*
 * A key's next version, whether a requester asks for it (`reshare`) or the cluster itself (`refresh`): the same public key, shared
 * anew by as many participants of the version before as it takes to sign, its dealers.
 */

/** The version that is to be made of a key. */
export type NewVersion = {
  /** The key, whose active version is the base. */
  readonly key: ActiveKey;
  readonly threshold: number;
  /** Those that are to hold a share, in order of party index. */
  readonly participants: readonly KeyParticipant[];
  readonly intervalMs: number;
};

/** A new version, and what of it rests on the base. */
export function versionTerms({ key, threshold }: NewVersion): SharingTerms {
  const [first = new Uint8Array(0)] = key.publicPolynomial;
  return {
    keyId: keyId(key.keyId),
    algorithm: algorithmOf(key),
    threshold,
    baseVersion: key.version,
    base: { publicKey: key.publicKey, first, chainCode: key.chainCode },
  };
}

/**
 * Claims that an attempt names the base version, exactly the new participants and the dealers, each with its boot, and for a GG20 key
 * material of the new participants that was begun after the base version was active.
 */
export function fitsVersion(view: View, made: NewVersion, attempt: Attempt): boolean {
  const { key, participants } = made;
  if (attempt.assignment?.$case !== 'boots') return false;
  const { nodes } = attempt.assignment.value;
  const { dealers } = attempt;
  const holders = new Set(key.participants.map(({ nodeId }) => nodeId));
  const parties = new Set([...dealers, ...participants.map(({ nodeId }) => nodeId)]);
  return (
    attempt.version === key.version + 1 &&
    attempt.presignature === undefined &&
    equal(key.sessionId, attempt.sharingSession) &&
    dealers.length === key.threshold &&
    isRising(dealers) &&
    dealers.every((node) => holders.has(node)) &&
    nodes.length === parties.size &&
    isRising(nodes.map(({ nodeId }) => nodeId)) &&
    nodes.every(({ nodeId, boot }) => parties.has(nodeId) && boot.length === BOOT_BYTES) &&
    fitsMaterial(view, made, attempt.auxiliary)
  );
}

/** Claims that an attempt names material of the new participants that another generation has taken the place of. */
export function isOutdatedVersion(
  view: View,
  made: NewVersion | undefined,
  { auxiliary }: Attempt,
): boolean {
  return made !== undefined && namesEarlier(view, setOfVersion(made), auxiliary);
}

/** Claims that material can be named for a new version: enough members, and begun after the base version was active. */
export function fitsMaterial(
  view: View,
  made: NewVersion,
  auxiliary: Attempt['auxiliary'],
): boolean {
  const set = setOfVersion(made);
  if (set === undefined) return auxiliary === undefined;
  const members = membersNamed(view, set, auxiliary)?.length ?? 0;
  const begun = activeGeneration(view, set)?.sessionIndex ?? 0n;
  const { activeIndex, materialAfterIndex } = resharingOf(made.key);
  return members >= made.threshold && begun > activeIndex && begun > materialAfterIndex;
}

/** The set of a new version's participants; `undefined` for a key whose algorithm needs none. */
export function setOfVersion({ key, participants }: NewVersion): ReturnType<typeof setOfKey> {
  return setOfKey({ gg20Profile: key.gg20Profile, participants: [...participants] });
}

/**
 * Writes that a task makes the key's next version: no other does meanwhile, and its set's material is made where needed.
 *
 * @param culprit - A participant that has lied, if the version is made for that.
 */
export function openVersion(
  draft: Draft,
  made: NewVersion,
  task: TaskRecord,
  culprit?: string,
): void {
  const { key, threshold, participants } = made;
  const set = setOfVersion(made);
  const { activeIndex, culpritMs } = resharingOf(key);
  // Material that a culprit has is not what its keys are to go on with.
  const isTold = set !== undefined && participants.some(({ nodeId }) => nodeId === culprit);
  const materialAfterIndex = isTold ? lastSession(draft, set) : 0n;
  if (set !== undefined) {
    countGenerating(draft, set, task.requester === '' ? key.owner : task.requester, threshold, 1);
    needNewer(draft, set, activeIndex > materialAfterIndex ? activeIndex : materialAfterIndex);
  }
  // From the first attempt on each of them may come to hold a share, though the version never becomes active.
  const holders = [...holdersOf(key, participants)];
  change(
    draft,
    { ...key, holders },
    {
      taskId: task.taskId,
      materialAfterIndex,
      culpritMs: culprit === undefined ? culpritMs : BigInt(logNow(draft)),
    },
  );
}

/** The index of the last entry that opened a session for material of a set; 0 before the first. */
function lastSession(view: View, set: ParticipantSet): bigint {
  const record = readSet(view, setIdOf(set));
  const open = record && readTask(view, record.taskId)?.attempts.at(-1)?.index;
  const active = record?.active?.sessionIndex ?? 0n;
  return open !== undefined && open > active ? open : active;
}

/** Frees what the opening took, and where no version was made writes why. A refresh is not due again before a while. */
export function closeVersion(
  draft: Draft,
  made: NewVersion,
  { taskId }: TaskRecord,
  outcome: Outcome,
  isRefresh: boolean,
): void {
  const set = setOfVersion(made);
  if (set !== undefined) countGenerating(draft, set, '', made.threshold, -1);
  const key = readKey(draft, made.key.keyId);
  const reason = failureIn(outcome);
  if (key === undefined || reason === undefined) return;
  const before = resharingOf(key);
  if (before.taskId !== taskId) return;
  const failures = before.failures + 1;
  const waited = BigInt(logNow(draft) + refreshWaitMs(failures));
  const isLater = isRefresh && before.dueMs > 0n && waited > before.dueMs;
  change(draft, key, {
    taskId: '',
    failures,
    lastFailure: { taskId, reason, timeMs: readTotals(draft).timeMs },
    dueMs: isLater ? waited : before.dueMs,
  });
}

/**
 * Writes the version that all new participants have equally signed for, and keeps the one before until they have all installed it.
 *
 * @param authority - The request, where one named participants and threshold.
 * @returns The task's encoded result.
 */
export function activateVersion(
  draft: Draft,
  made: NewVersion,
  sharing: Sharing,
  said: readonly Ready[],
  { index, logMs }: Moment,
  authority?: ReshareAuthority,
): Uint8Array {
  const { key, intervalMs } = made;
  const before = resharingOf(key);
  const resharing: ResharingRecord = {
    activeIndex: BigInt(index),
    previous: activeRecord(key),
    first: firstRecord(key),
    authority: authority ?? before.authority,
    intervalMs: BigInt(intervalMs),
    dueMs: BigInt(nextDue(key.keyId, logMs, intervalMs)),
    taskId: '',
    failures: 0,
    lastFailure: undefined,
    culpritMs: before.culpritMs,
    materialAfterIndex: 0n,
  };
  const ready = said.map(({ nodeId, signature }) => ({ nodeId, signature }));
  writeKey(draft, { ...key, ...sharing, ready, installed: [], resharing });
  const [from, to] = [setOfKey(key), setOfVersion(made)];
  if (to !== undefined) countSetKey(draft, to, made.threshold, 1);
  if (from !== undefined) countSetKey(draft, from, key.threshold, -1);
  return encode(ResharedKeyResult, {
    keyVersion: sharing.version,
    threshold: sharing.threshold,
    participants: sharing.participants.map(({ nodeId }) => nodeId),
  });
}

/** Writes a key with some fields of its resharing changed. */
export function change(draft: Draft, key: ActiveKey, more: Partial<ResharingRecord>): void {
  writeKey(draft, { ...key, resharing: { ...resharingOf(key), ...more } });
}

/** Strictly rising: sorted bytewise, and none twice. */
function isRising(ids: readonly string[]): boolean {
  return ids.every((id, at) => at === 0 || compareText(ids[at - 1] ?? '', id) < 0);
}
