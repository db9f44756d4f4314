import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { nodeId } from '../../../../src/common/index.js';
import type { NodeId } from '../../../../src/common/index.js';
import type { Led, TransferRefusal } from '../../../../src/raft/index.js';
import { decisionHashOf } from '../../../../src/state/index.js';
import type { TaskContext } from '../../../../src/tasks/context.js';
import type { LeadershipOrder } from '../../../../src/tasks/index.js';
import {
  LEADERSHIP_ORDERS,
  LEADERSHIP_ORDERS_MAX,
  LEADERSHIP_REPEAT_MS,
} from '../../../../src/tasks/limits.js';
import { forwardRefused } from '../../../../src/tasks/refusal-message.js';
import { LeadershipOrders } from '../../../../src/tasks/requests/leadership-orders.js';
import { encode, Request, TransferLeadershipRequest } from '../../../../src/wire/index.js';
import type { ForwardRefused, TaskMessageBody } from '../../../../src/wire/index.js';
import { GENESIS_MS, Ledger, testGenesis } from '../../../support/builders/ledger.js';
import { RequesterAuthority } from '../../../support/builders/requester.js';
import type { Requester } from '../../../support/builders/requester.js';
import { TaskRoom } from '../../../support/builders/task-room.js';

const METHOD = '/quorate.v1.ClusterService/TransferLeadership';
const MINUTE_MS = 60_000;
const [SELF, SECOND, THIRD] = ['node-1', 'node-2', 'node-3'].map(nodeId) as [
  NodeId,
  NodeId,
  NodeId,
];
const TERM = 5;

let operator: Requester;
let app: Requester;
let requesterCa: string;
beforeAll(async () => {
  const authority = await RequesterAuthority.create(GENESIS_MS);
  operator = await authority.requester('operator', 'alice');
  app = await authority.requester('app', 'payments');
  requesterCa = authority.credential.certificate;
});

let room: TaskRoom;
let orders: LeadershipOrders;
/** What consensus says of a transfer, and what it was asked for. */
let outcome: Led | TransferRefusal;
let handedTo: (NodeId | undefined)[];
/** Settles what waits for a leader of a later term. */
let elect: (led: Led) => void;
beforeEach(() => {
  room = new TaskRoom('node-1', new Ledger(testGenesis({ unsigned: true, requesterCa })));
  room.clock.nowMs = GENESIS_MS + MINUTE_MS;
  outcome = { leader: SECOND, term: TERM + 1 };
  handedTo = [];
  const { context } = room;
  const consensus: TaskContext['consensus'] = {
    ...context.consensus,
    transferLeadership: async (target) => {
      handedTo.push(target);
      return outcome;
    },
    laterLeader: (_term, signal) =>
      new Promise((resolve, reject) => {
        elect = resolve;
        signal.addEventListener('abort', () => reject(signal.reason));
      }),
  };
  orders = new LeadershipOrders({ ...context, consensus }, room.connections);
});

/** An order, signed for the next minute. */
function order(
  rest: Partial<Pick<LeadershipOrder, 'term' | 'target'>> = {},
  by = operator,
  expireTimeMs = room.clock.nowMs + MINUTE_MS,
): LeadershipOrder {
  const { term = TERM, target } = rest;
  const fields = { term: BigInt(term), targetNodeId: target ?? '' };
  const request = encode(TransferLeadershipRequest, fields);
  const { clusterId } = room.context.judging.genesis;
  const authorization = by.sign({ clusterId, method: METHOD, expireTimeMs, request });
  return { method: METHOD, request, authorization, term, target };
}

function requestOf({ method, request, authorization }: LeadershipOrder): Request {
  const by = { $case: 'signed', value: authorization } as const;
  return { method, request, authorization: { by }, firstAttempt: undefined };
}

const leads = (leader: NodeId | undefined, term = TERM): void => {
  const role = leader === SELF ? 'leader' : 'follower';
  room.status = { ...room.status, role, leader, term };
};
const patience = (): AbortSignal => new AbortController().signal;
const sentTo = (node: NodeId): TaskMessageBody[] =>
  room.sent.filter(({ to }) => to === node).map(({ message }) => message);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function refusalTo(node: NodeId): Pick<ForwardRefused, 'code' | 'reason'> | undefined {
  const [last] = sentTo(node).toReversed();
  return last?.message?.$case === 'forwardRefused' ? last.message.value : undefined;
}

