import { mayTake, refusal } from '../common/index.js';
import type { Refusal } from '../common/index.js';
import { encode, RequestAuthorization, RequesterRecord } from '../wire/index.js';
import type { TaskRecord } from '../wire/index.js';
import { remembering } from './decoded.js';
import type { JudgingContext, KindRules, Opening } from './kind-rules.js';
import { OPEN_BYTES_MAX, SHARES_LEVEL } from './limits.js';
import { ADDRESS, readLevel, readTotals, writeTotals } from './records.js';
import { withCount } from './counts.js';
import type { Draft, View } from './view.js';

const SPIFFE_PREFIX = 'spiffe://quorate/';
const NOTHING = RequesterRecord.fromPartial({});

const decodeRequester = remembering((bytes) => RequesterRecord.decode(bytes));

/** Claims that tasks which are opened now are counted with their requesters. */
export function countsShares(view: View): boolean {
  return readLevel(view) >= SHARES_LEVEL;
}

/** The record of what a requester holds, as far as it is counted. @param requester - A SPIFFE id of a known form. */
export function readRequester(view: View, requester: string): RequesterRecord {
  const bytes = view.get(addressOf(requester));
  return bytes === undefined ? NOTHING : decodeRequester(bytes);
}

/**
 * The refusal of a request that would leave too little for other requesters: of request ids, of the bytes of open requests, and
 * of the bounds of its kind. Below {@link SHARES_LEVEL} there is none.
 *
 * @param bytes - Of the request and its authorization.
 */
export function checkShare(
  rules: KindRules,
  opening: Opening,
  bytes: number,
  context: JudgingContext,
): Refusal | undefined {
  const { view, requester } = opening;
  if (!countsShares(view)) return undefined;
  const { limits } = context.genesis;
  const all = readTotals(view);
  const own = readRequester(view, requester);
  const bounds = [
    { held: own.taskCount, taken: all.taskCount, max: limits.requestIdsMax, amount: 1 },
    {
      held: Number(own.openBytes),
      taken: Number(all.openBytes),
      max: OPEN_BYTES_MAX,
      amount: bytes,
    },
    ...(rules.bounds?.(all, own, limits, opening, context) ?? []).map((bound) => ({
      ...bound,
      amount: 1,
    })),
  ];
  return bounds.every(({ held, taken, max, amount }) => mayTake(held, taken, max, amount))
    ? undefined
    : refusal(
        'overloaded',
        'REQUESTER_OVER_SHARE',
        `${requester} holds so much of what all requesters share that no more is left to others`,
      );
}

/** Counts a task that opens with its requester. */
export function countOpened(draft: Draft, task: TaskRecord): void {
  if (task.counted) change(draft, task, { tasks: 1, open: 1, bytes: requestBytesOf(task) });
}

/** @param task - As it was while it was open. */
export function countClosed(draft: Draft, task: TaskRecord): void {
  if (task.counted) change(draft, task, { tasks: 0, open: -1, bytes: -requestBytesOf(task) });
}

/** @param task - Closed. */
export function countForgotten(draft: Draft, task: TaskRecord): void {
  if (task.counted) change(draft, task, { tasks: -1, open: 0, bytes: 0 });
}

/** Counts a key that was made. Keys of lower levels are not counted with their owners. */
export function countKey(draft: Draft, owner: string): void {
  if (!countsShares(draft)) return;
  const own = readRequester(draft, owner);
  writeRequester(draft, owner, { ...own, keyCount: own.keyCount + 1 });
}

/** The bytes that a request takes in the state while its task is open. */
export function requestBytesOf({
  method,
  request,
  authorization = { by: undefined },
}: Pick<TaskRecord, 'method' | 'request' | 'authorization'>): number {
  return method.length + request.length + encode(RequestAuthorization, authorization).length;
}

function change(
  draft: Draft,
  { requester, kind }: TaskRecord,
  by: { readonly tasks: number; readonly open: number; readonly bytes: number },
): void {
  const own = readRequester(draft, requester);
  writeRequester(draft, requester, {
    ...own,
    open: withCount(own.open, kind, by.open),
    taskCount: own.taskCount + by.tasks,
    openBytes: own.openBytes + BigInt(by.bytes),
  });
  if (by.bytes === 0) return;
  const all = readTotals(draft);
  writeTotals(draft, { ...all, openBytes: all.openBytes + BigInt(by.bytes) });
}

function writeRequester(draft: Draft, requester: string, record: RequesterRecord): void {
  const address = addressOf(requester);
  if (record.taskCount === 0 && record.keyCount === 0) draft.delete(address);
  else draft.put(address, encode(RequesterRecord, record));
}

function addressOf(requester: string): string {
  return ADDRESS.requesters + requester.slice(SPIFFE_PREFIX.length);
}
