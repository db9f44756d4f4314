import { describe, expect, test } from '@jest/globals';
import { nodeId, taskId } from '../../../../src/common/index.js';
import { TASK_DRIVERS } from '../../../../src/tasks/index.js';
import { sidesOf } from '../../../../src/tasks/kinds/driver.js';
import {
  attempted,
  candidates,
  declined,
  leaveOut,
  newPlan,
  nextStep,
} from '../../../../src/tasks/leader/plan.js';
import type { Plan } from '../../../../src/tasks/leader/plan.js';
import { Ledger } from '../../../support/builders/ledger.js';
import { TaskRoom } from '../../../support/builders/task-room.js';

const [ONE, TWO, THREE] = ['node-1', 'node-2', 'node-3'].map(nodeId) as [
  ReturnType<typeof nodeId>,
  ReturnType<typeof nodeId>,
  ReturnType<typeof nodeId>,
];
const ALL = [ONE, TWO, THREE];
const NOBODY: ReadonlySet<never> = new Set();

function kindAt(plan: Plan, now: number): string {
  return nextStep(plan, now, false).kind;
}

describe('the delay', () => {
  test('the delay to the next attempt begins at 3 s + 0.2 s per participant for a generate-key', () => {
    const ledger = new Ledger();
    const [id = ''] = ledger.generate('cold').changedTasks;
    const room = new TaskRoom('node-1', ledger);
    const task = room.liveTasks().refresh(taskId(id));
    if (task === undefined) throw new Error('the task is open');
    const leaders = sidesOf(TASK_DRIVERS, (driver) => driver.leader?.(room.leading()));
    expect(leaders.get('generate-key')?.firstDelayMs(task)).toBe(3600);
  });

  test('the delay to the next attempt doubles with each attempt', () => {
    const plan = newPlan(0, 250, 1000);
    let now = 1000;
    for (const delay of [250, 500, 1000, 2000, 4000, 8000, 16_000]) {
      expect(kindAt(plan, now)).toBe('attempt');
      attempted(plan, plan.attempts + 1, now);
      expect(kindAt(plan, now + delay - 1)).toBe('wait');
      now += delay;
    }
  });

  test('the delay begins anew under a new leader, which gives running attempts their time', () => {
    const plan = newPlan(3, 250, 0);
    expect(kindAt(plan, 249)).toBe('wait');
    expect(kindAt(plan, 250)).toBe('attempt');
  });

  test('the delay is not begun anew by an attempt that was counted already', () => {
    const plan = newPlan(1, 250, 0);
    attempted(plan, 1, 200);
    expect(kindAt(plan, 250)).toBe('attempt');
  });
});

describe('a task fails', () => {
  test('a task fails when its request has expired', () => {
    expect(nextStep(newPlan(1, 250, 0), 0, true)).toEqual({
      kind: 'fail',
      reason: 'REQUEST_EXPIRED',
    });
  });

  test('a task fails when 8 attempts are used and the last delay is over, and not before', () => {
    const plan = newPlan(7, 250, 0);
    attempted(plan, 8, 100);
    expect(kindAt(plan, 599)).toBe('wait');
    expect(nextStep(plan, 600, false)).toEqual({ kind: 'fail', reason: 'ATTEMPTS_EXHAUSTED' });
  });

  test('a task does not fail when a node declines the last attempt: an earlier one may still succeed', () => {
    const plan = newPlan(8, 250, 0);
    declined(plan, ONE, 'nonce-gone', 10);
    leaveOut(plan, TWO, 10);
    expect(kindAt(plan, 10)).toBe('wait');
    expect(kindAt(plan, 250)).toBe('fail');
  });
});

describe('a refusal', () => {
  test('a refusal of a node that restarted, or lost its nonce, is excused once, and the next attempt is due at once', () => {
    for (const reason of ['boot-changed', 'nonce-gone']) {
      const plan = newPlan(1, 250, 0);
      declined(plan, ONE, reason, 10);
      expect(kindAt(plan, 10)).toBe('attempt');
      expect(plan.leftOut.size).toBe(0);
      attempted(plan, 2, 10);
      declined(plan, ONE, reason, 20);
      expect([...plan.leftOut]).toEqual([ONE]);
    }
  });

  test.each(['expired', 'nonce-mismatch', 'aborted', 'anything'])(
    'a refusal for %s leaves the node out of the next attempt',
    (reason) => {
      const plan = newPlan(1, 250, 0);
      declined(plan, ONE, reason, 10);
      expect([...plan.leftOut]).toEqual([ONE]);
      expect(kindAt(plan, 10)).toBe('attempt');
    },
  );

  test('a refusal hurries a task at most twice for each node, so that one node cannot use up its attempts', () => {
    const plan = newPlan(1, 250, 0);
    for (let number = 2; number <= 3; number++) {
      declined(plan, ONE, 'nonce-gone', 10);
      attempted(plan, number, 10);
    }
    declined(plan, ONE, 'nonce-gone', 10);
    leaveOut(plan, ONE, 10);
    expect(kindAt(plan, 10)).toBe('wait');
  });

  test('a node that is needed and refuses again is asked after a wait that doubles, not after the time of a whole attempt', () => {
    const plan = newPlan(1, 100_000, 0);
    declined(plan, ONE, 'aborted', 0);
    let now = 0;
    for (const wait of [1000, 2000, 4000, 8000, 16_000, 32_000]) {
      attempted(plan, plan.attempts + 1, now);
      expect(kindAt(plan, now + wait)).toBe('wait');
      declined(plan, ONE, 'aborted', now);
      declined(plan, ONE, 'aborted', now);
      expect(kindAt(plan, now + wait - 1)).toBe('wait');
      expect(kindAt(plan, now + wait)).toBe('attempt');
      now += wait;
    }
  });

  test('the wait for a node that refuses again is never longer than the time of its attempt', () => {
    const plan = newPlan(1, 20, 0);
    declined(plan, ONE, 'aborted', 0);
    attempted(plan, 2, 0);
    declined(plan, ONE, 'aborted', 0);
    expect(kindAt(plan, 40)).toBe('attempt');
  });
});

describe('the participants of an attempt', () => {
  test('all able nodes take part, and a node that owes a share comes last', () => {
    const plan = newPlan(1, 250, 0);
    expect(candidates(plan, ALL, 2, new Set([ONE]), false)).toEqual({
      first: [TWO, THREE],
      lastResort: [ONE],
    });
  });

  test('a node that is left out takes no part where there are enough others', () => {
    const plan = newPlan(1, 250, 0);
    leaveOut(plan, TWO, 0);
    expect(candidates(plan, ALL, 2, NOBODY, false)).toEqual({
      first: [ONE, THREE],
      lastResort: [],
    });
  });

  test('nodes that are left out take part behind the others, where these are too few or have no commitments', () => {
    const plan = newPlan(1, 250, 0);
    leaveOut(plan, TWO, 0);
    expect(candidates(plan, ALL, 3, NOBODY, false).lastResort).toEqual([TWO]);
    expect(candidates(plan, ALL, 2, new Set([ONE]), true)).toEqual({
      first: [THREE],
      lastResort: [ONE, TWO],
    });
  });
});