describe('at the leader', () => {
  test('an operator’s order is carried out, and answered with the next leader', async () => {
    leads(SELF);

    expect(await orders.give(order({ target: SECOND }), patience())).toEqual(outcome);
    expect(await orders.give(order({ target: SELF }), patience())).toEqual({
      leader: SELF,
      term: TERM,
    });
    expect(handedTo).toEqual([SECOND]);
  });

  test.each([
    ['not-leader', 'not-leader', 'NOT_LEADER'],
    ['level', 'unsupported', 'LEVEL_TOO_LOW'],
    ['not-a-voter', 'wrong-state', 'NOT_A_VOTER'],
    ['unreachable', 'no-quorum', 'TARGET_UNREACHABLE'],
    ['behind', 'no-quorum', 'TARGET_BEHIND'],
    ['under-way', 'wrong-state', 'TRANSFER_UNDER_WAY'],
    ['not-elected', 'superseded', 'TRANSFER_FAILED'],
  ] as const)('a refusal of consensus, %s, is told as %s, %s', async (why, code, reason) => {
    leads(SELF);
    outcome = why;

    const refused = orders.give(order({ target: SECOND }), patience());
    await expect(refused).rejects.toMatchObject({ code, reason });
    orders.take(THIRD, encode(Request, requestOf(order({ target: SECOND }))));
    await turn();
    expect(refusalTo(THIRD)).toMatchObject({ code, reason });
  });

  test('an order that names an earlier term, and is played again by a node that has seen it, deposes nobody', async () => {
    leads(SELF, TERM + 1);

    for (let count = 0; count < 5; count++) {
      orders.take(THIRD, encode(Request, requestOf(order({ target: SECOND }))));
    }
    await turn();

    expect(handedTo).toEqual([]);
    expect(refusalTo(THIRD)).toMatchObject({ reason: 'NOT_LEADER' });
  });

  test('a word of another role, or one that is old, altered or of another method, moves nothing', async () => {
    leads(SELF);
    const signed = order();
    const altered = {
      ...signed,
      request: encode(TransferLeadershipRequest, { term: 5n, targetNodeId: 'node-3' }),
    };
    const refused: readonly (readonly [LeadershipOrder, string])[] = [
      [order({}, app), 'ROLE_FORBIDDEN'],
      [altered, 'INVALID_SIGNATURE'],
      [{ ...signed, method: '/quorate.v1.ClusterService/RaiseLevel' }, 'INVALID_SIGNATURE'],
      [order({}, operator, room.clock.nowMs), 'REQUEST_EXPIRED'],
      [order({}, operator, room.clock.nowMs + 11 * MINUTE_MS), 'EXPIRY_TOO_FAR'],
    ];
    for (const [each, reason] of refused) {
      await expect(orders.give(each, patience())).rejects.toMatchObject({ reason });
      orders.take(THIRD, encode(Request, requestOf(each)));
      await turn();
    }
    const { request } = signed;
    const authorization = { by: undefined };
    orders.take(
      THIRD,
      encode(Request, { method: METHOD, request, authorization, firstAttempt: undefined }),
    );
    for (let count = 0; count < 50; count++) orders.take(THIRD, Uint8Array.of(count));
    await turn();

    expect(handedTo).toEqual([]);
  });

  test('a peer that brings orders without end is heard at a bounded rate', async () => {
    leads(SELF);
    const bytes = encode(Request, requestOf(order()));

    for (let count = 0; count < 1_000; count++) orders.take(THIRD, bytes);
    await turn();

    expect(handedTo).toHaveLength(LEADERSHIP_ORDERS.burst);
  });
});

describe('at another node', () => {
  test('an order goes to the leader, again and again, and is answered when a later term has a leader', async () => {
    leads(THIRD);
    const signed = order({ target: SECOND });

    const given = orders.give(signed, patience());
    await turn();
    room.clock.pass(LEADERSHIP_REPEAT_MS);
    room.clock.pass(LEADERSHIP_REPEAT_MS);
    const brought = sentTo(THIRD).map(({ message }) => message);
    expect(brought).toEqual(
      [1, 2, 3].map(() => ({
        $case: 'order',
        value: { request: encode(Request, requestOf(signed)) },
      })),
    );
    elect({ leader: SECOND, term: TERM + 1 });

    expect(await given).toEqual({ leader: SECOND, term: TERM + 1 });
    room.clock.pass(LEADERSHIP_REPEAT_MS);
    expect(sentTo(THIRD)).toHaveLength(3);
  });

  test('the refusal of the leader that was asked counts, and of no other node', async () => {
    leads(THIRD);
    const signed = order({ target: SECOND });
    const given = orders.give(signed, patience());
    const said = forwardRefused(decisionHashOf(requestOf(signed)), {
      code: 'no-quorum',
      reason: 'TARGET_BEHIND',
      message: 'behind',
    }).message;
    if (said?.$case !== 'forwardRefused') throw new Error('a refusal');

    orders.refused(SECOND, said.value);
    orders.refused(THIRD, { ...said.value, verdictHash: new Uint8Array(32) });
    expect(await Promise.race([given.catch(String), turn().then(() => 'waits')])).toBe('waits');
    orders.refused(THIRD, said.value);

    await expect(given).rejects.toMatchObject({ code: 'no-quorum', reason: 'TARGET_BEHIND' });
  });

  test('another leader than the one that was named is told as such, and an order that is done already is no fault', async () => {
    leads(THIRD);
    const given = orders.give(order({ target: SECOND }), patience());
    elect({ leader: SELF, term: TERM + 2 });
    await expect(given).rejects.toMatchObject({
      code: 'superseded',
      reason: 'LEADERSHIP_CHANGED',
      details: { facts: { leader_id: SELF, term: '7' } },
    });

    leads(SECOND, TERM + 1);
    const done = { leader: SECOND, term: TERM + 1 };
    expect(await orders.give(order({ target: SECOND }), patience())).toEqual(done);
    expect(await orders.give(order(), patience())).toEqual(done);
  });

  test('without a leader of that term nothing is asked', async () => {
    leads(undefined);
    await expect(orders.give(order(), patience())).rejects.toMatchObject({ reason: 'NO_LEADER' });
    leads(THIRD, TERM - 1);
    await expect(orders.give(order(), patience())).rejects.toMatchObject({ reason: 'NO_LEADER' });
    expect(room.sent).toEqual([]);
  });

  test('the caller’s time ends the wait, and few wait at a time', async () => {
    leads(THIRD);
    const late = new AbortController();
    const waiting = Array.from({ length: LEADERSHIP_ORDERS_MAX }, (_, at) =>
      orders.give(order({}, operator, room.clock.nowMs + MINUTE_MS - at), late.signal),
    );
    await expect(orders.give(order({ target: SECOND }), patience())).rejects.toMatchObject({
      reason: 'TRANSFER_UNDER_WAY',
    });

    late.abort(new Error('too late'));
    for (const each of waiting) await expect(each).rejects.toThrow('too late');
    leads(SECOND);
    room.clock.pass(10 * LEADERSHIP_REPEAT_MS);
  });
});
