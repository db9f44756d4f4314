import { beforeEach, expect, test } from '@jest/globals';
import { nodeId } from '../../../../../src/common/index.js';
import type { NodeId } from '../../../../../src/common/index.js';
import { setIdOf } from '../../../../../src/identity/index.js';
import { setIdBytes } from '../../../../../src/state/index.js';
import type { ActiveKey } from '../../../../../src/state/index.js';
import { SessionLeader } from '../../../../../src/tasks/kinds/sign/session-leader.js';
import { leaveOut, newPlan } from '../../../../../src/tasks/leader/plan.js';
import type { AttemptDue, LeaderContext } from '../../../../../src/tasks/index.js';
import { encode, Gg20Profile, SetRecord } from '../../../../../src/wire/index.js';
import type { Attempt } from '../../../../../src/wire/index.js';
import { fill, identityKeyOf, Ledger, NODES } from '../../../../support/builders/ledger.js';
import { TaskRoom } from '../../../../support/builders/task-room.js';

const [FIRST = nodeId(''), SECOND = nodeId(''), THIRD = nodeId('')] = NODES;
const participants = NODES.map((node) => ({ nodeId: node, identityKey: identityKeyOf(node) }));
const SET = { profile: Gg20Profile.P2048, participants } as const;
const SET_ID = setIdOf(SET);

const key = {
  keyId: 'gg20-key',
  version: 1,
  threshold: 2,
  sessionId: fill(4),
  participants,
  gg20Profile: Gg20Profile.P2048,
} as unknown as ActiveKey;

/** A request that no presignature serves. */
const ASKED = { kind: 'sign', payload: { form: 'digest', digest: fill(6) } };

let room: TaskRoom;
let parts: LeaderContext;

beforeEach(() => {
  room = new TaskRoom('node-1', new Ledger());
  parts = room.leading();
});

/** A leader in a state whose set has a generation with these members. */
function leading(
  members: readonly string[] = NODES,
  culprits: readonly NodeId[] = [],
): SessionLeader {
  const preparation = {
    sessionId: fill(1),
    setId: setIdBytes(SET_ID),
    generation: 3,
    members: [...members],
    digest: fill(2),
  };
  const active = { preparation, prepared: [], timeMs: 0n };
  const record = encode(SetRecord, SetRecord.fromPartial({ ...SET, participants, active }));
  const { state } = parts;
  const view = {
    get: (name: string) => (name.endsWith(SET_ID) ? record : state.view.get(name)),
    scan: (prefix: string) => state.view.scan(prefix),
  };
  const proven = new Set(culprits);
  return new SessionLeader({
    ...parts,
    culprits: { has: (node) => proven.has(node), provedIn: () => false },
    state: { ...state, view },
  });
}

const first = (leader: SessionLeader): readonly string[] | undefined =>
  nodesOf(leader.firstAttempt({ taskId: 'task', content: fill(5), asked: ASKED } as never, key));

function next(
  leader: SessionLeader,
  leftOut: readonly NodeId[],
  overdue: readonly NodeId[] = [],
  number = 2,
) {
  const plan = newPlan(1, 1_000, 0);
  for (const node of leftOut) leaveOut(plan, node, 0);
  const due: AttemptDue = { plan, short: false, overdue: () => new Set(overdue) };
  const task = { id: 'task', record: { requestHash: fill(5) }, asked: ASKED } as never;
  return nodesOf(leader.nextAttempt(task, key, number, due));
}

function nodesOf(attempt: Attempt | undefined): readonly string[] | undefined {
  const assignment = attempt?.assignment;
  return assignment?.$case === 'boots'
    ? assignment.value.nodes.map((each) => each.nodeId)
    : undefined;
}

