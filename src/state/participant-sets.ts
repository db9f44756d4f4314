import { compareText, equal, fromHex, refusal } from '../common/index.js';
import type { Millis, Refusal } from '../common/index.js';
import { isSetProfile, setIdOf } from '../identity/index.js';
import type { ParticipantSet } from '../identity/index.js';
import { Auxiliary, encode, SetRecord } from '../wire/index.js';
import type { GenerationRecord, ThresholdCount } from '../wire/index.js';
import { remembering } from './decoded.js';
import type { Bound } from './kind-rules.js';
import type { ActiveKey } from './keys.js';
import { SETS_MAX } from './limits.js';
import { ADDRESS } from './records.js';
import { isWanted } from './set-needs.js';
import type { Draft, View } from './view.js';

/*
 * Sets of participants whose GG20 keys share auxiliary material (`PrepareRequest`). A record is made by the first request for
 * a key of its set, and stays for the keys. One without keys and open tasks gives way where another set needs the room.
 */

const decodeSet = remembering((bytes) => SetRecord.decode(bytes));

/** The record of a set. @param id - Of {@link setIdOf}. */
export function readSet(view: View, id: string): SetRecord | undefined {
  const bytes = view.get(ADDRESS.sets + id);
  return bytes === undefined ? undefined : decodeSet(bytes);
}

/** All records, in order of their ids: at most {@link SETS_MAX}. */
export function readSets(view: View): readonly (readonly [id: string, record: SetRecord])[] {
  return [...view.scan(ADDRESS.sets)].map(
    ([key, bytes]) => [key.slice(ADDRESS.sets.length), decodeSet(bytes)] as const,
  );
}

/** Writes a set's record, or deletes one that says nothing any more. */
export function writeSet(draft: Draft, id: string, record: SetRecord): void {
  const isEmpty = isIdle(record) && record.active === undefined && record.failures === 0;
  if (isEmpty) draft.delete(ADDRESS.sets + id);
  else draft.put(ADDRESS.sets + id, encode(SetRecord, record));
}

/** The set that a key's participants sign with; `undefined` for a key whose algorithm needs none. */
export function setOfKey({
  gg20Profile: profile,
  participants,
}: Pick<ActiveKey, 'gg20Profile' | 'participants'>): ParticipantSet | undefined {
  return isSetProfile(profile) ? { profile, participants } : undefined;
}

/** The generation that attempts of a set's keys name; `undefined` before the first. */
export function activeGeneration(view: View, set: ParticipantSet): GenerationRecord | undefined {
  return readSet(view, setIdOf(set))?.active;
}

/** The generation of the set as an attempt under it names it; `undefined` before the first. */
export function auxiliaryOf(view: View, set: ParticipantSet): Auxiliary | undefined {
  const preparation = activeGeneration(view, set)?.preparation;
  if (preparation === undefined) return undefined;
  const { setId, generation, digest } = preparation;
  return { setId, generation, digest };
}

/**
 * The members of the set's active generation, by node id, if an attempt names that generation; `undefined` for one that names
 * another or none.
 */
export function membersNamed(
  view: View,
  set: ParticipantSet,
  auxiliary: Auxiliary | undefined,
): readonly string[] | undefined {
  const active = auxiliaryOf(view, set);
  if (auxiliary === undefined || active === undefined) return undefined;
  return equal(encode(Auxiliary, auxiliary), encode(Auxiliary, active))
    ? activeGeneration(view, set)?.preparation?.members
    : undefined;
}

/** The nodes that can sign with a key, as the state has them: of an algorithm that needs a set, the members of its active generation. */
export function signersOf(
  view: View,
  key: Pick<ActiveKey, 'gg20Profile' | 'participants'>,
): readonly string[] {
  const nodes = key.participants.map(({ nodeId }) => nodeId);
  const set = setOfKey(key);
  if (set === undefined) return nodes;
  const members = new Set(activeGeneration(view, set)?.preparation?.members);
  return nodes.filter((node) => members.has(node));
}

/** The most signers that a key of the set needs, or one that is being made. */
export function thresholdOf({ keys, generating }: SetRecord): number {
  return Math.max(0, ...[...keys, ...generating].map(({ threshold }) => threshold));
}

/** Counts a key generation of the set that opens, 1, or closes, −1. The first makes the set's record. */
export function countGenerating(
  draft: Draft,
  set: ParticipantSet,
  requester: string,
  threshold: number,
  change: 1 | -1,
): void {
  const id = setIdOf(set);
  const record = readSet(draft, id) ?? newSet(draft, set);
  const generating = withCount(record.generating, threshold, change);
  const after: SetRecord = {
    ...record,
    requester: isIdle(record) ? requester : record.requester,
    generating,
    neededAfterIndex: generating.length === 0 ? 0n : record.neededAfterIndex,
  };
  const lapsed = record.lapsed || (isWanted(record) && !isWanted(after));
  writeSet(draft, id, { ...after, lapsed });
}

