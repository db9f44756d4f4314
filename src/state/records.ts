import type { KeyId, TaskId } from '../common/index.js';
import { isId, taskId, toHex } from '../common/index.js';
import type { Genesis } from '../identity/index.js';
import { encode, KeyRecord, LevelRecord, Request, TaskRecord, Totals } from '../wire/index.js';
import { remembering } from './decoded.js';
import { activeKey, isEnded, recordOfKey } from './keys.js';
import type { ActiveKey } from './keys.js';
import { HASH_BYTES } from './limits.js';
import { timeKey } from './time-key.js';
import type { Draft, StateWrite, View } from './view.js';

/** Where each record lives. All keys are ASCII, so the order of their characters is the order of the store. */
export const ADDRESS = {
  totals: 'totals',
  genesis: 'genesis',
  level: 'level',
  /** Operators' corrections of the clock. From level 3 on, and only after the first. */
  clock: 'clock',
  members: 'members',
  keys: 'key/',
  tasks: 'task/',
  /** Tasks without an outcome. */
  open: 'open/',
  /** Participant sets by their ids. From level 3 on. */
  sets: 'set/',
  /** Keys whose refresh comes by itself and is not open, in order of the log time at which it is due. From level 3 on. */
  refreshes: 'refresh/',
  /** Presignatures of a key that came to nothing, while the last one did. From level 3 on. */
  presigns: 'presign/',
  /** Keys whose `installed` are not all there. */
  installing: 'installing/',
  /** Key ids that an open generate-key task holds, each with its task's id. */
  reserved: 'reserved/',
  /** Sessions that make a sharing or a generation, of the newest attempts of open tasks, each with its task's id. */
  sessions: 'session/',
  /** The holdings of each requester, by role and name. From level 2 on. */
  requesters: 'requester/',
  /** The timers due at a time: in order of time, type and id. */
  timers: 'timer/',
  /** Serial numbers and keys of certificates that are revoked, and how many. Never deleted. From level 3 on. */
  revoked: 'revoked/',
  revocations: 'revocations',
  /** Observations of the voters, and switches of leaders. From level 3 on. */
  monitor: 'monitor',
  /** The operator's request by which unsigned ones ended; nothing before that. Never deleted. */
  signaturesRequired: 'signatures-required',
} as const;

/** In the place of the requester of a task that the cluster asks of itself. */
export const NO_REQUESTER = '';

/** The value of a record whose key says it all. */
export const MARK = Uint8Array.of(1);
const decoder = new TextDecoder();
const encoder = new TextEncoder();

const decodeTotals = remembering((bytes) => Totals.decode(bytes));
const decodeLevel = remembering((bytes) => LevelRecord.decode(bytes));
const decodeTask = remembering((bytes) => TaskRecord.decode(bytes));
const decodeKey = remembering((bytes) => ({ key: activeKey(KeyRecord.decode(bytes)) }));

/**
 * The record under an id that came from outside. A text without the form of an id names none, and the store is not
 * asked for it: stores take keys of some hundred bytes only, and an entry may hold any text.
 */
function find(view: View, place: string, id: string): Uint8Array | undefined {
  return isId(id) ? view.get(place + id) : undefined;
}

/** The state machine's clock and counts; all zero before the genesis. */
export function readTotals(view: View): Totals {
  const bytes = view.get(ADDRESS.totals);
  return bytes === undefined ? Totals.fromPartial({}) : decodeTotals(bytes);
}

export function writeTotals(draft: Draft, totals: Totals): void {
  draft.put(ADDRESS.totals, encode(Totals, totals));
}

/** The feature level by which entries are judged; 0 before the genesis, when every command is above it. */
export function readLevel(view: View): number {
  const bytes = view.get(ADDRESS.level);
  return bytes === undefined ? 0 : decodeLevel(bytes).level;
}

/** Writes the level, with the proof of the operator's will where it is not the level of the genesis. */
export function writeLevel(draft: Draft, level: number, raisedBy: Request | undefined): void {
  draft.put(ADDRESS.level, encode(LevelRecord, { level, raisedBy }));
}

