import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ClusterError, equal, utf8 } from '../../../src/common/index.js';
import type { NodeId } from '../../../src/common/index.js';
import { SHARE_KIND } from '../../../src/frost/index.js';
import { VERIFIERS } from '../../../src/machine/index.js';
import { signEnvelope } from '../../../src/mpc/index.js';
import { signatureOf } from '../../../src/state/index.js';
import {
  HAND_OVER_MS,
  OUTCOME_WAIT_MS,
  RESEND_MS,
  RESULT_WAIT_MS,
  RESULTS_CHECKED,
  RESULTS_CHECKED_AT_ONCE_MAX,
  WRONG_RESULT_COST,
} from '../../../src/tasks/limits.js';
import { Algorithm, encode, SignatureShare } from '../../../src/wire/index.js';
import type { TaskMessageBody } from '../../../src/wire/index.js';
import { fill, NODES, testGenesis } from '../../support/builders/ledger.js';
import { ONE, TaskTrio, THREE, TWO } from '../../support/builders/task-trio.js';
import type { Told } from '../../support/builders/task-trio.js';

/* What a client may rely on, and what nobody may: docs/threats.md, “Answered before recorded”. */

const HELLO = utf8('hello');
const COMBINE = 'signing/combine';
const CHECK = 'signing/check-claims';

let trio: TaskTrio;
beforeEach(async () => {
  trio = await TaskTrio.start();
});
afterEach(() => trio.stop());

const isDone = ({ $case }: { readonly $case: string }): boolean => $case === 'done';

function isSignature({ record }: Told, message = HELLO): boolean {
  const signed = record && signatureOf(record);
  if (signed === undefined) return false;
  const { publicKey } = trio.key.record;
  const { verify } = VERIFIERS[Algorithm.FROST_ED25519_SHA512];
  return verify(publicKey, message, signed.signature);
}

/** What a node says that an attempt has come to. */
function result(
  id: string,
  material: Uint8Array,
  attempt = -1,
): NonNullable<TaskMessageBody['message']> {
  const sessionId = trio.task(id)?.attempts.at(attempt)?.sessionId ?? fill(0);
  return { $case: 'result', value: { sessionId, material } };
}

/** A share that its signer signed, and that is wrong. */
function wrongShare(from: NodeId, id: string): NonNullable<TaskMessageBody['message']> {
  const session = trio.task(id)?.attempts.at(-1)?.sessionId ?? fill(0);
  const body = encode(SignatureShare, { share: fill(7) });
  const { signer } = trio.room(from).context.self;
  const envelope = signEnvelope(signer, session, SHARE_KIND, NODES.indexOf(from) + 1, 0, body);
  return { $case: 'contribution', value: { envelope, freshSupplies: undefined } };
}

/** A client's request at node-3, whose first attempt asks the two others; all can be reached then. */
async function signAtThird(expiresInMs = 60_000): Promise<Told> {
  trio.reach(ONE, TWO);
  const told = trio.sign('one', THREE, HELLO, expiresInMs);
  for (let step = 0; trio.task('one') === undefined && step < 10; step++) await trio.pass(10);
  trio.reach(ONE, TWO, THREE);
  return told;
}

/** No result of a node's clients gets to the leader. */
function silence(node: NodeId): void {
  trio.carry = (from, _, said) => (from === node && said.$case === 'result' ? [] : [said]);
}

