import { beforeEach, expect, test } from '@jest/globals';
import { bootId, nodeId, taskId, toHex } from '../../../../../src/common/index.js';
import type { NodeId } from '../../../../../src/common/index.js';
import { dueUpkeep, prepareFor } from '../../../../../src/state/index.js';
import type { ParsedPrepare } from '../../../../../src/state/index.js';
import { PARTIAL_AGE_MS } from '../../../../../src/state/limits.js';
import { PrepareLeader } from '../../../../../src/tasks/kinds/prepare/leader.js';
import type { AttemptDue } from '../../../../../src/tasks/index.js';
import { leaveOut, newPlan } from '../../../../../src/tasks/leader/plan.js';
import { PREPARE_PROOF_WAIT_MS, PROOF_LOOK_MS } from '../../../../../src/tasks/limits.js';
import type { LiveTask } from '../../../../../src/tasks/live-tasks.js';
import { PREPARE_WAITS } from '../../../../../src/tasks/limits.js';
import { Gg20Profile } from '../../../../../src/wire/index.js';
import type { Attempt } from '../../../../../src/wire/index.js';
import { askForGg20Key } from '../../../../support/builders/gg20-cluster.js';
import { bootOf, fill, Ledger, NODES, testGenesis } from '../../../../support/builders/ledger.js';
import {
  activeGg20Key,
  participantsNamed,
  prepare as prepareSet,
} from '../../../../support/builders/participant-sets.js';
import { FIVE } from '../../../../support/builders/resharing.js';
import { TaskRoom } from '../../../../support/builders/task-room.js';

const THIRD = nodeId('node-3');

let room: TaskRoom;
let leader: PrepareLeader;

beforeEach(() => {
  room = new TaskRoom('node-1', new Ledger());
  leader = new PrepareLeader(room.leading());
});

/** The task that prepares the set of a key of `threshold`. */
function prepare(threshold = 2): LiveTask<ParsedPrepare> {
  const { ledger } = room;
  askForGg20Key(ledger, 'gg20-key', { threshold, allowNoRedundancy: true });
  const [value] = dueUpkeep(ledger.state, ledger.rules, ledger.timeMs);
  if (value === undefined) throw new Error('nothing is due');
  const [id = ''] = ledger.command({ $case: 'upkeep', value }).changedTasks;
  const task = room.liveTasks().refresh(taskId(id));
  if (task === undefined || !isPrepare(task)) throw new Error('there is no task');
  return task;
}

function isPrepare(task: LiveTask): task is LiveTask<ParsedPrepare> {
  return task.kind === 'prepare';
}

function due(leftOut: readonly NodeId[] = []): AttemptDue {
  const plan = newPlan(0, 1_000, 0);
  for (const node of leftOut) leaveOut(plan, node, 0);
  return { plan, short: false, overdue: () => new Set() };
}

function nodesOf(attempt: Attempt | undefined): readonly string[] | undefined {
  const assignment = attempt?.assignment;
  return assignment?.$case === 'boots'
    ? assignment.value.nodes.map((each) => each.nodeId)
    : undefined;
}

test('all participants prepare together, and the state takes the attempt', () => {
  const task = prepare();
  const attempt = leader.nextAttempt(task, 1, due());
  expect(nodesOf(attempt)).toEqual(NODES);
  if (attempt === undefined) throw new Error('there is no attempt');
  const { changedTasks, alarm } = room.ledger.command({ $case: 'attempt', value: attempt });
  expect([changedTasks, alarm]).toEqual([[task.id], undefined]);
});

test('a participant that does not answer is waited for a while, and then done without', () => {
  const task = prepare();
  room.heardAgoMs.set(THIRD, 5_000);
  expect(leader.nextAttempt(task, 1, due())).toBeUndefined();
  room.ledger.timeMs += 20_000;
  expect(nodesOf(leader.nextAttempt(task, 1, due()))).toEqual(['node-1', 'node-2']);
});

test('material that a participant lacks is made again with that participant, and not without it', () => {
  const { ledger } = room;
  const gg20Profile = Gg20Profile.P2048;
  askForGg20Key(ledger, 'first', { allowNoRedundancy: true });
  prepareSet(ledger, { profile: gg20Profile }, ['node-1', 'node-2']);
  activeGg20Key(ledger, 'second', { gg20Profile });
  ledger.timeMs += PARTIAL_AGE_MS;
  const task = prepare();
  room.heardAgoMs.set(THIRD, 5_000);
  ledger.timeMs += 20_000;
  expect(leader.nextAttempt(task, 1, due())).toBeUndefined();
  room.heardAgoMs.set(THIRD, 0);
  expect(nodesOf(leader.nextAttempt(task, 1, due()))).toEqual(NODES);
});

