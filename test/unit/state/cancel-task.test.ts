import { beforeAll, expect, test } from '@jest/globals';
import { METHODS, resharingOf, standingOf, taskCancelledOf } from '../../../src/state/index.js';
import { CancelTaskRequest, encode } from '../../../src/wire/index.js';
import { GENESIS_MS } from '../../support/builders/ledger.js';
import type { AppliedEntry, Ledger } from '../../support/builders/ledger.js';
import { RequesterAuthority } from '../../support/builders/requester.js';
import type { Requester } from '../../support/builders/requester.js';
import {
  keyAmong,
  keyOf,
  makeVersion,
  reshare,
  reshareLedger,
  sayReady,
  signed,
  versionAttempt,
} from '../../support/builders/resharing.js';

let authority: RequesterAuthority;
let owner: Requester;
let operator: Requester;
let stranger: Requester;
beforeAll(async () => {
  authority = await RequesterAuthority.create(GENESIS_MS);
  owner = await authority.requester('app', 'payments');
  operator = await authority.requester('operator', 'alice');
  stranger = await authority.requester('app', 'other');
});

function cancel(ledger: Ledger, by: Requester, taskId: string, requestId = 'cancel'): AppliedEntry {
  const request = encode(CancelTaskRequest, { requestId, taskId });
  return signed(ledger, by, METHODS.cancelTask, request);
}

const reasonOf = ({ decision }: AppliedEntry): string | undefined =>
  decision?.result.kind === 'refused' ? decision.result.refusal.reason : decision?.result.kind;

function resharing() {
  const ledger = reshareLedger(authority);
  keyAmong(ledger, 'treasury', { requester: owner.spiffeId });
  const [id = ''] = reshare(ledger, owner, 'treasury').changedTasks;
  return { ledger, id };
}

test('an open reshare ends as cancelled, and the key stays as it was', () => {
  const { ledger, id } = resharing();
  versionAttempt(ledger, ledger.task(id));
  sayReady(ledger, id, 'node-1');
  sayReady(ledger, id, 'node-2');
  const entry = cancel(ledger, owner, id);
  expect(reasonOf(entry)).toBe('opened');
  expect(entry.events.filter(({ type }) => type === 'task-closed')).toMatchObject([
    { task: id, kind: 'reshare', failure: 'CANCELLED' },
    { kind: 'cancel-task', failure: undefined },
  ]);
  const task = ledger.task(id);
  expect(task.outcome).toEqual({ $case: 'cancelled', value: { requester: owner.spiffeId } });
  expect(standingOf(task)).toBe('cancelled');
  const own = entry.changedTasks.find((each) => each !== id);
  expect(taskCancelledOf(ledger.task(own ?? ''))).toEqual({ taskId: id });
  expect(ledger.ask.totals().open).toEqual([]);
  const key = keyOf(ledger, 'treasury');
  expect([key.version, resharingOf(key).taskId]).toEqual([1, '']);
  expect(resharingOf(key).lastFailure?.reason).toBe('CANCELLED');
  // What comes after it is not heard.
  const late = ledger.signAttempt('treasury', id, 2);
  expect(ledger.command({ $case: 'attempt', value: late }).changedTasks).toEqual([]);
});

test('a task that has made its key or version is not cancelled', () => {
  const { ledger, id } = resharing();
  makeVersion(ledger, id);
  expect(reasonOf(cancel(ledger, owner, id))).toBe('TASK_CLOSED');
  expect(keyOf(ledger, 'treasury').version).toBe(2);
});

test('a key that is being generated is cancelled, and its id is free again', () => {
  const ledger = reshareLedger(authority);
  const [id = ''] = ledger.generate('treasury', { requester: owner.spiffeId }).changedTasks;
  expect(reasonOf(cancel(ledger, operator, id))).toBe('opened');
  expect(reasonOf(ledger.generate('treasury', { requestId: 'again' }))).toBe('opened');
});

test('the requester and operators may cancel, and nobody else learns whether there is such a task', () => {
  const { ledger, id } = resharing();
  const none = 'a'.repeat(26);
  for (const task of [id, none])
    expect(reasonOf(cancel(ledger, stranger, task))).toBe('TASK_NOT_YOURS');
  expect(reasonOf(cancel(ledger, operator, none))).toBe('TASK_NOT_FOUND');
  expect(reasonOf(cancel(ledger, operator, 'No Id'))).toBe('INVALID_ID');
  expect(reasonOf(cancel(ledger, operator, id))).toBe('opened');
  expect(reasonOf(cancel(ledger, operator, id))).toBe('known');
  expect(reasonOf(cancel(ledger, operator, id, 'again'))).toBe('TASK_CLOSED');
});

test('a Sign ends by itself', () => {
  const { ledger } = resharing();
  const [id = ''] = ledger.sign('treasury', 'one', { requester: owner.spiffeId }).changedTasks;
  expect(reasonOf(cancel(ledger, owner, id))).toBe('NOT_CANCELLABLE');
  expect(ledger.task(id).outcome).toBeUndefined();
});

test('below level 3 a request to cancel is refused', () => {
  const ledger = reshareLedger(authority, undefined, 2);
  const [id = ''] = ledger.generate('treasury').changedTasks;
  expect(cancel(ledger, operator, id).alarm).toBe("a command above the cluster's level");
  expect(ledger.task(id).outcome).toBeUndefined();
});
