import { beforeEach, describe, expect, test } from '@jest/globals';
import { ClusterError, nodeId, refusal, toHex, utf8 } from '../../../../src/common/index.js';
import { derivedPublicKey } from '../../../../src/frost/index.js';
import { taskIdOf } from '../../../../src/identity/index.js';
import {
  decisionHashOf,
  generatedKeyOf,
  METHODS,
  signatureOf,
} from '../../../../src/state/index.js';
import type { Submissions } from '../../../../src/tasks/requests/submissions.js';
import { decode, encode, Request, SignRequest } from '../../../../src/wire/index.js';
import type { ForwardRefused, TaskRecord } from '../../../../src/wire/index.js';
import {
  fill,
  generateRequest,
  GENESIS_MS,
  Ledger,
  NODES,
  OPERATOR,
  signRequest,
} from '../../../support/builders/ledger.js';
import { dealKey, NOTHING, settle, TaskRoom } from '../../../support/builders/task-room.js';
import type { DealtKey } from '../../../support/builders/task-room.js';
import { realSignature } from '../../../support/builders/real-signature.js';
import { sharedKey } from '../../../../src/sharing/index.js';
import { ed25519Suite } from '../../../support/builders/schemes.js';

const [, LEADER, NEXT] = [...NODES, nodeId('')];
const TASK = taskIdOf(OPERATOR, 'one');

let ledger: Ledger;
let key: DealtKey;
let room: TaskRoom;
let submissions: Submissions;

beforeEach(() => {
  ledger = new Ledger();
  key = dealKey(ledger);
  room = new TaskRoom('node-1', ledger);
  room.follow(LEADER);
  submissions = room.submissions();
});

type Answer = { record?: TaskRecord; error?: unknown };

/** A client's request, and what becomes of it. */
function submit(
  request = signRequest('treasury', 'one', utf8('hello')),
  method: string = METHODS.sign,
): { readonly answer: Answer; readonly abort: (reason?: unknown) => void } {
  const answer: Answer = {};
  const controller = new AbortController();
  submissions
    .submit({
      method,
      request,
      requester: OPERATOR,
      expiresInMs: 10_000,
      signal: controller.signal,
    })
    .then(
      (record) => (answer.record = record),
      (error: unknown) => (answer.error = error),
    );
  return { answer, abort: (reason) => controller.abort(reason) };
}

/** The requests that were forwarded since the last look, and to whom. */
function forwards(): readonly { to: string; request: Request }[] {
  return room.takeSent().flatMap(({ to, message: { message } }) => {
    const request =
      message?.$case === 'forward' ? decode(Request, message.value.request) : undefined;
    return request === undefined ? [] : [{ to, request }];
  });
}

function refuse(
  from: string,
  request: Request | undefined,
  code: string,
  more: Partial<ForwardRefused> = {},
): void {
  if (request === undefined) throw new Error('nothing was forwarded');
  const verdictHash = decisionHashOf(request);
  const said = { verdictHash, code, reason: 'WHY', detail: 'because', field: '', facts: [] };
  submissions.refused(nodeId(from), { ...said, ...more });
}

function apply(request: Request | undefined): void {
  if (request === undefined) throw new Error('nothing was forwarded');
  const { decision } = ledger.command({ $case: 'request', value: request });
  if (decision !== undefined) submissions.applied({ ...NOTHING, decisions: [decision] });
}

function changed(): void {
  submissions.settled({ ...NOTHING, tasks: new Set([TASK]) });
}

function failed(): never {
  throw new Error('nothing was forwarded');
}

const reasonOf = ({ error }: Answer): unknown =>
  error instanceof ClusterError ? error.reason : error;

/** A request to sign along a path. */
function along(derivationPath: number[]): Uint8Array {
  const request = SignRequest.decode(signRequest('treasury', 'one', utf8('hello')));
  return encode(SignRequest, { ...request, derivationPath });
}

/** A request to sign along a path, whose task the log then closes with `signature`. */
async function recorded(signature: Uint8Array): Promise<Answer> {
  const { answer } = submit(along([0, 5]));
  apply(forwards()[0]?.request);
  ledger.command({ $case: 'attempt', value: ledger.signAttempt('treasury', TASK, 1) });
  ledger.command({ $case: 'done', value: { taskId: TASK, attempt: 1, material: signature } });
  changed();
  changed();
  await settle();
  return answer;
}

