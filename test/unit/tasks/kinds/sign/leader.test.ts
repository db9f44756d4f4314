import { beforeEach, expect, test } from '@jest/globals';
import { nodeId, taskId } from '../../../../../src/common/index.js';
import type { TaskId } from '../../../../../src/common/index.js';
import { isSign } from '../../../../../src/state/index.js';
import { SignLeader } from '../../../../../src/tasks/kinds/sign/leader.js';
import type { LiveAttempt } from '../../../../../src/tasks/live-tasks.js';
import type { ParsedSign } from '../../../../../src/state/index.js';
import { openSign } from '../../../../support/builders/accusation.js';
import { fill, NODES } from '../../../../support/builders/ledger.js';
import { TaskRoom } from '../../../../support/builders/task-room.js';
import { ed25519Suite } from '../../../../support/builders/schemes.js';

let jobs: string[];
let [under, most] = [0, 0];
beforeEach(() => {
  jobs = [];
  [under, most] = [0, 0];
});

/** The leader of a signing in which node-2's commitment is a point, or is none. */
function leading(hiding?: Uint8Array) {
  const open = openSign('first attempt', ed25519Suite, hiding);
  const room = new TaskRoom('node-1', open.ledger);
  const [attempt] = room.liveTasks().refresh(taskId(open.task))?.attempts ?? [];
  if (attempt === undefined || !isSigning(attempt)) throw new Error('the session is open');
  const { compute } = room;
  room.compute = {
    idle: () => compute.idle(),
    run: async (job, input) => {
      jobs.push(job.name);
      most = Math.max(most, ++under);
      const output = await compute.run(job, input);
      under -= 1;
      return output;
    },
  };
  return { room, attempt, leader: new SignLeader(room.leading()) };
}

function isSigning(attempt: LiveAttempt): attempt is LiveAttempt<ParsedSign> {
  return isSign(attempt.task.asked);
}

const BAD = { reason: 'bad-commitment', index: 2 };

test('the owner of a refused commitment that is no point is left out, and the decliner where it is one', async () => {
  const bad = leading(fill(255));
  expect(await bad.leader.onDeclined(bad.attempt, BAD, nodeId('node-1'))).toEqual({
    blamed: 'node-2',
  });
  const good = leading();
  expect(await good.leader.onDeclined(good.attempt, BAD, nodeId('node-1'))).toEqual({});
  expect(jobs).toEqual(['signing/check-supplies', 'signing/check-supplies']);
});

test('refused commitments are looked at one at a time, and other refusals not at all', async () => {
  const { leader, attempt } = leading(fill(255));
  expect(leader.onDeclined(attempt, { reason: 'expired', index: 0 }, nodeId('node-1'))).toEqual({});
  expect(leader.onDeclined(attempt, { ...BAD, index: 9 }, nodeId('node-1'))).toEqual({});
  await Promise.all(
    Array.from({ length: 50 }, async () => leader.onDeclined(attempt, BAD, nodeId('node-1'))),
  );
  expect([jobs.length, most]).toEqual([50, 1]);
});

test('a refused commitment that could not be looked at leaves out the decliner alone', async () => {
  const { room, leader, attempt } = leading(fill(255));
  room.compute = { run: () => Promise.reject(new Error('the worker died')), idle: () => true };
  expect(await leader.onDeclined(attempt, BAD, nodeId('node-1'))).toEqual({});
});

test('a node that is asked for a share of a version that is over is not left out for declining', () => {
  const { leader, attempt } = leading();
  const over = { reason: 'version-over', index: 0 };
  expect(leader.onDeclined(attempt, over, nodeId('node-1'))).toEqual({});
  const { key } = attempt.task;
  if (key === undefined) throw new Error('a signature has a key');
  const task = { ...attempt.task, key: { ...key, version: key.version + 1 } };
  expect(leader.onDeclined({ ...attempt, task }, over, nodeId('node-1'))).toEqual({
    excused: true,
  });
});

test('a proved culprit is replaced while enough signers are left of whom no evidence speaks', () => {
  const { room, attempt } = leading();
  const canReplaceThird = (count: number): boolean => {
    const proved = new Set<string>(NODES.slice(0, count));
    const culprits = {
      has: () => true,
      provedIn: (task: TaskId, node: string) => task === attempt.task.id && proved.has(node),
    };
    const leader = new SignLeader({ ...room.leading(), culprits });
    return leader.canReplace(attempt.task, nodeId('node-3'));
  };
  // 2 of 3. A node that lied in another task may sign.
  expect([0, 1, 2].map(canReplaceThird)).toEqual([true, false, false]);
});
