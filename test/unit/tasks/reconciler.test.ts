import { beforeEach, expect, test } from '@jest/globals';
import { taskId } from '../../../src/common/index.js';
import type { Millis } from '../../../src/common/index.js';
import type { Timer } from '../../../src/ports/index.js';
import { Leadership } from '../../../src/tasks/leadership.js';
import { RECONCILE_MS, RECONCILE_SLICE } from '../../../src/tasks/limits.js';
import { LiveTasks } from '../../../src/tasks/live-tasks.js';
import { Reconciler } from '../../../src/tasks/reconciler.js';
import type { Batch, Work } from '../../../src/tasks/work.js';
import { Ledger, testGenesis } from '../../support/builders/ledger.js';
import { dealKey, NOTHING, TaskRoom } from '../../support/builders/task-room.js';

const OPEN = 5 * RECONCILE_SLICE + 7;

let ledger: Ledger;
let room: TaskRoom;
let reconciler: Reconciler;
/** Open tasks that were looked at since the loop turned last. */
let looks: string[];
/** The same for each turn before. */
let turns: string[][];
/** The tasks of this turn that had been looked at whenever all was settled. */
let settledAfter: string[][];

beforeEach(() => {
  ledger = new Ledger(testGenesis({ openSignTasksMax: 1000 }));
  dealKey(ledger);
  for (let at = 0; at < OPEN; at++) ledger.sign('treasury', `open-${at}`);
  room = new TaskRoom('node-1', ledger);
  [looks, turns] = [[], []];
  settledAfter = [];
  const part: Work = {
    taskOpen: ({ id }) => void looks.push(id),
    settled: () => void settledAfter.push([...looks]),
  };
  const clock = {
    now: () => room.clock.now(),
    elapsed: () => room.clock.elapsed(),
    after: (ms: Millis, run: () => void): Timer =>
      room.clock.after(ms, () => {
        turns.push(looks.splice(0));
        run();
      }),
  };
  const { state } = room;
  reconciler = new Reconciler(
    { clock, consensus: room.context.consensus },
    new Leadership(room.context.consensus),
    state.queries,
    new LiveTasks(state, ledger.rules),
    [part],
  );
});

/** The tasks that were looked at, and the most of them in one turn. */
function looked(): { tasks: number; most: number } {
  turns.push(looks.splice(0));
  const all = turns.splice(0);
  return { tasks: new Set(all.flat()).size, most: Math.max(...all.map(({ length }) => length)) };
}

const changed = (...ids: string[]): Batch => ({ ...NOTHING, tasks: new Set(ids.map(taskId)) });

test('a node that starts looks at all open tasks, some of them between two turns of the loop', () => {
  reconciler.start();
  room.clock.pass(0);
  expect(looked()).toEqual({ tasks: OPEN, most: RECONCILE_SLICE });
});

test('a node looks at all open tasks every second, some of them between two turns of the loop', () => {
  reconciler.start();
  room.clock.pass(0);
  looked();
  room.clock.pass(RECONCILE_MS);
  expect(looked()).toEqual({ tasks: OPEN, most: RECONCILE_SLICE });
});

test('a batch is followed by a look at the tasks that it changed, and at no others', () => {
  reconciler.start();
  room.clock.pass(0);
  looked();
  const id = ledger.sign('treasury', 'new').changedTasks[0] ?? '';
  reconciler.applied(changed(id));
  expect(looks).toEqual([id]);
});

test('a node that has caught up looks again at the open tasks that changed before, and at no others', () => {
  reconciler.start();
  room.clock.pass(0);
  looked();
  room.status = { ...room.status, current: false };
  const [one = '', two = ''] = ['one', 'two'].map(
    (each) => ledger.sign('treasury', each).changedTasks[0] ?? '',
  );
  reconciler.applied(changed(one));
  reconciler.applied(changed(two));
  ledger.command({ $case: 'failed', value: { taskId: two, reason: 'ENOUGH', evidence: [] } });
  reconciler.applied(changed(two));
  looked();

  room.status = { ...room.status, current: true };
  reconciler.applied(NOTHING);
  expect(looks).toEqual([one]);
});

test('nothing is settled before the tasks were looked at of the very batch with which a node has caught up', () => {
  reconciler.start();
  room.clock.pass(0);
  looked();
  const [one = '', two = ''] = ['one', 'two'].map(
    (each) => ledger.sign('treasury', each).changedTasks[0] ?? '',
  );
  room.status = { ...room.status, current: false };
  reconciler.applied(changed(one));
  looked();
  room.status = { ...room.status, current: true };
  settledAfter = [];
  reconciler.applied(changed(two));
  expect(new Set(looks)).toEqual(new Set([one, two]));
  for (const after of settledAfter) expect(new Set(after)).toEqual(new Set([one, two]));
  expect(settledAfter).not.toEqual([]);
});
