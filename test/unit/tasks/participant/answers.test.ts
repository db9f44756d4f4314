import { expect, test } from '@jest/globals';
import { nodeId, taskId } from '../../../../src/common/index.js';
import { SHARE_KIND } from '../../../../src/frost/index.js';
import { RESEND_MS, SHARE_WITHIN_MS, SPARE_SHARE_WITHIN_MS } from '../../../../src/tasks/limits.js';
import { Answers } from '../../../../src/tasks/participant/answers.js';
import { fill, Ledger } from '../../../support/builders/ledger.js';
import { TaskRoom } from '../../../support/builders/task-room.js';

test('a peer that comes back all the time gets the answers again every 200 ms, and no other peer waits', () => {
  const ledger = new Ledger();
  ledger.activeKey('treasury');
  const [id = ''] = ledger.sign('treasury', 'one').changedTasks;
  ledger.command({ $case: 'attempt', value: ledger.signAttempt('treasury', id, 1) });
  const room = new TaskRoom('node-1', ledger);
  const [attempt] = room.liveTasks().refresh(taskId(id))?.attempts ?? [];
  if (attempt === undefined) throw new Error('the session is open');
  const answers = new Answers(room.context);
  answers.begin(attempt);
  answers.contribute(attempt, SHARE_KIND, fill(1));
  room.takeSent();

  for (let at = 0; at < 100; at++) {
    answers.connected(nodeId('node-2'));
    room.clock.pass(10);
  }
  answers.connected(nodeId('node-3'));

  const to = room.takeSent().map((each) => each.to);
  expect(to.filter((node) => node === 'node-2')).toHaveLength((100 * 10) / RESEND_MS);
  expect(to.filter((node) => node === 'node-3')).toHaveLength(1);
});

/** An attempt of an open Sign, and the answers of node 1 to it, where the client waits at node 2. */
function contributing(): {
  readonly room: TaskRoom;
  readonly answers: Answers;
  readonly contribute: () => void;
  readonly task: string;
} {
  const ledger = new Ledger();
  ledger.activeKey('treasury');
  const [id = ''] = ledger.sign('treasury', 'one').changedTasks;
  ledger.command({ $case: 'attempt', value: ledger.signAttempt('treasury', id, 1) });
  const room = new TaskRoom('node-1', ledger);
  const [attempt] = room.liveTasks().refresh(taskId(id))?.attempts ?? [];
  if (attempt === undefined) throw new Error('the session is open');
  const answers = new Answers(room.context, () => nodeId('node-2'));
  answers.begin(attempt);
  const supplies = { keyId: 'treasury', version: 1, supplies: [] };
  const contribute = (): void => answers.contribute(attempt, SHARE_KIND, fill(1), () => supplies);
  return { room, answers, contribute, task: id };
}

test('a contribution goes at once to the node whose client waits, and to the others along with what leaves next', () => {
  const { room, contribute } = contributing();

  contribute();

  const kinds = room.takeSent().map(({ to, message }) => `${to} ${message.message?.$case}`);
  expect(kinds).toEqual(['node-1 contribution', 'node-2 contribution', 'node-3 contribution']);
  expect(room.patient.map(({ to, withinMs }) => ({ to, withinMs }))).toEqual([
    { to: 'node-3', withinMs: SPARE_SHARE_WITHIN_MS },
  ]);
});

test('a leader that waits for no contribution has it sooner than a voter that waits for none', () => {
  const { room, contribute } = contributing();
  room.follow('node-3');

  contribute();

  expect(room.patient.map(({ to, withinMs }) => ({ to, withinMs }))).toEqual([
    { to: 'node-3', withinMs: SHARE_WITHIN_MS },
  ]);
  expect(SHARE_WITHIN_MS).toBeLessThan(SPARE_SHARE_WITHIN_MS);
});

test('no contribution leaves late once its task is closed, nor after its request expired; its supplies do', () => {
  const closed = contributing();
  closed.contribute();
  closed.answers.taskClosed(taskId(closed.task));
  expect(closed.room.patient[0]?.make()?.message?.$case).toBe('freshSupplies');

  const stopped = contributing();
  stopped.contribute();
  stopped.answers.close();
  expect(stopped.room.patient[0]?.make()?.message?.$case).toBe('freshSupplies');

  const expired = contributing();
  expired.contribute();
  expect(expired.room.patient[0]?.make()?.message?.$case).toBe('contribution');
  expired.room.clock.nowMs += 3_600_000;
  expect(expired.room.patient[0]?.make()?.message?.$case).toBe('freshSupplies');
});

test('a node whose log another contradicts and no majority confirms declines, though its share is made', () => {
  const ledger = new Ledger();
  ledger.activeKey('treasury');
  const [id = ''] = ledger.sign('treasury', 'one').changedTasks;
  ledger.command({ $case: 'attempt', value: ledger.signAttempt('treasury', id, 1) });
  const room = new TaskRoom('node-1', ledger);
  const [attempt] = room.liveTasks().refresh(taskId(id))?.attempts ?? [];
  if (attempt === undefined) throw new Error('the session is open');
  const answers = new Answers({ ...room.context, isUnconfirmed: () => true });
  answers.begin(attempt);

  answers.contribute(attempt, SHARE_KIND, fill(1));

  const kinds = room.takeSent().map(({ message }) => message.message?.$case);
  expect(kinds).toEqual(['decline', 'decline', 'decline']);
});