describe('a request', () => {
  test('a request goes to the leader, vouched for by this node until a time that its clock has not reached', () => {
    room.clock.nowMs = GENESIS_MS - 5000;
    ledger.timeMs += 1000;
    ledger.append('no-op', fill(0, 0));
    submit();
    const [forwarded] = forwards();
    expect(forwarded?.to).toBe(LEADER);
    const by = forwarded?.request.authorization?.by;
    expect(by).toMatchObject({
      $case: 'voucher',
      value: { nodeId: 'node-1', spiffeId: OPERATOR, expireTimeMs: BigInt(ledger.timeMs + 10_000) },
    });
  });

  test('a request is repeated every 500 ms, the same bytes, until its outcome is applied', async () => {
    const { answer } = submit();
    const [first] = forwards();
    room.clock.pass(499);
    submissions.tick();
    expect(forwards()).toEqual([]);
    room.clock.pass(1);
    submissions.tick();
    expect(forwards()).toEqual([first]);

    apply(first?.request);
    ledger.command({ $case: 'failed', value: { taskId: TASK, reason: 'NO', evidence: [] } });
    changed();
    await settle();
    expect(answer.record?.outcome?.$case).toBe('failed');
    expect(submissions.busy).toBe(false);
  });

  test('a request goes to a new leader at once', () => {
    submit();
    forwards();
    room.follow(NEXT);
    submissions.tick();
    expect(forwards().map(({ to }) => to)).toEqual([NEXT]);
  });

  test('a request whose outcome is in this node’s state is answered without asking a leader', async () => {
    apply(submit() && forwards()[0]?.request);
    ledger.command({ $case: 'failed', value: { taskId: TASK, reason: 'NO', evidence: [] } });
    room.follow(undefined);
    const { answer } = submit();
    await settle();
    expect(answer.record?.taskId).toBe(TASK);
  });

  test('a request that the log has taken is not failed by a refusal of another copy of it', async () => {
    const { answer } = submit();
    const [forwarded] = forwards();
    apply(forwarded?.request);
    const hash = toHex(decisionHashOf(forwarded?.request ?? failed()));
    const refused = refusal('unauthenticated', 'SIGNATURE_REQUIRED', 'Too late');
    const result = { kind: 'refused', refusal: refused } as const;
    submissions.applied({
      ...NOTHING,
      decisions: [{ hash, method: METHODS.sign, requester: undefined, result }],
    });
    await settle();
    expect(answer).toEqual({});

    ledger.command({ $case: 'failed', value: { taskId: TASK, reason: 'NO', evidence: [] } });
    changed();
    await settle();
    expect(answer.record?.outcome?.$case).toBe('failed');
  });

  test('an altered request under the same id is refused', async () => {
    apply(submit() && forwards()[0]?.request);
    ledger.command({ $case: 'failed', value: { taskId: TASK, reason: 'NO', evidence: [] } });
    const { answer } = submit(signRequest('treasury', 'one', utf8('other')));
    await settle();
    expect(reasonOf(answer)).toBe('REQUEST_ID_REUSED');
  });

  test('a malformed request is refused on the entry node', async () => {
    const { answer } = submit(fill(255, 3));
    await settle();
    expect(reasonOf(answer)).toBe('INVALID_ENCODING');
    expect(forwards()).toEqual([]);
  });

  test('a request that the log refuses is refused', async () => {
    const { answer } = submit(signRequest('nothing', 'one', utf8('hello')));
    apply(forwards()[0]?.request);
    await settle();
    expect(reasonOf(answer)).toBe('KEY_NOT_FOUND');
  });

  test('a request that waits when the node stops is given up: “nothing was done” only if no leader was asked', async () => {
    const { answer } = submit();
    room.follow(undefined);
    const unasked = submit(signRequest('treasury', 'two', utf8('hello')));
    submissions.close();
    const late = submit(signRequest('treasury', 'three', utf8('hello')));
    await settle();
    expect(answer.error).toMatchObject({ code: 'deadline' });
    expect([reasonOf(unasked.answer), reasonOf(late.answer)]).toEqual(['STOPPING', 'STOPPING']);
    expect(submissions.busy).toBe(false);
  });
});