/** The level that an entry's writes bring, if they bring one. */
export function levelWritten(writes: readonly StateWrite[]): number | undefined {
  const bytes = writes.find(([key]) => key === ADDRESS.level)?.[1];
  return bytes && LevelRecord.decode(bytes).level;
}

/** Whether a node's word still stands for a requester's signature. */
export function takesUnsigned(view: View, genesis: Genesis): boolean {
  return genesis.unsigned && view.get(ADDRESS.signaturesRequired) === undefined;
}

/** Ends unsigned requests, with the operator's first signed request for it as the proof. */
export function requireSignatures(draft: Draft, request: Request): void {
  if (draft.get(ADDRESS.signaturesRequired) !== undefined) return;
  draft.put(ADDRESS.signaturesRequired, encode(Request, { ...request, firstAttempt: undefined }));
}

export function readKey(view: View, id: string): ActiveKey | undefined {
  const bytes = find(view, ADDRESS.keys, id);
  return bytes === undefined ? undefined : decodeKey(bytes).key;
}

/** Writes a key, whether any of its participants has still to say `installed`, and when a refresh is due. */
export function writeKey(draft: Draft, key: ActiveKey): void {
  const before = readKey(draft, key.keyId);
  const [from, to] = [before && dueKeyOf(before), dueKeyOf(key)];
  if (from !== undefined && from !== to) draft.delete(from);
  if (to !== undefined && to !== from) draft.put(to, MARK);
  draft.put(ADDRESS.keys + key.keyId, encode(KeyRecord, recordOfKey(key)));
  const waiting = ADDRESS.installing + key.keyId;
  const isWaiting = !isEnded(key) && key.installed.length < key.participants.length;
  if (isWaiting) draft.put(waiting, MARK);
  else draft.delete(waiting);
}

/** The place of a key in the order in which refreshes are due; `undefined` where none is, or one is open, or the key is retired. */
function dueKeyOf({ keyId, resharing, lifecycle }: ActiveKey): string | undefined {
  const isWaiting = lifecycle === undefined && resharing?.taskId === '' && resharing.dueMs > 0n;
  if (!isWaiting) return undefined;
  return `${ADDRESS.refreshes}${timeKey(Number(resharing.dueMs))}/${keyId}`;
}

export function readTask(view: View, id: string): TaskRecord | undefined {
  const bytes = find(view, ADDRESS.tasks, id);
  return bytes === undefined ? undefined : decodeTask(bytes);
}

/** Claims that the cluster asked a task of itself. */
export function isUpkeep({ requester }: Pick<TaskRecord, 'requester'>): boolean {
  return requester === NO_REQUESTER;
}

export function writeTask(draft: Draft, task: TaskRecord): void {
  draft.put(ADDRESS.tasks + task.taskId, encode(TaskRecord, task));
}

export function markOpen(draft: Draft, id: string, open: boolean): void {
  if (open) draft.put(ADDRESS.open + id, MARK);
  else draft.delete(ADDRESS.open + id);
}

export function readReservation(view: View, key: string): TaskId | undefined {
  const bytes = find(view, ADDRESS.reserved, key);
  return bytes === undefined ? undefined : taskId(decoder.decode(bytes));
}

export function reserve(draft: Draft, key: KeyId, task: string): void {
  draft.put(ADDRESS.reserved + key, encoder.encode(task));
}

export function unreserve(draft: Draft, key: string): void {
  draft.delete(ADDRESS.reserved + key);
}

/** The task whose newest attempt runs in a session that makes a sharing or a generation. */
export function readSession(view: View, session: Uint8Array): TaskId | undefined {
  if (session.length !== HASH_BYTES) return undefined;
  const bytes = view.get(sessionKey(session));
  return bytes === undefined ? undefined : taskId(decoder.decode(bytes));
}

export function indexSession(draft: Draft, session: Uint8Array, task: string): void {
  draft.put(sessionKey(session), encoder.encode(task));
}

export function unindexSession(draft: Draft, session: Uint8Array): void {
  draft.delete(sessionKey(session));
}

function sessionKey(session: Uint8Array): string {
  return ADDRESS.sessions + toHex(session);
}

/** Forgets a task, and with it that its request id was used. */
export function deleteTask(draft: Draft, id: string): void {
  draft.delete(ADDRESS.tasks + id);
}
