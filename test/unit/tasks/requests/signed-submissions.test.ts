import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ClusterError, utf8 } from '../../../../src/common/index.js';
import { taskIdOf } from '../../../../src/identity/index.js';
import { judgeRequest, METHODS } from '../../../../src/state/index.js';
import type { Submissions } from '../../../../src/tasks/requests/submissions.js';
import { decode, Request } from '../../../../src/wire/index.js';
import type { Authorization, TaskRecord } from '../../../../src/wire/index.js';
import {
  APP,
  GENESIS_MS,
  Ledger,
  OPERATOR,
  signRequest,
  testGenesis,
} from '../../../support/builders/ledger.js';
import { RequesterAuthority } from '../../../support/builders/requester.js';
import type { Requester } from '../../../support/builders/requester.js';
import { dealKey, NOTHING, settle, TaskRoom } from '../../../support/builders/task-room.js';

const MINUTE_MS = 60_000;
/** How far the clocks of a node and of the cluster may be apart. */
const CLOCK_AHEAD_MS_MAX = 5_000;
const request = signRequest('treasury', 'one', utf8('pay'));

let authority: RequesterAuthority;
let alice: Requester;
beforeAll(async () => {
  authority = await RequesterAuthority.create(GENESIS_MS);
  alice = await authority.requester('operator', 'alice');
});

let ledger: Ledger;
let room: TaskRoom;
let submissions: Submissions;
beforeEach(() => {
  ledger = new Ledger(testGenesis({ requesterCa: authority.credential.certificate }));
  dealKey(ledger);
  room = new TaskRoom('node-1', ledger);
  room.follow('node-2');
  submissions = room.submissions();
});

type Answer = { record?: TaskRecord; error?: unknown };

function authorizationOf(expireTimeMs = ledger.timeMs + MINUTE_MS): Authorization {
  const { clusterId } = ledger.rules.genesis;
  return alice.sign({ clusterId, method: METHODS.sign, expireTimeMs, request });
}

/** The same with another signature. */
function altered(authorization: Authorization): Authorization {
  const signature = authorization.signature.map((byte, at) => (at === 20 ? byte ^ 1 : byte));
  return { ...authorization, signature };
}