describe('the node whose client waits', () => {
  test.each(NODES)(
    'answers with a signature that verifies while the log lacks the outcome: %s',
    async (node) => {
      trio.takes = (command) => !isDone(command);
      const told = trio.sign('one', node);
      await trio.pass(100);

      expect(isSignature(told)).toBe(true);
      expect(told.record?.endTimeMs).toBe(0n);
      expect(trio.task('one')?.outcome).toBeUndefined();

      trio.takes = () => true;
      await trio.pass(50);
      expect(signatureOf(trio.task('one') ?? failed())?.signature).toEqual(
        told.record && signatureOf(told.record)?.signature,
      );
      expect(trio.alarms()).toEqual([]);
    },
  );

  test('answers though it is neither a signer nor the leader', async () => {
    trio.reach(ONE, TWO);
    const told = trio.sign('one', THREE);
    await trio.pass(100);
    expect(isSignature(told)).toBe(true);
    expect(signatureOf(told.record ?? failed())?.signers).toEqual([ONE, TWO]);
    expect(trio.jobsOf(THREE, COMBINE)).toBe(1);
  });

  test('waits for the record below the feature level that results came with', async () => {
    trio.stop();
    trio = await TaskTrio.start(testGenesis({ level: 2 }));
    trio.takes = (command) => !isDone(command);
    const told = trio.sign('one', THREE);
    await trio.pass(200);
    expect(told).toEqual({});
    expect(trio.appended.filter(isDone)).toHaveLength(1);

    trio.takes = () => true;
    await trio.pass(50);
    expect(isSignature(told)).toBe(true);
    expect(told.record?.endTimeMs).not.toBe(0n);
  });

  test('gives no signature where the task is closed by the time that the sum is there', async () => {
    trio.reach(ONE, TWO);
    trio.slow.add(`${THREE} ${COMBINE}`);
    silence(THREE);
    trio.takes = (command) => !isDone(command);
    const told = trio.sign('one', THREE);
    await trio.pass(60);
    expect(trio.jobsOf(THREE, COMBINE)).toBe(1);

    const taskId = trio.task('one')?.taskId ?? '';
    trio.ledger.timeMs += 1;
    trio.fail(taskId);
    await trio.compute();
    await trio.pass(20);
    expect(told.record?.outcome).toMatchObject({ $case: 'failed' });
  });

  test('gives another request that has the same id no signature', async () => {
    trio.takes = (command) => !isDone(command);
    const told = trio.sign('one', THREE);
    const other = trio.sign('one', THREE, utf8('another'));
    await trio.pass(200);
    expect([told, other].filter((each) => isSignature(each))).toHaveLength(1);
    expect([told, other].filter((each) => isSignature(each, utf8('another')))).toHaveLength(0);
    const refused = [told, other].find(({ error }) => error !== undefined)?.error;
    expect(refused).toMatchObject({ reason: 'REQUEST_ID_REUSED' });
  });

  test('gives a repeated request the same signature before it is recorded, on any node', async () => {
    trio.takes = (command) => !isDone(command);
    const first = trio.sign('one', THREE);
    await trio.pass(100);
    const again = [trio.sign('one', THREE), trio.sign('one', TWO)];
    await trio.pass(50);
    for (const told of again) {
      expect(told.record && signatureOf(told.record)).toEqual(
        first.record && signatureOf(first.record),
      );
    }
    expect(trio.jobsOf(THREE, COMBINE)).toBe(1);
  });

  test('gives no answer for a sum that does not verify, and blames no node; the leader does', async () => {
    let lied = false;
    trio.carry = (from, _, said) => {
      if (from !== TWO || said.$case !== 'contribution' || trio.task('one') === undefined)
        return [said];
      if (trio.task('one')?.attempts.length !== 1) return [said];
      lied = true;
      return [wrongShare(TWO, 'one')];
    };
    const said: string[] = [];
    const { carry } = trio;
    trio.carry = (from, to, message) => {
      if (from === THREE) said.push(message.$case);
      return carry(from, to, message);
    };
    const told = await signAtThird();
    await trio.pass(20);
    expect(lied).toBe(true);
    expect(told).toEqual({});
    expect(trio.jobsOf(THREE, COMBINE)).toBe(1);
    expect(trio.room(THREE).alarms).toEqual([]);
    expect(said.filter((each) => each === 'envelope')).toEqual([]);

    await trio.pass(400);
    expect(trio.room(ONE).alarms).toContain('a signature share failed its check');
    expect(isSignature(told)).toBe(true);
    expect(signatureOf(told.record ?? failed())?.signers).toEqual([ONE, THREE]);
  });

  test('brings the result to the leader until its state shows the task closed, and to a new leader at once', async () => {
    const brought: string[] = [];
    trio.carry = (from, to, said) => {
      if (from !== THREE || said.$case !== 'result') return [said];
      brought.push(to);
      return [];
    };
    trio.takes = (command) => !isDone(command);
    const told = trio.sign('one', THREE);
    await trio.pass(60);
    expect(isSignature(told)).toBe(true);
    expect(brought).toEqual([ONE]);
    await trio.pass(2 * RESEND_MS);
    expect(brought).toEqual([ONE, ONE, ONE]);

    trio.lead(TWO);
    await trio.pass(30);
    expect(brought.at(-1)).toBe(TWO);
    trio.takes = () => true;
    await trio.pass(400);
    expect(trio.task('one')?.outcome?.$case).toBe('result');
    const count = brought.length;
    await trio.pass(3 * RESEND_MS);
    expect(brought).toHaveLength(count);
  });
});