/** Counts a key that came to the set, 1, or left it, −1. */
export function countSetKey(
  draft: Draft,
  set: ParticipantSet,
  threshold: number,
  change: 1 | -1,
): void {
  const id = setIdOf(set);
  const record = readSet(draft, id);
  if (record === undefined) return;
  writeSet(draft, id, { ...record, keys: withCount(record.keys, threshold, change) });
}

/** Writes that an open reshare needs a generation whose session began after the entry `index`. */
export function needNewer(draft: Draft, set: ParticipantSet, index: bigint): void {
  const id = setIdOf(set);
  const record = readSet(draft, id);
  if (record === undefined || record.neededAfterIndex >= index) return;
  writeSet(draft, id, { ...record, neededAfterIndex: index });
}

/**
 * Counts a key that is destroyed. The last one takes the set's record with it, unless a task is open for the set: then its
 * members drop what they made for these keys.
 */
export function dropSetKey(draft: Draft, set: ParticipantSet, threshold: number): void {
  countSetKey(draft, set, threshold, -1);
  const id = setIdOf(set);
  const left = readSet(draft, id);
  if (left !== undefined && isIdle(left)) draft.delete(ADDRESS.sets + id);
}

/** Claims that a key of the set can be asked for: its record is there, or there is room for it. */
export function hasRoomFor(view: View, set: ParticipantSet): boolean {
  return readSet(view, setIdOf(set)) !== undefined || setsInUse(view).length < SETS_MAX;
}

/** The refusal of a request that would need one more set than there may be. */
export function checkRoomFor(view: View, set: ParticipantSet | undefined): Refusal | undefined {
  if (set === undefined || hasRoomFor(view, set)) return undefined;
  const words = `The cluster's GG20 keys have at most ${SETS_MAX} sets of participants and profile`;
  return refusal('overloaded', 'TOO_MANY_SETS', words);
}

/** The requester's part of the sets' bound, where its request would take a place of it. */
export function setBound(view: View, set: ParticipantSet, requester: string): readonly Bound[] {
  const record = readSet(view, setIdOf(set));
  if (record !== undefined && !isIdle(record)) return [];
  const inUse = setsInUse(view);
  const held = inUse.filter((each) => each.requester === requester).length;
  return [{ held, taken: inUse.length, max: SETS_MAX }];
}

/**
 * Writes that a set's next generation is being prepared.
 *
 * @param culpritMs - The log time, where a participant's lie is why.
 */
export function beginPrepare(draft: Draft, id: string, taskId: string, culpritMs?: bigint): void {
  const record = readSet(draft, id);
  if (record === undefined) return;
  writeSet(draft, id, { ...record, taskId, culpritMs: culpritMs ?? record.culpritMs });
}

/** Writes the generation that is active from now on. */
export function activateGeneration(draft: Draft, id: string, active: GenerationRecord): void {
  const record = readSet(draft, id);
  if (record === undefined) return;
  const over = { taskId: '', failures: 0, notBeforeMs: 0n, lapsed: false };
  writeSet(draft, id, { ...record, ...over, active });
}

/** Writes that a prepare came to nothing. No other is due before `notBeforeMs`, which grows with each. */
export function failPrepare(
  draft: Draft,
  id: string,
  taskId: string,
  notBefore: (failures: number) => Millis,
): void {
  const record = readSet(draft, id);
  if (record?.taskId !== taskId) return;
  const failures = record.failures + 1;
  const notBeforeMs = BigInt(notBefore(failures));
  writeSet(draft, id, { ...record, taskId: '', failures, notBeforeMs });
}

function newSet(draft: Draft, { profile, participants }: ParticipantSet): SetRecord {
  if (readSets(draft).length >= SETS_MAX) dropIdle(draft);
  return SetRecord.fromPartial({ profile, participants: [...participants] });
}

/** Drops the set without keys and open tasks whose generation is the oldest; where two are equal, that with the lesser id. */
function dropIdle(draft: Draft): void {
  const [oldest] = readSets(draft)
    .filter(([, record]) => isIdle(record))
    .toSorted(([a, { active: x }], [b, { active: y }]) => {
      return Number((x?.timeMs ?? 0n) - (y?.timeMs ?? 0n)) || compareText(a, b);
    });
  if (oldest !== undefined) draft.delete(ADDRESS.sets + oldest[0]);
}

function setsInUse(view: View): readonly SetRecord[] {
  return readSets(view)
    .map(([, record]) => record)
    .filter((record) => !isIdle(record));
}

function isIdle({ keys, generating, taskId }: SetRecord): boolean {
  return keys.length === 0 && generating.length === 0 && taskId === '';
}

/** Counts with that of one threshold changed: sorted, none with a count of 0. */
function withCount(
  counts: readonly ThresholdCount[],
  threshold: number,
  change: number,
): ThresholdCount[] {
  const before = counts.find((each) => each.threshold === threshold)?.count ?? 0;
  return [
    ...counts.filter((each) => each.threshold !== threshold),
    { threshold, count: before + change },
  ]
    .filter(({ count }) => count > 0)
    .sort((a, b) => a.threshold - b.threshold);
}

/** The bytes of a set's id, as messages have it. */
export function setIdBytes(id: string): Uint8Array {
  return fromHex(id) ?? new Uint8Array(0);
}