/** A request that Alice has signed and another brings, unless it is said who does. */
function submit(authorization = authorizationOf(), requester: string = APP): Answer {
  const answer: Answer = {};
  const call = { method: METHODS.sign, request, requester, expiresInMs: 1, authorization };
  submissions.submit({ ...call, signal: new AbortController().signal }).then(
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

describe('a signed request', () => {
  test('a signed request goes to the leader as it came, without any field of the entry node’s own', () => {
    const authorization = authorizationOf();
    submit(authorization);

    expect(forwards()).toEqual([
      {
        method: METHODS.sign,
        request,
        authorization: { by: { $case: 'signed', value: authorization } },
        firstAttempt: undefined,
      },
    ]);
  });

  test('a signed request is answered with the task of its signer, not of the client that brought it', async () => {
    const answer = submit();
    const [value] = forwards();
    if (value === undefined) throw new Error('nothing was forwarded');
    ledger.command({ $case: 'request', value });
    const taskId = taskIdOf(OPERATOR, 'one');
    ledger.command({ $case: 'failed', value: { taskId, reason: 'NO', evidence: [] } });
    submissions.settled(undefined);
    await settle();

    expect(answer.record).toMatchObject({ taskId, requester: OPERATOR });
  });

  test('a signed request that no node would take is refused before any leader is asked', async () => {
    const good = authorizationOf();
    const answers = [
      submit(altered(good)),
      submit({ ...good, certificates: [] }),
      submit({ ...good, expireTimeMs: good.expireTimeMs + 1n }),
    ];
    await settle();

    const reasons = answers.map(({ error }) => error instanceof ClusterError && error.reason);
    expect(reasons).toEqual(['INVALID_SIGNATURE', 'INVALID_CERTIFICATE', 'INVALID_SIGNATURE']);
    expect(forwards()).toEqual([]);
    expect(submissions.busy).toBe(false);
  });

  test('a signed request that has expired by the cluster’s clock is refused with that clock’s time', async () => {
    const answer = submit(authorizationOf(ledger.timeMs));
    await settle();

    expect(answer.error).toMatchObject({
      reason: 'REQUEST_EXPIRED',
      details: { facts: { time_ms: String(ledger.timeMs) } },
    });
    expect(forwards()).toEqual([]);
  });

  test('a signed request that has expired and is known is answered with its outcome', async () => {
    const authorization = authorizationOf();
    submit(authorization);
    const [value] = forwards();
    if (value === undefined) throw new Error('nothing was forwarded');
    ledger.command({ $case: 'request', value });
    const taskId = taskIdOf(OPERATOR, 'one');
    ledger.command({ $case: 'failed', value: { taskId, reason: 'NO', evidence: [] } });
    ledger.timeMs += 2 * MINUTE_MS;
    ledger.append('no-op', new Uint8Array(0));

    const again = submit(authorization);
    await settle();

    expect(again.record?.taskId).toBe(taskId);
    expect(forwards()).toEqual([]);
  });

  test('a signed request that expires too far ahead is refused where it arrives, with the cluster’s time', async () => {
    const tooFar = authorizationOf(room.clock.now() + 10 * MINUTE_MS + CLOCK_AHEAD_MS_MAX + 1);
    const answers = [submit(tooFar, alice.spiffeId), submit(tooFar, APP)];
    await settle();

    for (const { error } of answers)
      expect(error).toMatchObject({
        reason: 'EXPIRY_TOO_FAR',
        details: { facts: { time_ms: String(room.clock.now()) } },
      });
    expect(forwards()).toEqual([]);
  });

  test('a signed request whose time cannot count costs its own signer’s node no verification', async () => {
    const answers = [
      submit(altered(authorizationOf(room.clock.now() + 60 * MINUTE_MS)), alice.spiffeId),
      submit(altered(authorizationOf(ledger.timeMs)), alice.spiffeId),
      // To anybody else the answer would tell whether Alice's request is known.
      submit(altered(authorizationOf(ledger.timeMs)), APP),
    ];
    await settle();

    const reasons = answers.map(({ error }) => error instanceof ClusterError && error.reason);
    expect(reasons).toEqual(['EXPIRY_TOO_FAR', 'REQUEST_EXPIRED', 'INVALID_SIGNATURE']);
  });

  test('a signed request that only the leader’s clock can refuse goes to the leader', async () => {
    const answer = submit(authorizationOf(room.clock.now() + 10 * MINUTE_MS + CLOCK_AHEAD_MS_MAX));
    await settle();

    expect(answer.error).toBeUndefined();
    expect(forwards()).toHaveLength(1);
  });

  test('a node whose clock was set back takes what the cluster’s clock allows', async () => {
    submissions.applied(NOTHING);
    room.clock.pass(2 * MINUTE_MS);
    room.clock.nowMs -= 60 * MINUTE_MS;
    const answer = submit(authorizationOf(ledger.timeMs + 12 * MINUTE_MS));
    await settle();

    expect(answer.error).toBeUndefined();
    expect(forwards()).toHaveLength(1);
  });

  test('a signed request that is known is answered whatever its expiry is', async () => {
    submit();
    const [value] = forwards();
    if (value === undefined) throw new Error('nothing was forwarded');
    ledger.command({ $case: 'request', value });
    const taskId = taskIdOf(OPERATOR, 'one');
    ledger.command({ $case: 'failed', value: { taskId, reason: 'NO', evidence: [] } });

    const again = submit(authorizationOf(ledger.timeMs + 60 * MINUTE_MS), alice.spiffeId);
    await settle();

    expect(again.record?.taskId).toBe(taskId);
  });

  test('the leader checks a signed request beforehand at the time that its entry would get', () => {
    const judge = (authorization: Authorization): string => {
      const by = { $case: 'signed', value: authorization } as const;
      const whole = {
        method: METHODS.sign,
        request,
        authorization: { by },
        firstAttempt: undefined,
      };
      const { judged } = judgeRequest(ledger.state, whole, ledger.timeMs, ledger.rules);
      return judged.ok ? judged.value.kind : judged.refusal.reason;
    };

    expect(judge(authorizationOf())).toBe('open');
    expect(judge(authorizationOf(ledger.timeMs - MINUTE_MS))).toBe('REQUEST_EXPIRED');
    expect(judge(authorizationOf(ledger.timeMs + 60 * MINUTE_MS))).toBe('EXPIRY_TOO_FAR');
    const good = authorizationOf();
    expect(judge({ ...good, signature: good.signature.slice(1) })).toBe('INVALID_SIGNATURE');
  });
});

test('ten thousand old and foreign requests open no task', () => {
  const other = new Ledger(
    testGenesis({ requesterCa: authority.credential.certificate, keysMax: 7 }),
  );
  const before = ledger.ask.tasks('', 100, false).length;
  const expired = authorizationOf(ledger.timeMs);
  const { clusterId } = other.rules.genesis;
  const expireTimeMs = ledger.timeMs + MINUTE_MS;
  const foreign = alice.sign({ clusterId, method: METHODS.sign, expireTimeMs, request });
  const verdicts = new Map<string, number>();
  for (let count = 0; count < 10_000; count++) {
    const value = count % 2 === 0 ? expired : foreign;
    const { decision } = ledger.command({
      $case: 'request',
      value: {
        method: METHODS.sign,
        request,
        authorization: { by: { $case: 'signed', value } },
        firstAttempt: undefined,
      },
    });
    const result = decision?.result;
    const name = result?.kind === 'refused' ? result.refusal.reason : String(result?.kind);
    verdicts.set(name, (verdicts.get(name) ?? 0) + 1);
  }

  expect(other.rules.genesis.clusterId).not.toBe(ledger.rules.genesis.clusterId);
  expect(Object.fromEntries(verdicts)).toEqual({
    INVALID_SIGNATURE: 5_000,
    REQUEST_EXPIRED: 5_000,
  });
  expect(ledger.ask.tasks('', 100, false)).toHaveLength(before);
});
