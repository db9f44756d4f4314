import { beforeEach, describe, expect, test } from '@jest/globals';
import { keyId, nodeId, refusal, taskId, toHex, utf8 } from '../../../../src/common/index.js';
import { TIMING } from '../../../../src/raft/index.js';
import { METHODS, decisionHashOf } from '../../../../src/state/index.js';
import { SupplyChecks } from '../../../../src/tasks/voter/supply-checks.js';
import { TASK_DRIVERS } from '../../../../src/tasks/index.js';
import { sidesOf } from '../../../../src/tasks/kinds/driver.js';
import type { LeaderDriver } from '../../../../src/tasks/kinds/driver.js';
import { Bringers } from '../../../../src/tasks/leader/bringers.js';
import { Intake } from '../../../../src/tasks/leader/intake.js';
import { IntakeBudgets } from '../../../../src/tasks/leader/intake-budgets.js';
import { SupplyPools } from '../../../../src/tasks/voter/supply-pools.js';
import { encode, Request } from '../../../../src/wire/index.js';
import {
  APP,
  generateRequest,
  Ledger,
  NODES,
  signRequest,
  testGenesis,
} from '../../../support/builders/ledger.js';
import {
  bootHexOf,
  dealKey,
  NOTHING,
  settle,
  TaskRoom,
} from '../../../support/builders/task-room.js';
import type { DealtKey } from '../../../support/builders/task-room.js';
import { Leadership } from '../../../../src/tasks/leadership.js';

const FROM = nodeId('node-2');
const ELECTION_MS_MAX = TIMING.electionTicksMax * TIMING.tickMs;

let ledger: Ledger;
let room: TaskRoom;
let other: TaskRoom;
let pools: SupplyPools;
let checks: SupplyChecks;
let key: DealtKey;
let intake: Intake;
let budgets: IntakeBudgets;
let drivers: ReadonlyMap<string, LeaderDriver>;

beforeEach(async () => {
  // Any operator may sign, so that requests of many requesters are easily made.
  ledger = new Ledger(testGenesis({ operatorsSign: true }));
  key = dealKey(ledger);
  room = new TaskRoom('node-1', ledger);
  other = new TaskRoom('node-2', ledger);
  await room.hold(key);
  await other.hold(key);
  pools = new SupplyPools();
  for (const node of NODES) pools.hello(node, bootHexOf(node));
  const { context, state } = room;
  checks = new SupplyChecks(context, room.arithmetic, pools, () => intake.tick());
  const leading = room.leading(pools, checks);
  drivers = sidesOf(TASK_DRIVERS, (driver) => driver.leader?.(leading));
  const leadership = new Leadership(context.consensus);
  budgets = new IntakeBudgets();
  intake = new Intake(context, state.view, leadership, drivers, new Bringers(), budgets);
});

function sign(id = 'one', requester?: string): Request {
  const request = signRequest('treasury', id, utf8('hello'));
  return ledger.request(METHODS.sign, request, requester === undefined ? {} : { requester });
}

function take(request: Request): void {
  intake.take(FROM, encode(Request, request));
}

async function fill(of: TaskRoom, count = 1): Promise<void> {
  const supplies = await of.keys.makeSupplies(keyId('treasury'), 1, count);
  pools.add(of.self, 'treasury', 1, supplies, room.clock.elapsed());
  checks.check(key.record, of.self);
  await settle();
}

/** What was refused since the last look: to whom, and why. */
function refusals(): readonly string[] {
  return room
    .takeSent()
    .flatMap(({ to, message: { message } }) =>
      message?.$case === 'forwardRefused' ? [`${to} ${message.value.reason}`] : [],
    );
}

/** How many requests were proposed since the last look, and with a first attempt or without. */
function proposals(): readonly string[] {
  return room.takeProposed().map((command) => {
    if (command.$case !== 'request') return command.$case;
    return command.value.firstAttempt === undefined ? 'bare' : 'with attempt';
  });
}

