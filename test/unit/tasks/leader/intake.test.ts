import { beforeEach, describe, expect, test } from '@jest/globals';
import { keyId, nodeId, taskId, toHex, utf8 } from '../../../../src/common/index.js';
import { METHODS, decisionHashOf } from '../../../../src/state/index.js';
import { SupplyChecks } from '../../../../src/tasks/voter/supply-checks.js';
import { TASK_DRIVERS } from '../../../../src/tasks/index.js';
import { sidesOf } from '../../../../src/tasks/kinds/driver.js';
import { Intake } from '../../../../src/tasks/leader/intake.js';
import { SupplyPools } from '../../../../src/tasks/voter/supply-pools.js';
import { encode, Request } from '../../../../src/wire/index.js';
import {
  APP,
  generateRequest,
  Ledger,
  NODES,
  signRequest,
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

let ledger: Ledger;
let room: TaskRoom;
let other: TaskRoom;
let pools: SupplyPools;
let checks: SupplyChecks;
let key: DealtKey;
let intake: Intake;

beforeEach(async () => {
  ledger = new Ledger();
  key = dealKey(ledger);
  room = new TaskRoom('node-1', ledger);
  other = new TaskRoom('node-2', ledger);
  await room.hold(key);
  await other.hold(key);
  pools = new SupplyPools();
  for (const node of NODES) pools.hello(node, bootHexOf(node));
  const { context, state } = room;
  checks = new SupplyChecks(context, room.arithmetic, () => intake.tick());
  const leading = room.leading(pools, checks);
  const drivers = sidesOf(TASK_DRIVERS, (driver) => driver.leader?.(leading));
  const leadership = new Leadership(context.consensus);
  intake = new Intake(context, state.view, leadership, drivers);
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
  const pooled = pools.add(of.self, 'treasury', 1, supplies, room.clock.elapsed());
  checks.check(key.record, pooled);
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

  test('the leader asks for the commitments of one key every 100 ms only', async () => {
    take(sign('one'));
    take(sign('two'));
    expect(room.takeSent()).toHaveLength(3);
    room.clock.pass(100);
    intake.tick();
    expect(room.takeSent()).toHaveLength(3);
  });

  test('at most 1024 requests to sign wait at the leader', async () => {
    for (let at = 0; at < 1024; at++) take(sign(`wait-${at}`));
    expect(refusals()).toEqual([]);
    take(sign('one-more'));
    expect(refusals()).toEqual(['node-2 TOO_MANY_REQUESTS']);
  });
});

describe('a repetition', () => {
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

  test('a leader refuses requests when the log takes no more', async () => {
    await fill(room, 2);
    await fill(other, 2);
    room.fate = 'overloaded';
    take(sign());
    expect(refusals()).toEqual(['node-2 LOG_FULL']);
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

  test('a leader answers neither a malformed request nor one with an attempt of its own', async () => {
    intake.take(FROM, Uint8Array.of(255));
    const firstAttempt = ledger.signAttempt('treasury', 'task', 1);
    take({ ...sign(), firstAttempt });
    expect([...proposals(), ...refusals()]).toEqual([]);
  });
});