describe('a leader', () => {
  test('leaves the sum to the node whose client waits, verifies what it brings, and opens no further attempt', async () => {
    trio.slow.add(`${THREE} ${COMBINE}`);
    await signAtThird();
    await trio.pass(30);
    expect(trio.jobsOf(THREE, COMBINE)).toBe(1);
    expect([trio.jobsOf(ONE, COMBINE), trio.jobsOf(ONE, CHECK)]).toEqual([0, 0]);
    await trio.compute();
    await trio.pass(60 + OUTCOME_WAIT_MS);
    expect([trio.jobsOf(ONE, COMBINE), trio.jobsOf(ONE, CHECK)]).toEqual([0, 1]);
    expect(trio.task('one')?.outcome?.$case).toBe('result');
    expect(trio.task('one')?.attempts).toHaveLength(1);
  });

  test('adds up for itself when the node whose client waits says nothing for a while', async () => {
    silence(THREE);
    await signAtThird();
    await trio.pass(RESULT_WAIT_MS - 20);
    expect(trio.jobsOf(ONE, COMBINE)).toBe(0);
    await trio.pass(60 + OUTCOME_WAIT_MS);
    expect(trio.jobsOf(ONE, COMBINE)).toBe(1);
    expect(trio.task('one')?.outcome?.$case).toBe('result');
    expect(trio.task('one')?.attempts).toHaveLength(1);
  });

  test('adds up for itself at once when that node cannot be reached any more, or no client waits', async () => {
    trio.reach(ONE, TWO);
    silence(THREE);
    const told = trio.sign('one', THREE);
    await trio.pass(50);
    expect(trio.jobsOf(ONE, COMBINE)).toBe(1);
    expect(isSignature(told)).toBe(true);
  });

  test('records no result that does not verify, blames no node for it, and waits for that node no longer', async () => {
    trio.carry = (from, to, said) =>
      said.$case === 'result' && from === THREE && to === ONE
        ? [result('one', fill(9, 64))]
        : [said];
    await signAtThird();
    await trio.pass(40);
    expect([trio.jobsOf(ONE, CHECK), trio.jobsOf(ONE, COMBINE)]).toEqual([1, 1]);
    await trio.pass(60);
    const recorded = signatureOf(trio.task('one') ?? failed());
    expect(recorded?.signature).not.toEqual(fill(9, 64));
    expect(trio.alarms()).toEqual([]);
  });

  test('records no signature of another attempt as this one’s', async () => {
    // Shares of the first attempt get lost, and node-2 hears none at all.
    trio.carry = (_, to, said) => {
      if (said.$case === 'result') return [];
      if (said.$case !== 'contribution') return [said];
      const first = trio.task('one')?.attempts[0]?.sessionId ?? fill(0);
      const isLost = to === TWO || equal(said.value.envelope?.sessionId ?? fill(0), first);
      return isLost ? [] : [said];
    };
    trio.takes = (command) => !isDone(command);
    const told = await signAtThird();
    await trio.pass(400);
    expect(told.record?.attempts).toHaveLength(2);
    const { signature } = signatureOf(told.record ?? failed()) ?? failed();

    trio.lead(TWO);
    await trio.pass(10);
    const before = trio.appended.length;
    trio.deliver(THREE, TWO, result('one', signature, 0));
    await trio.pass(30);
    expect(trio.jobsOf(TWO, CHECK)).toBe(1);
    expect(trio.appended.slice(before).filter(isDone)).toEqual([]);

    trio.deliver(THREE, TWO, result('one', signature, 1));
    await trio.pass(30 + OUTCOME_WAIT_MS);
    expect(trio.appended.slice(before).filter(isDone)).toMatchObject([
      { value: { attempt: 2, material: signature } },
    ]);
  });

  test('verifies a result once that two nodes bring', async () => {
    trio.slow.add(`${ONE} ${CHECK}`);
    trio.takes = (command) => !isDone(command);
    trio.sign('one', THREE);
    trio.sign('one', TWO);
    await trio.pass(60);
    await trio.compute();
    await trio.pass(300);
    expect(trio.jobsOf(ONE, CHECK)).toBe(1);
  });

  test('looks at wrong results within the budget of the node that brings them', async () => {
    trio.stop();
    trio = await TaskTrio.start(testGenesis({ openSignTasksMax: 128 }));
    trio.carry = (_, __, said) =>
      said.$case === 'contribution' || said.$case === 'result' ? [] : [said];
    const ids = Array.from({ length: 24 }, (_, at) => `sign-${at}`);
    // Each node admits some, and no more while those wait.
    for (const [at, id] of ids.entries()) {
      trio.sign(id, at % 2 === 0 ? ONE : TWO);
      await trio.pass(20);
    }
    const open = ids.filter((id) => (trio.task(id)?.attempts.length ?? 0) > 0);
    expect(open.length).toBeGreaterThan(2 * RESULTS_CHECKED_AT_ONCE_MAX);
    const flood = async (): Promise<void> => {
      for (const [at, id] of open.entries()) trio.deliver(THREE, ONE, result(id, fill(at, 64), 0));
      await trio.pass(20);
    };

    for (let turn = 0; turn < 25; turn++) await flood();
    // In half a second two more are paid for.
    const affordable = Math.ceil(RESULTS_CHECKED.burst / WRONG_RESULT_COST) + 2;
    expect(trio.jobsOf(ONE, CHECK)).toBeGreaterThan(1);
    expect(trio.jobsOf(ONE, CHECK)).toBeLessThanOrEqual(affordable);

    // It is no other node’s budget.
    const before = trio.jobsOf(ONE, CHECK);
    trio.deliver(TWO, ONE, result(open.at(-1) ?? '', fill(31, 64), 0));
    await trio.pass(20);
    expect(trio.jobsOf(ONE, CHECK)).toBe(before + 1);
    expect(trio.alarms()).toEqual([]);
  });

  test('does not give up a task whose result it holds, though the request has expired', async () => {
    const told = trio.sign('one', ONE, HELLO, 500);
    for (let step = 0; trio.task('one') === undefined && step < 10; step++) await trio.pass(10);
    trio.room(ONE).fate = 'overloaded';
    await trio.pass(2_000);
    expect(isSignature(told)).toBe(true);
    expect(trio.appended.map(({ $case }) => $case)).not.toContain('failed');

    trio.room(ONE).fate = 'proposed';
    await trio.pass(50);
    expect(trio.appended.map(({ $case }) => $case)).not.toContain('failed');
    expect(trio.task('one')?.outcome?.$case).toBe('result');
  });

  test('adds up what is complete before it gives a task up', async () => {
    silence(THREE);
    trio.slow.add(`${THREE} ${COMBINE}`);
    await signAtThird(40);
    await trio.pass(300);
    expect(trio.task('one')?.outcome?.$case).toBe('result');
  });

  test('records outcomes that no client waits for in the append that is made next, before what is asked then', async () => {
    const appends: string[][] = [];
    for (let at = 0; at < 4; at++) {
      trio.sign(`sign-${at}`, TWO);
      for (let passed = 0; passed < OUTCOME_WAIT_MS; passed += 10) {
        await trio.pass(10);
        appends.push(trio.appended.splice(0).map(({ $case }) => $case));
      }
    }
    expect(trio.room(ONE).alarms).toEqual([]);
    // What is asked behind a signature may end the key.
    expect(appends.filter((words) => words.length > 0)).toEqual([
      ['request'],
      ['done', 'request'],
      ['done', 'request'],
      ['done', 'request'],
    ]);
  });

  test('records an outcome alone where nothing else is appended for a while', async () => {
    trio.sign('one', TWO);
    await trio.pass(OUTCOME_WAIT_MS);
    expect(trio.appended.map(({ $case }) => $case)).toEqual(['request']);
    await trio.pass(OUTCOME_WAIT_MS);
    expect(trio.appended.map(({ $case }) => $case)).toEqual(['request', 'done']);
  });
});