test('a culprit for which material is made anew is no member, where one of the others may then fail', () => {
  expect([FIVE.slice(0, 3), FIVE.slice(0, 4)].map(membersFor)).toEqual([
    ['node-1', 'node-2', 'node-3'],
    ['node-1', 'node-2', 'node-4'],
  ]);
});

/** The members that a leader names of a set whose keys have threshold 2, when node-3 has lied. */
function membersFor(nodes: readonly NodeId[]): readonly string[] | undefined {
  room = new TaskRoom('node-1', new Ledger(testGenesis({ nodes })));
  for (const node of nodes) room.connections.connected(node, bootId(toHex(bootOf(node))));
  leader = new PrepareLeader(room.leading());
  const { ledger } = room;
  activeGg20Key(ledger, 'gg20-key', { gg20Profile: Gg20Profile.P2048 });
  const set = {
    profile: Gg20Profile.P2048,
    participants: participantsNamed(ledger, undefined),
  } as const;
  const named = { nodeId: THIRD, evidence: fill(1) };
  const value = prepareFor(ledger.state, set, named, ledger.timeMs);
  if (value === undefined) throw new Error('nothing is due');
  const [id = ''] = ledger.command({ $case: 'upkeep', value }).changedTasks;
  const task = room.liveTasks().refresh(taskId(id));
  if (task === undefined || !isPrepare(task)) throw new Error('there is no task');
  const attempt = { session: '', task, number: 1, record: {}, nodes } as never;
  const said = { reason: 'culprit-unproved', index: 0 };
  expect(leader.onDeclined(attempt, said)).toEqual({ hopeless: 'CULPRIT_UNPROVED' });
  return nodesOf(leader.nextAttempt(task, 1, due()));
}

test('no set is prepared by fewer participants than its keys need', () => {
  const task = prepare(3);
  room.heardAgoMs.set(THIRD, 5_000);
  room.ledger.timeMs += 20_000;
  expect(leader.nextAttempt(task, 1, due())).toBeUndefined();
});

test('a node that is left out prepares nothing where the others are enough', () => {
  expect(nodesOf(leader.nextAttempt(prepare(), 2, due([THIRD])))).toEqual(['node-1', 'node-2']);
});

test('a node that is left out prepares where the others are too few', () => {
  expect(nodesOf(leader.nextAttempt(prepare(3), 2, due([THIRD])))).toEqual(NODES);
});

test('members that are heard are waited for while they make their primes, and no longer than that can take', () => {
  const task = prepare();
  const attempt = { session: '', task, number: 1, record: {}, nodes: NODES } as never;
  expect(leader.isUnderWay(NODES, 6_000, attempt)).toBe(true);
  const { base, perMember } = PREPARE_WAITS.P2048;
  const longMs = base + perMember * NODES.length;
  expect(leader.isUnderWay(NODES, longMs - 1, attempt)).toBe(true);
  expect(leader.isUnderWay(NODES, longMs, attempt)).toBe(false);
  room.heardAgoMs.set(THIRD, 5_000);
  expect(leader.isUnderWay(NODES, 6_000, attempt)).toBe(false);
});

test('a participant that says another lied is believed when that is proved, and else left out itself', async () => {
  const proven = new Set<NodeId>();
  const culprits = { has: (node: NodeId) => proven.has(node), provedIn: () => false };
  leader = new PrepareLeader({ ...room.leading(), culprits });
  const task = prepare();
  const { participants } = task;
  const attempt = { session: '', task, participants, number: 1, record: {}, nodes: NODES } as never;
  const said = (reason: string, index: number) => leader.onDeclined(attempt, { reason, index });

  expect(said('boot-changed', 0)).toEqual({});
  expect(said('aborted', 0)).toEqual({});
  const unproved = said('aborted', 3);
  for (let ms = 0; ms < PREPARE_PROOF_WAIT_MS; ms += PROOF_LOOK_MS) room.clock.pass(PROOF_LOOK_MS);
  expect(await unproved).toEqual({});
  const later = said('aborted', 3);
  proven.add(THIRD);
  room.clock.pass(PROOF_LOOK_MS);
  expect(await later).toEqual({ blamed: THIRD });
  expect(said('aborted', 3)).toEqual({ blamed: THIRD });
});

test('a proved culprit is replaced in a prepare where the others are as many as the keys need', () => {
  expect([2, 3].map(canReplace)).toEqual([true, false]);
});

/** Whether a prepare for a key of `threshold` can do without one of three nodes. */
function canReplace(threshold: number): boolean {
  room = new TaskRoom('node-1', new Ledger());
  return new PrepareLeader(room.leading()).canReplace(prepare(threshold), THIRD);
}
