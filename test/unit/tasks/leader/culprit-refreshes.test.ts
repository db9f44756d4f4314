import { beforeAll, beforeEach, expect, test } from '@jest/globals';
import { bootId, nodeId, toHex } from '../../../../src/common/index.js';
import type { NodeId } from '../../../../src/common/index.js';
import { UPKEEP_METHODS } from '../../../../src/state/index.js';
import { CULPRIT_REFRESH_MS } from '../../../../src/state/limits.js';
import { Leadership } from '../../../../src/tasks/leadership.js';
import { CulpritRefreshes } from '../../../../src/tasks/leader/culprit-refreshes.js';
import {
  CULPRIT_KEYS_LOOKED_AT_MAX,
  CULPRIT_LOOK_WAIT_MS,
  CULPRIT_LOOK_WAIT_MS_MAX,
  CULPRIT_REFRESHES_MAX,
  CULPRIT_REFRESHES_PERIOD_MS,
  CULPRIT_REMEMBERED_MS,
} from '../../../../src/tasks/limits.js';
import { Algorithm, decode, PrepareRequest, RefreshRequest } from '../../../../src/wire/index.js';
import { bootOf, fill, GENESIS_MS } from '../../../support/builders/ledger.js';
import type { Ledger } from '../../../support/builders/ledger.js';
import {
  activeGg20Key,
  prepareAttempt,
  prepared as preparedWord,
} from '../../../support/builders/participant-sets.js';
import { RequesterAuthority } from '../../../support/builders/requester.js';
import {
  FIVE,
  keyAmong,
  keyOf,
  makeVersion,
  reshareLedger,
} from '../../../support/builders/resharing.js';
import { TaskRoom } from '../../../support/builders/task-room.js';

const FOUR = ['node-1', 'node-2', 'node-3', 'node-4'];
const LIAR = nodeId('node-2');
const EVIDENCE = fill(1, 100);
const NEVER = { reshareInterval: { seconds: 0n, nanos: 0 } };

let authority: RequesterAuthority;
beforeAll(async () => {
  authority = await RequesterAuthority.create(GENESIS_MS);
});

let ledger: Ledger;
let room: TaskRoom;
let proofs: Map<NodeId, Uint8Array>;
let refreshes: CulpritRefreshes;

beforeEach(() => {
  ledger = reshareLedger(authority);
  room = new TaskRoom('node-1', ledger);
  for (const node of FIVE) room.connections.connected(node, bootId(toHex(bootOf(node))));
  proofs = new Map();
  refreshes = new CulpritRefreshes(room.context, {
    ...room.state,
    leadership: new Leadership(room.context.consensus),
    culprits: { proofs: () => proofs },
    connections: room.connections,
  });
});

function pass(ms: number): void {
  room.clock.pass(ms);
  ledger.timeMs += ms;
}

/** What is proposed at the next look. */
function proposed(): readonly RefreshRequest[] {
  refreshes.sweep();
  return room.takeProposed().flatMap((command) => {
    const asked =
      command.$case === 'upkeep' ? decode(RefreshRequest, command.value.request) : undefined;
    return asked ?? [];
  });
}

const keysOf = (asked: readonly RefreshRequest[]): readonly string[] =>
  asked.map(({ keyId }) => keyId);

/** Opens what was proposed. @returns The tasks. */
function apply(asked: readonly RefreshRequest[]): readonly string[] {
  return asked.flatMap((each) => {
    const value = {
      method: UPKEEP_METHODS.refresh,
      request: RefreshRequest.encode(each).finish(),
    };
    const entry = ledger.command({ $case: 'upkeep', value });
    expect(entry.alarm).toBeUndefined();
    return entry.changedTasks;
  });
}

test('each key that a culprit has a share of is shared anew without it, with the evidence, once', () => {
  keyAmong(ledger, 'one', { nodes: FOUR });
  keyAmong(ledger, 'other', { nodes: ['node-1', 'node-3', 'node-4'] });
  keyAmong(ledger, 'two', { nodes: FOUR });
  keyAmong(ledger, 'unasked', { nodes: FOUR, ...NEVER });
  expect(proposed()).toEqual([]);
  pass(1_000);

  proofs.set(LIAR, EVIDENCE);
  const asked = proposed();
  expect(keysOf(asked)).toEqual(['one', 'two']);
  const culprit = { nodeId: LIAR, evidence: EVIDENCE };
  expect(asked).toEqual([
    { keyId: 'one', version: 2, culprit },
    { keyId: 'two', version: 2, culprit },
  ]);
  for (const task of apply(asked)) makeVersion(ledger, task);
  const holders = keyOf(ledger, 'one').participants.map((each) => each.nodeId);
  expect(holders).toEqual(['node-1', 'node-3', 'node-4']);
  pass(CULPRIT_REFRESH_MS);
  expect(proposed()).toEqual([]);
});

test('a key that cannot do without the culprit is shared anew among the same nodes, once', () => {
  keyAmong(ledger, 'one');
  pass(1_000);
  proofs.set(LIAR, EVIDENCE);
  const [task = ''] = apply(proposed());
  makeVersion(ledger, task);
  expect(keyOf(ledger, 'one').participants).toHaveLength(3);
  pass(CULPRIT_REFRESH_MS);
  expect(proposed()).toEqual([]);
});

