import type { KeyId, Millis, TaskId } from '../common/index.js';
import { taskId } from '../common/index.js';
import { ClockRecord, encode, KeyRecord, TaskRecord } from '../wire/index.js';
import type { MessageType } from '../wire/index.js';
import type { Draft, View } from './view.js';

/** Where each record lives. All keys are ASCII, so the order of their characters is the order of the store. */
export const ADDRESS = {
  clock: 'clock',
  genesis: 'genesis',
  keys: 'key/',
  tasks: 'task/',
  /** Tasks without an outcome. */
  open: 'open/',
  /** Keys whose `installed` are not all there. */
  installing: 'installing/',
  /** Key ids that an open generate-key task holds, each with its task's id. */
  reserved: 'reserved/',
  /** Closed tasks in order of the time when they may be forgotten. */
  due: 'due/',
} as const;

const MARK = Uint8Array.of(1);
const decoder = new TextDecoder();
const encoder = new TextEncoder();

function read<T>(view: View, type: MessageType<T>, key: string): T | undefined {
  const bytes = view.get(key);
  return bytes === undefined ? undefined : type.decode(bytes);
}

/** The state machine's clock and counts; all zero before the genesis. */
export function readClock(view: View): ClockRecord {
  return read(view, ClockRecord, ADDRESS.clock) ?? ClockRecord.fromPartial({});
}

export function writeClock(draft: Draft, clock: ClockRecord): void {
  draft.put(ADDRESS.clock, encode(ClockRecord, clock));
}

export function readKey(view: View, id: string): KeyRecord | undefined {
  return read(view, KeyRecord, ADDRESS.keys + id);
}

/** Writes a key, and whether any of its participants has still to say `installed`. */
export function writeKey(draft: Draft, key: KeyRecord): void {
  draft.put(ADDRESS.keys + key.keyId, encode(KeyRecord, key));
  const waiting = ADDRESS.installing + key.keyId;
  if (key.installed.length < key.participants.length) draft.put(waiting, MARK);
  else draft.delete(waiting);
}

export function readTask(view: View, id: string): TaskRecord | undefined {
  return read(view, TaskRecord, ADDRESS.tasks + id);
}

export function writeTask(draft: Draft, task: TaskRecord): void {
  draft.put(ADDRESS.tasks + task.taskId, encode(TaskRecord, task));
}

export function markOpen(draft: Draft, id: string, open: boolean): void {
  if (open) draft.put(ADDRESS.open + id, MARK);
  else draft.delete(ADDRESS.open + id);
}

export function readReservation(view: View, key: string): TaskId | undefined {
  const bytes = view.get(ADDRESS.reserved + key);
  return bytes === undefined ? undefined : taskId(decoder.decode(bytes));
}

export function reserve(draft: Draft, key: KeyId, task: string): void {
  draft.put(ADDRESS.reserved + key, encoder.encode(task));
}

export function unreserve(draft: Draft, key: string): void {
  draft.delete(ADDRESS.reserved + key);
}

/** 16 hex digits keep the order of times as the order of keys. */
export function dueKey(time: Millis, task: string): string {
  return `${ADDRESS.due}${time.toString(16).padStart(16, '0')}/${task}`;
}

/** The time and task that a due key names. */
export function parseDueKey(key: string): { readonly timeMs: Millis; readonly task: TaskId } {
  const [time = '', task = ''] = key.slice(ADDRESS.due.length).split('/');
  return { timeMs: Number.parseInt(time, 16), task: taskId(task) };
}

export function markDue(draft: Draft, time: Millis, task: string): void {
  draft.put(dueKey(time, task), MARK);
}