describe('a signature', () => {
  test('a signature that verifies is the answer', async () => {
    const { answer } = submit();
    apply(forwards()[0]?.request);
    ledger.command({ $case: 'attempt', value: ledger.signAttempt('treasury', TASK, 1) });
    const signature = realSignature(key, utf8('hello'));
    ledger.command({ $case: 'done', value: { taskId: TASK, attempt: 1, material: signature } });
    changed();
    await settle();
    expect(answer.record && signatureOf(answer.record)).toMatchObject({ signature });
  });

  describe('along a path', () => {
    test('a signature along a path is the answer, with the key that it verifies under', async () => {
      const signature = realSignature(key, utf8('hello'), [0, 5]);
      const publicKey = derivedPublicKey(ed25519Suite, sharedKey(key.record, [0, 5]));

      const { record } = await recorded(signature);

      expect(record && signatureOf(record)).toMatchObject({ signature, publicKey });
      expect(signatureOf(ledger.task(TASK))).toMatchObject({
        publicKey: key.record.publicKey,
        derivationPath: [0, 5],
      });
    });

    test.each([
      ['the key itself', []],
      ['another path', [0, 6]],
    ])('a signature along a path but under %s is an alarm, and no answer', async (_, path) => {
      const answer = await recorded(realSignature(key, utf8('hello'), path));

      expect(reasonOf(answer)).toBe('RESULT_INVALID');
      expect(room.alarms).toEqual(['a recorded signature does not verify']);
    });

    test('a signature that no verifier has had time to check is no answer yet', async () => {
      room.compute = {
        run: () => Promise.reject(new ClusterError('overloaded', 'Too much waits')),
        idle: () => false,
      };
      const answer = await recorded(realSignature(key, utf8('hello'), [0, 5]));

      expect(answer.error).toMatchObject({ code: 'deadline' });
    });
  });

  test('a signature that does not verify is an alarm, and no answer', async () => {
    const { answer } = submit();
    apply(forwards()[0]?.request);
    ledger.command({ $case: 'attempt', value: ledger.signAttempt('treasury', TASK, 1) });
    const signature = realSignature(key, utf8('another message'));
    ledger.command({ $case: 'done', value: { taskId: TASK, attempt: 1, material: signature } });
    changed();
    await settle();
    expect(answer.error).toMatchObject({ code: 'protocol-abort', reason: 'RESULT_INVALID' });
    expect(room.alarms).toHaveLength(1);
  });
});

test('a new key is an answer only with its certificate', async () => {
  const { answer } = submit(generateRequest('cold', { requestId: 'one' }), METHODS.generateKey);
  apply(forwards()[0]?.request);
  ledger.attempt(ledger.task(TASK));
  for (const node of NODES)
    ledger.command({ $case: 'ready', value: ledger.ready(ledger.task(TASK), node) });
  changed();
  await settle();
  expect(answer).toEqual({});
  for (const node of NODES.slice(0, 2)) {
    const { changedKeys } = ledger.command({
      $case: 'installed',
      value: ledger.installed('cold', node),
    });
    submissions.settled({ ...NOTHING, keys: new Set(changedKeys) });
  }
  await settle();
  expect(answer.record && generatedKeyOf(answer.record)).toBeDefined();
});