describe('a Sign', () => {
  test('a request to sign with commitments in the pools is proposed at once, with its first attempt', async () => {
    await fill(room);
    await fill(other);
    take(sign());
    expect(proposals()).toEqual(['with attempt']);
    expect(intake.busy).toBe(false);
  });

  test('a request to sign with an empty pool asks for commitments, waits for them, and goes on when they come', async () => {
    take(sign());
    const wanted = room
      .takeSent()
      .filter(({ message }) => message.message?.$case === 'wantSupplies');
    expect(wanted.map(({ to }) => to).sort()).toEqual(NODES);
    expect(proposals()).toEqual([]);
    await fill(room);
    await fill(other);
    intake.tick();
    expect(proposals()).toEqual(['with attempt']);
  });

  test('a request to sign waits 250 ms for commitments at most, and is then proposed without an attempt', async () => {
    take(sign());
    room.clock.pass(249);
    intake.tick();
    expect(proposals()).toEqual([]);
    room.clock.pass(1);
    intake.tick();
    expect(proposals()).toEqual(['bare']);
    expect(intake.busy).toBe(false);
  });

  test('a request takes no commitments before one that has waited for them longer', async () => {
    const [one, two] = [sign('one'), sign('two')];
    take(one);
    await fill(room);
    await fill(other);
    take(two);
    intake.tick();
    const proposed = room.takeProposed().flatMap((command) => {
      return command.$case === 'request' ? [toHex(command.value.request)] : [];
    });
    expect(proposed).toEqual([toHex(one.request)]);
    expect(intake.busy).toBe(true);
  });

  test('the leader asks for the commitments of one key every 100 ms only', async () => {
    take(sign('one'));
    take(sign('two'));
    expect(room.takeSent()).toHaveLength(3);
    room.clock.pass(100);
    intake.tick();
    expect(room.takeSent()).toHaveLength(3);
  });

  test('of many requests that wait for commitments of one key, one looks for them at a time', () => {
    const driver = drivers.get('sign');
    const make = driver?.firstAttempt?.bind(driver);
    if (driver === undefined || make === undefined) throw new Error('no driver of signatures');
    let looked = 0;
    driver.firstAttempt = (task) => {
      looked += 1;
      return make(task);
    };
    for (let at = 0; at < 50; at++) take(sign(`wait-${at}`));
    looked = 0;
    intake.tick();
    expect(looked).toBe(1);
    room.clock.pass(250);
    intake.tick();
    expect(proposals()).toEqual(Array(50).fill('bare'));
  });

  test('at most 1024 requests to sign wait at the leader, of one requester some fewer', () => {
    for (let at = 0; at < 1024; at++) take(sign(`wait-${at}`));
    expect(refusals()).toHaveLength(113);
    for (let at = 0; at < 120; at++) take(sign('wait', `spiffe://quorate/operator/op-${at}`));
    expect(refusals()).toEqual(Array(7).fill('node-2 TOO_MANY_REQUESTS'));
  });
});

describe('time', () => {
  test.each<[string, string, number]>([
    ['a request that has expired', 'REQUEST_EXPIRED', 0],
    ['a request with an expiry in a day', 'EXPIRY_TOO_FAR', 86_400_000],
    ['a request that expires a moment too late', 'EXPIRY_TOO_FAR', 605_001],
  ])('%s is refused without an entry, at the time that the entry would get', (_, reason, ahead) => {
    // The clock of this node is not asked.
    room.clock.nowMs += 3_600_000;
    const expireTimeMs = ledger.timeMs + ahead;
    const request = signRequest('treasury', 'one', utf8('hello'));
    take(ledger.request(METHODS.sign, request, { expireTimeMs }));
    expect(refusals()).toEqual([`node-2 ${reason}`]);
    room.clock.pass(1000);
    intake.tick();
    expect(proposals()).toEqual([]);
  });

  test('a request whose life ends while it waits for commitments is refused without an entry', () => {
    const expireTimeMs = ledger.timeMs + 100;
    const request = signRequest('treasury', 'one', utf8('hello'));
    take(ledger.request(METHODS.sign, request, { expireTimeMs }));
    expect(refusals()).toEqual([]);
    ledger.timeMs += 100;
    room.clock.pass(250);
    intake.tick();
    expect(refusals()).toEqual(['node-2 REQUEST_EXPIRED']);
    expect(proposals()).toEqual([]);
  });

  test('a member that brings one expired request 1,000 times makes no entry, and others are served', async () => {
    await fill(room);
    await fill(other);
    const request = signRequest('treasury', 'old', utf8('hello'));
    const old = encode(
      Request,
      ledger.request(METHODS.sign, request, { expireTimeMs: ledger.timeMs }),
    );
    for (let at = 0; at < 1000; at++) intake.take(FROM, old);
    expect(proposals()).toEqual([]);
    intake.take(nodeId('node-3'), encode(Request, sign()));
    expect(proposals()).toEqual(['with attempt']);
  });
});