test('a result that no leader is asked for, or of no attempt, costs no arithmetic', async () => {
  trio.takes = (command) => !isDone(command);
  trio.sign('one', ONE);
  await trio.pass(60);
  trio.deliver(THREE, TWO, result('one', fill(1, 64)));
  trio.deliver(THREE, ONE, {
    $case: 'result',
    value: { sessionId: fill(5), material: fill(1, 64) },
  });
  trio.deliver(THREE, ONE, result('one', fill(1, 129)));
  await trio.pass(20);
  expect([trio.jobsOf(ONE, CHECK), trio.jobsOf(TWO, CHECK)]).toEqual([0, 0]);
});

describe('a node that is to stop', () => {
  test('hands over the results that its clients have: it waits until its state shows their tasks closed', async () => {
    trio.takes = (command) => !isDone(command);
    const told = trio.sign('one', THREE);
    await trio.pass(60);
    expect(isSignature(told)).toBe(true);
    let isOver = false;
    void trio.handOver(THREE).then(() => (isOver = true));
    await trio.pass(100);
    expect(isOver).toBe(false);

    trio.takes = () => true;
    await trio.pass(60);
    expect(isOver).toBe(true);
  });

  test('waits for a record no longer than a bound', async () => {
    trio.takes = (command) => !isDone(command);
    trio.sign('one', THREE);
    await trio.pass(60);
    let isOver = false;
    void trio.handOver(THREE).then(() => (isOver = true));
    await trio.pass(HAND_OVER_MS - 40);
    expect(isOver).toBe(false);
    await trio.pass(80);
    expect(isOver).toBe(true);
  });

  test('has nothing to hand over where no client was answered', async () => {
    await trio.handOver(THREE);
    expect(trio.alarms()).toEqual([]);
  });
});

test('no answer comes from a node that stops', async () => {
  trio.slow.add(`${THREE} ${COMBINE}`);
  trio.reach(ONE, TWO);
  const told = trio.sign('one', THREE);
  await trio.pass(40);
  trio.stop();
  await trio.compute();
  expect(told.error).toBeInstanceOf(ClusterError);
});

function failed(): never {
  throw new Error('there is none');
}