describe('“nothing was done”', () => {
  test('“nothing was done” is said when there was no leader for 5 s', async () => {
    room.follow(undefined);
    const { answer } = submit();
    room.clock.pass(4999);
    submissions.settled(undefined);
    await settle();
    expect(answer).toEqual({});
    room.clock.pass(1);
    submissions.settled(undefined);
    await settle();
    expect(answer.error).toMatchObject({ code: 'no-quorum', reason: 'NO_LEADER' });
  });

  test('“nothing was done” is said of a leader that cannot be reached', async () => {
    if (LEADER !== undefined) room.connections.disconnected(LEADER);
    const { answer, abort } = submit();
    expect(forwards()).toEqual([]);
    abort();
    await settle();
    expect(reasonOf(answer)).toBe('NO_LEADER');
  });

  test('“nothing was done” is not said once a leader was asked: only the outcome or the deadline is', async () => {
    const { answer, abort } = submit();
    room.follow(undefined);
    room.clock.pass(60_000);
    submissions.settled(undefined);
    await settle();
    expect(answer).toEqual({});
    abort();
    await settle();
    expect(answer.error).toMatchObject({ code: 'deadline' });
  });

  test('“nothing was done” is said when every asked node refused every copy, and not one copy earlier', async () => {
    const { answer, abort } = submit();
    room.clock.pass(500);
    submissions.tick();
    const copies = forwards();
    expect(copies).toHaveLength(2);
    refuse(LEADER ?? '', copies[0]?.request, 'not-leader');
    const other = submit(signRequest('treasury', 'two', utf8('hello')));
    refuse(LEADER ?? '', forwards()[0]?.request, 'not-leader');
    abort();
    other.abort();
    await settle();
    expect(answer.error).toMatchObject({ code: 'deadline' });
    expect(reasonOf(other.answer)).toBe('NO_LEADER');
  });
});

describe('a leader’s refusal', () => {
  test('a leader’s refusal is the answer when no other node was asked', async () => {
    const { answer } = submit();
    refuse(LEADER ?? '', forwards()[0]?.request, 'overloaded');
    await settle();
    expect(answer.error).toMatchObject({ code: 'overloaded', reason: 'WHY' });
  });

  test('a leader’s refusal is no answer while another node may have brought the request into a log', async () => {
    const { answer } = submit();
    forwards();
    room.follow(NEXT);
    submissions.tick();
    const [second] = forwards();
    refuse(NEXT ?? '', second?.request, 'overloaded');
    await settle();
    expect(answer).toEqual({});
    refuse(LEADER ?? '', second?.request, 'overloaded');
    await settle();
    expect(reasonOf(answer)).toBe('WHY');
  });

  test('a leader’s refusal brings its facts, so that a client whose clock is wrong can sign again', async () => {
    const { answer } = submit();
    refuse(LEADER ?? '', forwards()[0]?.request, 'unauthenticated', {
      reason: 'EXPIRY_TOO_FAR',
      field: 'expire_time_ms',
      facts: [{ name: 'time_ms', value: '1700000000000' }],
    });
    await settle();
    expect(answer.error).toMatchObject({
      code: 'unauthenticated',
      reason: 'EXPIRY_TOO_FAR',
      details: { field: 'expire_time_ms', facts: { time_ms: '1700000000000' } },
    });
  });

  test('of a malicious leader’s refusal the client gets no more than an honest one says', async () => {
    const { answer } = submit();
    refuse(LEADER ?? '', forwards()[0]?.request, 'overloaded', {
      reason: 'NOT A REASON\n',
      detail: 'x'.repeat(100_000),
      field: '\u001b[2J',
      facts: Array.from({ length: 1000 }, (_, at) => ({ name: `fact_${at}`, value: 'y' })).concat([
        { name: 'long', value: 'z'.repeat(100_000) },
      ]),
    });
    await settle();
    const { reason, message, details } = answer.error as ClusterError;
    expect([reason, message.length, details.field]).toEqual(['UNKNOWN', 1024, undefined]);
    expect(Object.keys(details.facts ?? {})).toHaveLength(8);
  });

  test('a refusal of a node that was not asked, or for another copy, is ignored', async () => {
    const { answer } = submit();
    const [forwarded] = forwards();
    refuse(NEXT ?? '', forwarded?.request, 'overloaded');
    submissions.refused(LEADER ?? nodeId(''), {
      verdictHash: fill(1),
      code: 'overloaded',
      reason: 'WHY',
      detail: '',
      field: '',
      facts: [],
    });
    await settle();
    expect(answer).toEqual({});
  });

  test('a refusal of a node that does not lead yet makes it asked again soon, but not at once', () => {
    submit();
    refuse(LEADER ?? '', forwards()[0]?.request, 'not-leader');
    submissions.tick();
    expect(forwards()).toEqual([]);
    room.clock.pass(50);
    submissions.tick();
    expect(forwards().map(({ to }) => to)).toEqual([LEADER]);
  });
});
