import { beforeEach, expect, test } from '@jest/globals';
import { nodeId } from '../../../../src/common/index.js';
import type { TaskId } from '../../../../src/common/index.js';
import { observationBytes } from '../../../../src/identity/index.js';
import { EndedTasks } from '../../../../src/tasks/monitor/ended-tasks.js';
import { Loads } from '../../../../src/tasks/monitor/loads.js';
import { ParticipantChoice } from '../../../../src/tasks/monitor/participant-choice.js';
import { identityKeyOf, NODES, sealOf } from '../../../support/builders/ledger.js';
import { seededRandom } from '../../../support/clusters/raft-cluster.js';
import { TaskRoom } from '../../../support/builders/task-room.js';

let room: TaskRoom;
let loads: Loads;
let choice: ParticipantChoice;

beforeEach(() => {
  room = new TaskRoom('node-1');
  loads = new Loads();
  choice = new ParticipantChoice(room.context, room.state.view, loads, seededRandom(1));
});

/** All voters say that one of them is slow. */
function slow(node: string): void {
  const observations = NODES.map((observer) => {
    const links = NODES.filter((other) => other !== observer).map((other) => {
      const ms = [observer as string, other].includes(node) ? 200 : 1;
      return { nodeId: other, windowMs: [ms, ms, ms] };
    });
    const unsigned = { nodeId: observer as string, timeMs: BigInt(room.ledger.timeMs), links };
    const bytes = observationBytes(room.ledger.rules.genesis.clusterId, unsigned);
    return { ...unsigned, signature: sealOf(identityKeyOf(observer), bytes) };
  });
  room.ledger.command({ $case: 'observations', value: { observations } });
}

/** How often each node was among the first two. */
function taken(times: number): ReadonlyMap<string, number> {
  const counts = new Map<string, number>(NODES.map((node) => [node, 0]));
  for (let time = 0; time < times; time++) {
    const chosen = choice.order(NODES, false).slice(0, 2);
    choice.took(chosen, NODES);
    for (const node of chosen) counts.set(node, (counts.get(node) ?? 0) + 1);
  }
  return counts;
}

test('of nodes of which nothing is known each is taken about as often', () => {
  for (const count of taken(600).values()) expect(Math.abs(count - 400)).toBeLessThan(60);
});

test('a node that all find slow is taken when it was passed over 64 times, and else never', () => {
  slow('node-2');
  const counts = taken(650);
  expect(counts.get('node-2')).toBe(10);
  // And when it has recovered, as before.
  room.ledger.timeMs += 1_000;
  slow('nobody');
  for (const count of taken(600).values()) expect(Math.abs(count - 400)).toBeLessThan(60);
});

test('a node that owes contributions is taken less often', () => {
  const [id = ''] = room.ledger.generate('treasury').changedTasks;
  room.ledger.attempt(room.ledger.task(id));
  const live = room.liveTasks().refresh(id as TaskId);
  if (live === undefined) throw new Error('the task is open');
  const onlyOfTwo = {
    ...live,
    attempts: live.attempts.map((each) => ({ ...each, nodes: [nodeId('node-2')] })),
  };
  loads.taskOpen(onlyOfTwo);
  loads.taskOpen(onlyOfTwo);
  expect(loads.of(nodeId('node-2'))).toBe(1);
  const counts = taken(600);
  expect(counts.get('node-2')).toBeLessThan(340);
  loads.taskClosed(live.id);
  loads.taskClosed(live.id);
  expect(loads.of(nodeId('node-2'))).toBe(0);
});

test('a task that ends is counted under the node that leads then', () => {
  const ended = new EndedTasks(room.context.consensus, room.state.queries);
  const [id = ''] = room.ledger.generate('treasury').changedTasks;
  ended.taskClosed(id as TaskId);
  expect(ended.all()).toEqual([]);
  room.ledger.timeMs += 1_500;
  room.ledger.command({
    $case: 'failed',
    value: { taskId: id, reason: 'REQUEST_EXPIRED', evidence: [] },
  });
  room.follow('node-3');
  // Nothing of that leader's term is applied yet: the task ended under another.
  room.status = { ...room.status, caughtUp: false };
  ended.taskClosed(id as TaskId);
  expect(ended.all()).toEqual([]);
  room.status = { ...room.status, caughtUp: true };
  ended.taskClosed(id as TaskId);
  expect(ended.all()).toEqual([
    {
      leader: 'node-3',
      done: 0,
      failed: 1,
      medianMs: 1_500,
      p95Ms: 1_500,
      reasons: [{ reason: 'REQUEST_EXPIRED', count: 1 }],
    },
  ]);
});
