import { beforeEach, expect, test } from '@jest/globals';
import { taskId } from '../../../../src/common/index.js';
import { readSets } from '../../../../src/state/index.js';
import { Leadership } from '../../../../src/tasks/leadership.js';
import { UpkeepProposals } from '../../../../src/tasks/leader/upkeep.js';
import type { Upkeep } from '../../../../src/wire/index.js';
import { askForGg20Key } from '../../../support/builders/gg20-cluster.js';
import { Ledger } from '../../../support/builders/ledger.js';
import { TaskRoom } from '../../../support/builders/task-room.js';

let room: TaskRoom;
let upkeep: UpkeepProposals;

beforeEach(() => {
  room = new TaskRoom('node-1', new Ledger());
  upkeep = new UpkeepProposals(
    room.context,
    room.state.view,
    new Leadership(room.context.consensus),
    room.connections,
  );
});

const asked = (): void => void askForGg20Key(room.ledger, 'gg20-key');

/** What was proposed, all of it upkeep. */
const proposed = (): readonly Upkeep[] =>
  room.takeProposed().flatMap((command) => (command.$case === 'upkeep' ? [command.value] : []));

test('a leader of a cluster without GG20 keys proposes no upkeep', () => {
  room.ledger.generate('cold');
  upkeep.sweep();
  expect(proposed()).toEqual([]);
});

test('a set that waits for its first generation is proposed to be prepared, once', () => {
  asked();
  upkeep.sweep();
  upkeep.sweep();
  const [one, ...more] = proposed();
  expect(more).toEqual([]);
  if (one === undefined) throw new Error('nothing was proposed');
  room.ledger.command({ $case: 'upkeep', value: one });
  const [[, set] = []] = readSets(room.ledger.state);
  expect(set?.taskId).not.toBe('');
  upkeep.sweep();
  expect(proposed()).toEqual([]);
});

test('a task that is opened and may wait for upkeep has it proposed at once', () => {
  asked();
  const tasks = room.liveTasks();
  const [id = ''] = room.ledger.ask.tasks('', 9, true).map((task) => task.taskId);
  const task = tasks.refresh(taskId(id));
  if (task === undefined) throw new Error('there is no task');
  upkeep.taskOpen(task);
  expect(proposed()).toHaveLength(1);
});

test('a node that does not lead proposes nothing', () => {
  asked();
  room.follow('node-2');
  upkeep.sweep();
  expect(proposed()).toEqual([]);
});

test('a proposal that could not be made, or was lost with its term, is made again', () => {
  asked();
  room.fate = 'overloaded';
  upkeep.sweep();
  room.fate = 'proposed';
  upkeep.sweep();
  expect(proposed()).toHaveLength(1);
  upkeep.leadChanged();
  upkeep.sweep();
  expect(proposed()).toHaveLength(1);
});

test('a proposal of which nothing is heard for long is made again', () => {
  asked();
  upkeep.sweep();
  room.clock.pass(59_000);
  upkeep.sweep();
  expect(proposed()).toHaveLength(1);
  room.clock.pass(2_000);
  upkeep.sweep();
  expect(proposed()).toHaveLength(1);
});