test('as many members as the key needs sign, this node among them, under the active generation', () => {
  const leader = leading();
  const attempt = leader.firstAttempt(
    { taskId: 'task', content: fill(5), asked: ASKED } as never,
    key,
  );
  expect(nodesOf(attempt)).toContain(FIRST);
  expect(nodesOf(attempt)).toHaveLength(2);
  expect(attempt?.auxiliary).toEqual({
    setId: setIdBytes(SET_ID),
    generation: 3,
    digest: fill(2),
  });
  expect([attempt?.version, attempt?.sharingSession]).toEqual([1, key.sessionId]);
});

test('only members of the active generation sign', () => {
  expect(first(leading([SECOND, THIRD]))).toEqual([SECOND, THIRD]);
});

test('a participant that does not answer signs nothing', () => {
  room.heardAgoMs.set(SECOND, 5_000);
  expect(first(leading())).toEqual([FIRST, THIRD]);
});

test('a request is refused where too few members answer', () => {
  expect(leading().checkReach(key)).toBeUndefined();
  expect(leading([FIRST]).checkReach(key)).toMatchObject({ reason: 'SIGNERS_UNREACHABLE' });
  room.heardAgoMs.set(SECOND, 5_000);
  room.heardAgoMs.set(THIRD, 5_000);
  expect(leading().checkReach(key)).toMatchObject({ reason: 'SIGNERS_UNREACHABLE' });
  expect(first(leading())).toBeUndefined();
});

test('a proved culprit signs only where the others are too few', () => {
  expect(first(leading(NODES, [SECOND]))).toEqual([FIRST, THIRD]);
  room.heardAgoMs.set(THIRD, 5_000);
  expect(first(leading(NODES, [SECOND]))).toEqual([FIRST, SECOND]);
});

test('a node that was silent when a session was looked into signs only where the others are too few', () => {
  parts.failures.silent(SECOND);
  for (const number of [2, 3, 4]) expect(next(leading(), [], [], number)).toEqual([FIRST, THIRD]);
  expect(first(leading())).toEqual([FIRST, THIRD]);
  // Before it, a node that is left out for another reason.
  expect(next(leading(), [THIRD])).toEqual([FIRST, THIRD]);
  room.heardAgoMs.set(THIRD, 5_000);
  expect(first(leading())).toEqual([FIRST, SECOND]);
  expect(next(leading(), [])).toEqual([FIRST, SECOND]);
});

test('a later attempt does without the nodes that are left out, and prefers those that owe nothing', () => {
  expect(next(leading(), [SECOND])).toEqual([FIRST, THIRD]);
  // Of the others, this node is the one of which it is known that it is not silent.
  for (const number of [2, 3, 4])
    expect(next(leading(), [], [FIRST, SECOND], number)).toEqual([FIRST, THIRD]);
  room.heardAgoMs.set(THIRD, 5_000);
  expect(next(leading(), [SECOND])).toEqual([FIRST, SECOND]);
});

test('where every node owes a share, each attempt names others, and not always this node', () => {
  const leader = leading();
  const named = [3, 4, 5].map((number) => next(leader, [], NODES, number)?.join(' '));
  expect(new Set(named).size).toBe(3);
  expect(named).toContain(`${SECOND} ${THIRD}`);
});

test('signers that are heard are waited for, for a bounded time, and those that are not are replaced', () => {
  const leader = leading();
  const delayMs = leader.firstDelayMs(key);
  expect(leader.isUnderWay(key, [FIRST, SECOND], delayMs, 1)).toBe(true);
  expect(leader.isUnderWay(key, [FIRST, SECOND], 4 * delayMs, 1)).toBe(false);
  expect(leader.isUnderWay(key, [FIRST, SECOND], 4 * delayMs, 2)).toBe(true);
  expect(leader.isUnderWay(key, [FIRST, SECOND], 8 * delayMs, 2)).toBe(false);
  room.heardAgoMs.set(SECOND, 5_000);
  expect(leader.isUnderWay(key, [FIRST, SECOND], delayMs, 1)).toBe(false);
});
