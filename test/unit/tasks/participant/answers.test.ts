import { expect, test } from '@jest/globals';
import { nodeId, taskId } from '../../../../src/common/index.js';
import { SHARE_KIND } from '../../../../src/frost/index.js';
import { RESEND_MS } from '../../../../src/tasks/limits.js';
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
