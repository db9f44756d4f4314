import { beforeEach, expect, test } from '@jest/globals';
import { nodeId } from '../../../../../src/common/index.js';
import type { NodeId } from '../../../../../src/common/index.js';
import { SessionLeader } from '../../../../../src/tasks/kinds/sign/session-leader.js';
import type { LiveAttempt } from '../../../../../src/tasks/live-tasks.js';
import { PROOF_LOOK_MS, SILENCE_WAIT_MS } from '../../../../../src/tasks/limits.js';
import type { LeaderContext } from '../../../../../src/tasks/index.js';
import type { ParsedSign } from '../../../../../src/state/index.js';
import { identityKeyOf, Ledger, NODES } from '../../../../support/builders/ledger.js';
import { TaskRoom } from '../../../../support/builders/task-room.js';

const [ONE = nodeId(''), TWO = nodeId(''), THREE = nodeId('')] = NODES;
const participants = NODES.map((node) => ({ nodeId: node, identityKey: identityKeyOf(node) }));
const key = { keyId: 'key', version: 1, threshold: 2, participants };

let room: TaskRoom;
let parts: LeaderContext;
let leader: SessionLeader;

beforeEach(() => lead(ONE));

function lead(node: NodeId): void {
  room = new TaskRoom(node, new Ledger());
  parts = room.leading();
  leader = new SessionLeader(parts);
}

const attemptOf = (nodes: readonly NodeId[]): LiveAttempt<ParsedSign> =>
  ({ session: nodes.join(), task: { id: 'task' }, key, participants, nodes }) as never;

const silent = (node: NodeId) => ({
  reason: 'silent-in-blame',
  index: NODES.indexOf(node) + 1,
});

function waitForWords(): void {
  for (let ms = 0; ms <= SILENCE_WAIT_MS; ms += PROOF_LOOK_MS) room.clock.pass(PROOF_LOOK_MS);
}

test('the word of all others leaves a silent node out, and is counted by a leader that was not there', async () => {
  lead(nodeId('node-9'));
  const attempt = attemptOf([ONE, TWO, THREE]);
  const first = leader.onDeclined(attempt, silent(THREE), ONE);
  expect(parts.failures.wasSilent(THREE)).toBe(false);
  expect(leader.onDeclined(attempt, silent(THREE), TWO)).toEqual({ blamed: THREE });
  room.clock.pass(PROOF_LOOK_MS);
  expect(await first).toEqual({ blamed: THREE });
  expect(parts.failures.all()).toMatchObject([{ subject: { nodeId: THREE }, count: 1 }]);
});

test('one word leaves out the node that says it, and counts against nobody', async () => {
  const attempt = attemptOf([ONE, TWO, THREE]);
  const word = leader.onDeclined(attempt, silent(THREE), TWO);
  waitForWords();
  expect(await word).toEqual({});
  expect(leader.onDeclined(attempt, silent(TWO), TWO)).toEqual({});
  expect(leader.onDeclined(attemptOf([ONE, TWO]), silent(THREE), TWO)).toEqual({});
  expect(parts.failures.all()).toEqual([]);
});

test('a leader that took part counts what it saw itself, and no word', () => {
  const attempt = attemptOf([ONE, THREE]);
  expect(leader.onDeclined(attempt, silent(THREE), ONE)).toEqual({ blamed: THREE });
  expect(parts.failures.all()).toEqual([]);
});

test('a refusal of a silent node leaves that one out where the leader knows it as silent', () => {
  const refusal = { reason: 'silent-node', index: 3 };
  expect(leader.onDeclined(attemptOf([ONE, THREE]), refusal, TWO)).toEqual({});
  parts.failures.silent(THREE);
  expect(leader.onDeclined(attemptOf([ONE, THREE]), refusal, TWO)).toEqual({ blamed: THREE });
});

test('a task ends when too few signers are left that have not seen the version fail too often', () => {
  const refusal = { reason: 'failed-too-often', index: 0 };
  const attempt = attemptOf([ONE, TWO]);
  expect(leader.onDeclined(attempt, refusal, ONE)).toEqual({});
  expect(leader.onDeclined(attempt, refusal, ONE)).toEqual({});
  expect(leader.onDeclined(attempt, refusal, TWO)).toEqual({ hopeless: 'SIGNING_LOCKED' });
});