describe('a budget', () => {
  const MIB = 1024 * 1024;
  const [ALICE, BOB] = ['spiffe://quorate/operator/alice', 'spiffe://quorate/operator/bob'];

  test('a requester that has used up its budget is refused, and another one is not', () => {
    while (budgets.mayPropose(`${ALICE} node-2`, 0, 0));
    take(sign('one', ALICE));
    expect(refusals()).toEqual(['node-2 REQUESTER_OVER_BUDGET']);
    take(sign('one', BOB));
    expect(refusals()).toEqual([]);
    room.clock.pass(1000);
    take(sign('one', ALICE));
    expect(refusals()).toEqual([]);
    intake.tick();
    expect(proposals()).toEqual(['bare']);
  });

  test('a voucher charges the budget of its requester at the node that brings it, and no other', () => {
    while (budgets.mayPropose(`${ALICE} node-2`, 0, 0));
    intake.take(nodeId('node-3'), encode(Request, sign('one', ALICE)));
    expect(refusals()).toEqual([]);
  });

  test('a member that has used up its budget is not read any more, and another one is', () => {
    while (budgets.mayRead(FROM, 0, 0));
    take(sign('unread', APP));
    expect(refusals()).toEqual([]);
    intake.take(nodeId('node-3'), encode(Request, sign('read', APP)));
    expect(refusals()).toEqual(['node-3 KEY_FORBIDDEN']);
  });

  test('a member that brings what has no authority pays more for it than an honest one', () => {
    const forged = encode(Request, { ...sign('one'), authorization: undefined });
    for (let at = 0; at < 1500; at++) intake.take(FROM, forged);
    const told = refusals().length;
    expect(told).toBeGreaterThan(900);
    expect(told).toBeLessThan(1100);
    intake.take(nodeId('node-3'), forged);
    expect(refusals()).toEqual(['node-3 UNAUTHENTICATED']);
  });

  test('a request that is refused, or known, costs its requester nothing', () => {
    const expireTimeMs = ledger.timeMs;
    const old = signRequest('treasury', 'old', utf8('x'.repeat(60_000)));
    const copy = encode(Request, ledger.request(METHODS.sign, old, { expireTimeMs }));
    for (let at = 0; at < 700; at++) intake.take(FROM, copy);
    expect(new Set(refusals())).toEqual(new Set(['node-2 REQUEST_EXPIRED']));
    take(sign());
    expect(refusals()).toEqual([]);
  });

  test('all requesters together come to a rate of their own', () => {
    let taken = 0;
    for (let at = 0; at < 100; at++) {
      if (budgets.mayPropose(`requester-${at}`, 4 * MIB, 0)) taken += 1;
    }
    expect(taken).toBe(31);
    expect(budgets.mayPropose('another', 4 * MIB, 1000)).toBe(true);
  });
});

describe('a repetition', () => {
  test('of several copies of a request, each with an authorization of its own, one is proposed at a time', async () => {
    await fill(room, 4);
    await fill(other, 4);
    const request = signRequest('treasury', 'one', utf8('hello'));
    const copies = [1, 2, 3, 4].map((at) =>
      ledger.request(METHODS.sign, request, { expireTimeMs: ledger.timeMs + at * 1000 }),
    );
    for (const copy of copies) take(copy);
    expect(proposals()).toHaveLength(1);
    expect(refusals()).toEqual([]);
    // The next commitments are looked at.
    await settle();

    // The log refused the first one: the next is asked for again, and gets its chance.
    const [first, second] = copies.map((copy) => toHex(decisionHashOf(copy)));
    const result = { kind: 'refused', refusal: refusal('overloaded', 'WHY', '') } as const;
    const decision = { method: METHODS.sign, requester: undefined, result };
    intake.applied({ ...NOTHING, decisions: [{ ...decision, hash: first ?? '' }] });
    if (second !== undefined && copies[1] !== undefined) take(copies[1]);
    expect(proposals()).toHaveLength(1);
  });

  test('of several copies that wait for commitments one is proposed', () => {
    const request = signRequest('treasury', 'one', utf8('hello'));
    for (const at of [1, 2, 3, 4]) {
      take(ledger.request(METHODS.sign, request, { expireTimeMs: ledger.timeMs + at * 1000 }));
    }
    room.clock.pass(250);
    intake.tick();
    expect(proposals()).toEqual(['bare']);
  });

  test('a repetition of a waiting or proposed request is ignored', async () => {
    take(sign());
    take(sign());
    room.clock.pass(250);
    intake.tick();
    take(sign());
    intake.tick();
    expect(proposals()).toEqual(['bare']);
    expect(refusals()).toEqual([]);
  });

  test('no repetition is proposed again in the same term, however long its decision takes', async () => {
    await fill(room, 4);
    await fill(other, 4);
    for (let at = 0; at < 200; at++) {
      take(sign());
      room.clock.pass(5_000);
      intake.tick();
    }
    expect(proposals()).toEqual(['with attempt']);
    expect(refusals()).toEqual([]);
  });

  test('a repetition of a request in the state is ignored: its sender will see the outcome', async () => {
    ledger.command({ $case: 'request', value: sign() });
    take(sign());
    expect([...proposals(), ...refusals()]).toEqual([]);
  });

  test('a repetition is not refused by a node that proposed the request, even when it leads no more', async () => {
    await fill(room);
    await fill(other);
    take(sign());
    expect(proposals()).toHaveLength(1);
    room.follow('node-3');
    intake.leadChanged();
    take(sign());
    expect(refusals()).toEqual([]);

    intake.applied({
      ...NOTHING,
      decisions: [
        {
          hash: toHex(decisionHashOf(sign())),
          method: METHODS.sign,
          requester: undefined,
          result: { kind: 'opened', task: taskId('') },
        },
      ],
    });
    take(sign());
    expect(refusals()).toEqual(['node-2 NOT_LEADER']);
  });

  test('a repetition is proposed anew by a node that leads again', async () => {
    await fill(room, 2);
    await fill(other, 2);
    take(sign());
    await settle();
    intake.leadChanged();
    take(sign());
    expect(proposals()).toHaveLength(2);
  });

  test('a request that was proposed in an earlier term is forgotten after ten minutes, when no request lives any more', async () => {
    await fill(room);
    await fill(other);
    take(sign());
    room.follow('node-3');
    intake.leadChanged();
    room.clock.pass(599_999);
    intake.tick();
    take(sign());
    expect(refusals()).toEqual([]);

    room.clock.pass(1);
    intake.tick();
    take(sign());
    expect(refusals()).toEqual(['node-2 NOT_LEADER']);
  });
});