test('a refresh that came to nothing is tried again, no sooner than the state allows', () => {
  keyAmong(ledger, 'one', { nodes: FOUR });
  pass(1_000);
  proofs.set(LIAR, EVIDENCE);
  const [taskId = ''] = apply(proposed());
  ledger.command({ $case: 'failed', value: { taskId, reason: 'NO', evidence: [] } });
  pass(CULPRIT_REFRESH_MS - 1);
  expect(proposed()).toEqual([]);
  pass(1 + CULPRIT_LOOK_WAIT_MS_MAX);
  expect(keysOf(proposed())).toEqual(['one']);
});

/** The prepares that are proposed at the next look. */
function prepares(): readonly PrepareRequest[] {
  refreshes.sweep();
  return room.takeProposed().flatMap((command) => {
    const value = command.$case === 'upkeep' ? command.value : undefined;
    const asked = value?.method === UPKEEP_METHODS.prepare && decode(PrepareRequest, value.request);
    return asked || [];
  });
}

test('the material of a GG20 key that is never refreshed is made anew without the culprit, once', () => {
  activeGg20Key(ledger, 'unasked', { algorithm: Algorithm.GG20_SECP256K1, ...NEVER });
  pass(1_000);
  expect(prepares()).toEqual([]);

  proofs.set(LIAR, EVIDENCE);
  const [asked, ...others] = prepares();
  expect(others).toEqual([]);
  expect(asked).toMatchObject({
    generation: 2,
    culprit: { nodeId: LIAR, evidence: EVIDENCE },
  });
  if (asked === undefined) throw new Error('there is one');
  const request = PrepareRequest.encode(asked).finish();
  const value = { method: UPKEEP_METHODS.prepare, request };
  const [task = ''] = ledger.command({ $case: 'upkeep', value }).changedTasks;
  const members = FIVE.filter((node) => node !== LIAR);
  prepareAttempt(ledger, ledger.task(task), members);
  for (const node of members)
    ledger.command({ $case: 'prepared', value: preparedWord(ledger, ledger.task(task), node) });
  pass(CULPRIT_REFRESH_MS + CULPRIT_LOOK_WAIT_MS_MAX);
  expect(prepares()).toEqual([]);
});

test('material that was made after the lie was known is not made anew', () => {
  proofs.set(LIAR, EVIDENCE);
  expect(prepares()).toEqual([]);
  pass(1_000);
  activeGg20Key(ledger, 'unasked', { algorithm: Algorithm.GG20_SECP256K1, ...NEVER });
  pass(CULPRIT_LOOK_WAIT_MS);
  expect(prepares()).toEqual([]);
});

test('no more than so many in a period, so many keys at a time, and a wait between two looks', () => {
  const count = CULPRIT_REFRESHES_MAX + 8;
  for (let at = 0; at < count; at++) keyAmong(ledger, `key-${100 + at}`, { nodes: FOUR });
  pass(1_000);
  proofs.set(LIAR, EVIDENCE);
  // None is applied, so the room in the state is not used up.
  expect(proposed()).toHaveLength(CULPRIT_REFRESHES_MAX);
  expect(proposed()).toEqual([]);
  pass(CULPRIT_REFRESHES_PERIOD_MS);
  expect(proposed()).toHaveLength(count - CULPRIT_REFRESHES_MAX);
  expect(count).toBeLessThan(CULPRIT_KEYS_LOOKED_AT_MAX);
  pass(CULPRIT_LOOK_WAIT_MS - 1);
  expect(proposed()).toEqual([]);
  pass(1);
  expect(proposed()).toHaveLength(CULPRIT_REFRESHES_MAX);
});

test('a node that does not lead proposes nothing, and what it knows when it leads', () => {
  keyAmong(ledger, 'one', { nodes: FOUR });
  pass(1_000);
  room.follow('node-3');
  proofs.set(LIAR, EVIDENCE);
  expect(proposed()).toEqual([]);
  proofs.clear();
  room.status = { ...room.status, role: 'leader', leader: room.self };
  expect(keysOf(proposed())).toEqual(['one']);
  expect(proposed()).toEqual([]);
  refreshes.leadChanged();
  expect(keysOf(proposed())).toEqual(['one']);
  refreshes.leadChanged();
  pass(CULPRIT_REMEMBERED_MS);
  expect(proposed()).toEqual([]);
});

test('a key whose receivers are not all reached, and one that is being shared anew, wait', () => {
  keyAmong(ledger, 'one', { nodes: FOUR });
  pass(1_000);
  proofs.set(LIAR, EVIDENCE);
  room.connections.disconnected(nodeId('node-4'));
  expect(proposed()).toEqual([]);
  room.connections.connected(nodeId('node-4'), bootId(toHex(bootOf('node-4'))));
  // The culprit itself gets no share.
  room.connections.disconnected(LIAR);
  pass(CULPRIT_LOOK_WAIT_MS);
  const asked = proposed();
  expect(keysOf(asked)).toEqual(['one']);
  apply(asked);
  refreshes.leadChanged();
  expect(proposed()).toEqual([]);
});

test('a proposal that finds no room is made at the next look', () => {
  keyAmong(ledger, 'one', { nodes: FOUR });
  pass(1_000);
  proofs.set(LIAR, EVIDENCE);
  room.fate = 'overloaded';
  expect(proposed()).toEqual([]);
  room.fate = 'proposed';
  expect(keysOf(proposed())).toEqual(['one']);
});
