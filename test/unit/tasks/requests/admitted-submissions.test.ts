import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { nodeId, utf8 } from '../../../../src/common/index.js';
import { METHODS } from '../../../../src/state/index.js';
import { IN_FLIGHT_START } from '../../../../src/tasks/requests/admission/limits.js';
import type { Submissions } from '../../../../src/tasks/requests/submissions.js';
import { decode, Request } from '../../../../src/wire/index.js';
import type { Authorization, TaskRecord } from '../../../../src/wire/index.js';
import {
  GENESIS_MS,
  Ledger,
  NODES,
  signRequest,
  testGenesis,
} from '../../../support/builders/ledger.js';
import { RequesterAuthority } from '../../../support/builders/requester.js';
import type { Requester } from '../../../support/builders/requester.js';
import { realSignature } from '../../../support/builders/real-signature.js';
import { dealKey, settle, TaskRoom } from '../../../support/builders/task-room.js';

const [, LEADER = nodeId('')] = NODES;
const MINUTE_MS = 60_000;

let authority: RequesterAuthority;
let alice: Requester;
let bob: Requester;
beforeAll(async () => {
  authority = await RequesterAuthority.create(GENESIS_MS);
  alice = await authority.requester('operator', 'alice');
  bob = await authority.requester('operator', 'bob');
});

let ledger: Ledger;
let room: TaskRoom;
let submissions: Submissions;
/** Steps that were charged to callers. */
let measured: number;
let made: Uint8Array;
beforeEach(() => {
  ledger = new Ledger(testGenesis({ requesterCa: authority.credential.certificate }));
  made = realSignature(dealKey(ledger), utf8('pay'));
  room = new TaskRoom('node-1', ledger);
  room.follow(LEADER);
  submissions = room.submissions();
  measured = 0;
});

type Answer = { record?: TaskRecord; error?: unknown };

/** A request that its requester signs and brings itself. */
function submit(by: Requester, requestId: string, damage = false): Answer {
  const answer: Answer = {};
  const request = signRequest('treasury', requestId, utf8('pay'));
  const expireTimeMs = ledger.timeMs + MINUTE_MS;
  const { clusterId } = ledger.rules.genesis;
  const signed = by.sign({ clusterId, method: METHODS.sign, expireTimeMs, request });
  const signature = signed.signature.map((byte, at) => (damage && at === 20 ? byte ^ 1 : byte));
  const authorization: Authorization = { ...signed, signature };
  const asked = {
    method: METHODS.sign,
    request,
    requester: by.spiffeId,
    expiresInMs: MINUTE_MS,
    authorization,
    measure: <T>(step: () => T): T => {
      measured += 1;
      return step();
    },
    signal: new AbortController().signal,
  };
  submissions.submit(asked).then(
    (record) => (answer.record = record),
    (error: unknown) => (answer.error = error),
  );
  return answer;
}

function forwards(): readonly Request[] {
  return room.takeSent().flatMap(({ message: { message } }) => {
    const forwarded =
      message?.$case === 'forward' ? decode(Request, message.value.request) : undefined;
    return forwarded === undefined ? [] : [forwarded];
  });
}

/** The log takes the request, and its task fails at once: an answer. */
function fail(request: Request | undefined): void {
  const taskId = take(request);
  ledger.command({ $case: 'failed', value: { taskId, reason: 'NO', evidence: [] } });
  submissions.settled(undefined);
}

/** The log takes the request, and has its signature. */
async function sign(request: Request | undefined): Promise<void> {
  const taskId = take(request);
  ledger.command({ $case: 'attempt', value: ledger.signAttempt('treasury', taskId, 1) });
  ledger.command({ $case: 'done', value: { taskId, attempt: 1, material: made } });
  submissions.settled(undefined);
  await settle();
}

function take(request: Request | undefined): string {
  if (request === undefined) throw new Error('nothing was forwarded');
  const { changedTasks } = ledger.command({ $case: 'request', value: request });
  const [taskId = ''] = changedTasks;
  return taskId;
}

describe('a request that waits for its turn', () => {
  test('a request that waits for its turn costs no verification and no message, and is charged when it has it', async () => {
    for (let each = 0; each < IN_FLIGHT_START; each++) submit(alice, `one-${each}`);
    const waiting = submit(alice, 'last', true);
    await settle();
    const brought = forwards();
    expect(brought).toHaveLength(IN_FLIGHT_START);
    expect(waiting.error).toBeUndefined();
    expect(measured).toBe(0);

    fail(brought[0]);
    await settle();

    expect(waiting.error).toMatchObject({ reason: 'INVALID_SIGNATURE' });
    expect(measured).toBe(1);
  });

  test('a request that waits for its turn has it before the next one of whoever has more under way', async () => {
    for (let each = 0; each < 64; each++) submit(alice, `one-${each}`);
    submit(bob, 'mine');
    await settle();
    fail(forwards()[0]);
    await settle();

    const [next] = forwards();
    expect(next?.request).toEqual(signRequest('treasury', 'mine', utf8('pay')));
  });

  test('a request that waits for its turn is brought, and waits for a leader, when there is none any more', async () => {
    const all = Array.from({ length: IN_FLIGHT_START + 2 }, (_, each) =>
      submit(alice, `a-${each}`),
    );
    await settle();
    forwards();
    room.follow(undefined);
    submissions.tick();
    await settle();
    room.clock.pass(5_000);
    submissions.tick();
    await settle();

    const errors = all.slice(IN_FLIGHT_START).map(({ error }) => error);
    expect(errors).toMatchObject([{ reason: 'NO_LEADER' }, { reason: 'NO_LEADER' }]);
    expect(submissions.busy).toBe(true);
  });

  test('a request that waits for its turn is given up when the node stops: nothing was done', async () => {
    const all = Array.from({ length: IN_FLIGHT_START + 2 }, (_, each) =>
      submit(alice, `a-${each}`),
    );
    await settle();
    submissions.close();
    await settle();

    expect(all.at(-1)?.error).toMatchObject({ code: 'no-quorum', reason: 'STOPPING' });
  });
});

/** What may be under way after some requests that took 100 ms each, one after the other, and these among them. */
async function inFlightAfter(others: (count: number) => Promise<void>): Promise<number> {
  for (let each = 0; each < 5 * IN_FLIGHT_START; each++) {
    submit(alice, `new-${each}`);
    await settle();
    room.clock.pass(100);
    await sign(forwards()[0]);
    await others(each);
  }
  for (let each = 0; each < IN_FLIGHT_START; each++) submit(alice, `later-${each}`);
  await settle();
  return forwards().length;
}

describe('the time that requests take', () => {
  test('the time that requests take is not that of those whose outcome was there already', async () => {
    expect(
      await inFlightAfter(async () => {
        for (let each = 0; each < 4; each++) submit(alice, 'new-0');
        await settle();
      }),
    ).toBe(IN_FLIGHT_START);
  });

  test('the time that requests take is not that of those that fail, for a key whose signers are gone', async () => {
    expect(
      await inFlightAfter(async (count) => {
        submit(alice, `stuck-${count}`);
        await settle();
        room.clock.pass(60_000);
        fail(forwards()[0]);
        await settle();
      }),
    ).toBe(IN_FLIGHT_START);
  });

  test('the time that requests take lets fewer of them be under way when it is much longer than it was', async () => {
    expect(
      await inFlightAfter(async (count) => {
        if (count < 2 * IN_FLIGHT_START) return;
        submit(alice, `slow-${count}`);
        await settle();
        room.clock.pass(60_000);
        await sign(forwards()[0]);
      }),
    ).toBeLessThan(IN_FLIGHT_START);
  });
});