describe('a refusal', () => {
  test('a node that does not lead, or not yet, refuses a request', async () => {
    room.status = { ...room.status, caughtUp: false };
    take(sign());
    expect(refusals()).toEqual(['node-2 NOT_LEADER']);
    room.follow('node-3');
    take(sign());
    expect(refusals()).toEqual(['node-2 NOT_LEADER']);
  });

  test('a node that leads no more refuses its waiting requests', async () => {
    take(sign());
    room.takeSent();
    intake.leadChanged();
    expect(refusals()).toEqual(['node-2 NOT_LEADER']);
    expect(intake.busy).toBe(false);
  });

  test('a leader refuses requests when the log takes no more, or the disks are low on room', async () => {
    await fill(room, 3);
    await fill(other, 3);
    room.fate = 'overloaded';
    take(sign());
    expect(refusals()).toEqual(['node-2 LOG_FULL']);
    await settle();
    room.fate = 'no-room';
    take(sign());
    expect(refusals()).toEqual(['node-2 DISK_LOW']);
    await settle();
    room.fate = 'not-leader';
    take(sign());
    expect(refusals()).toEqual(['node-2 NOT_LEADER']);
  });

  test('a leader refuses a request that the state would refuse: the log is not filled', async () => {
    take(sign('one', APP));
    expect(refusals()).toEqual(['node-2 KEY_FORBIDDEN']);
    expect(proposals()).toEqual([]);
  });

  test('a leader refuses when too few signers, or not all participants of a generate-key, can be reached', async () => {
    room.connections.disconnected(nodeId('node-3'));
    take(ledger.request(METHODS.generateKey, generateRequest('cold')));
    expect(refusals()).toEqual(['node-2 PARTICIPANT_UNREACHABLE']);
    room.connections.disconnected(nodeId('node-2'));
    take(sign());
    expect(refusals()).toEqual(['node-2 SIGNERS_UNREACHABLE']);
    expect(proposals()).toEqual([]);
  });

  test('a leader refuses a generate-key whose participant has not answered for two election timeouts, and signs', async () => {
    await fill(room, 2);
    await fill(other, 2);
    const silent = nodeId('node-3');
    room.heardAgoMs.set(silent, 2 * ELECTION_MS_MAX);
    take(ledger.request(METHODS.generateKey, generateRequest('cold')));
    expect(refusals()).toEqual(['node-2 PARTICIPANT_UNREACHABLE']);
    expect(proposals()).toEqual([]);

    take(sign());
    expect(refusals()).toEqual([]);
    room.heardAgoMs.set(silent, 2 * ELECTION_MS_MAX - 1);
    take(ledger.request(METHODS.generateKey, generateRequest('warm')));
    expect(refusals()).toEqual([]);
    expect(proposals()).toHaveLength(2);
  });

  test('a leader answers neither a malformed request nor one with an attempt of its own', async () => {
    intake.take(FROM, Uint8Array.of(255));
    const firstAttempt = ledger.signAttempt('treasury', 'task', 1);
    take({ ...sign(), firstAttempt });
    expect([...proposals(), ...refusals()]).toEqual([]);
  });
});
