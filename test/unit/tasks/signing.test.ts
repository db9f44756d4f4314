import { beforeEach, describe, expect, test } from '@jest/globals';
import { keyId, taskId } from '../../../src/common/index.js';
import { Commitments } from '../../../src/tasks/participant/commitments.js';
import { KeyShares } from '../../../src/tasks/participant/key-shares.js';
import { OpenTasks } from '../../../src/tasks/open-tasks.js';
import type { OpenSession } from '../../../src/tasks/open-tasks.js';
import { Signing } from '../../../src/tasks/participant/signing.js';
import { decode, Declined } from '../../../src/wire/index.js';
import type { Contribution, NonceSlot } from '../../../src/wire/index.js';
import { fill, GENESIS_MS, Ledger, NODES, slot } from '../../support/ledger.js';
import { bytesOf, dealKey, TaskRoom } from '../../support/task-room.js';
import type { DealtKey } from '../../support/task-room.js';

const KEY = keyId('treasury');

let ledger: Ledger;
let key: DealtKey;
let room: TaskRoom;
/** Of a second participant, so that B decodes. */
let other: TaskRoom;
let signing: Signing;
let open: OpenTasks;
let requests = 0;

beforeEach(async () => {
  ledger = new Ledger();
  key = dealKey(ledger);
  room = new TaskRoom('node-1', ledger);
  other = new TaskRoom('node-2', ledger);
  await room.hold(key);
  await other.hold(key);
  signing = signer();
  open = new OpenTasks(ledger.ask);
});

/** A signer as a process begins with it. */
function signer(): Signing {
  return new Signing(room.around, new Commitments(room.around, new KeyShares(room.around)));
}

function commitmentOf(of: TaskRoom): NonceSlot {
  const [made] = of.keys.commit(KEY, 1, 1);
  if (made === undefined) throw new Error('the share is not loaded');
  return made;
}

/** A sign task whose first attempt names `slots`; opened here as it is in the state. */
function session(...slots: readonly NonceSlot[]): OpenSession {
  const id = ledger.sign('treasury', `sign-${++requests}`).changedTasks[0] ?? taskId('');
  return attempt(id, slots);
}

function attempt(id: string, slots: readonly NonceSlot[]): OpenSession {
  const number = ledger.task(id).attempts.length + 1;
  ledger.command({
    $case: 'attempt',
    value: ledger.signAttempt('treasury', id, number, {
      assignment: { $case: 'slots', value: { slots: [...slots] } },
    }),
  });
  const found = open.refresh(taskId(id))?.sessions.at(-1);
  if (found?.attempt.attempt?.number !== number) throw new Error('the attempt is void');
  return found;
}

/** What this node broadcast since the last look, once. */
function answers(): readonly { kind: string; reason: string; contribution: Contribution }[] {
  const sent = room.takeSent().filter(({ to }) => to === NODES[0]);
  return sent.flatMap(({ message: { message } }) => {
    if (message?.$case !== 'contribution') return [];
    const { envelope } = message.value;
    const body = envelope?.content?.$case === 'open' ? envelope.content.value.body : fill(0, 0);
    const reason = envelope?.kind === 'DECLINED' ? decode(Declined, body)?.reason : '';
    return [{ kind: envelope?.kind ?? '', reason: reason ?? '', contribution: message.value }];
  });
}

const kinds = (): readonly string[] => answers().map(({ kind, reason }) => reason || kind);

describe('a session', () => {
  test('is answered with one share, to all voters, with commitments for the next', () => {
    const opened = session(commitmentOf(room), commitmentOf(other));
    signing.contribute(opened);
    expect(room.sent.map(({ to }) => to)).toEqual(NODES);
    const [answer] = answers();
    expect(answer?.kind).toBe('SHARE');
    expect(answer?.contribution.next.length).toBeGreaterThan(0);

    signing.contribute(opened);
    expect(kinds()).toEqual([]);
  });

  test('that does not name this node is not answered', () => {
    signing.contribute(session(commitmentOf(other), slot('node-3', 1)));
    expect(kinds()).toEqual([]);
  });

  test('waits until it is known to be open', () => {
    const opened = session(commitmentOf(room), commitmentOf(other));
    for (const status of [{ caughtUp: false, current: false }, { current: false }]) {
      room.status = { ...room.status, ...status };
      signing.contribute(opened);
      expect(kinds()).toEqual([]);
    }
    room.status = { ...room.status, caughtUp: true, current: true };
    signing.contribute(opened);
    expect(kinds()).toEqual(['SHARE']);
  });

  test('of an earlier run of this process is declined, and so is every one after a restart', () => {
    signing.contribute(session(slot('node-1', 1, { boot: fill(7, 16) }), commitmentOf(other)));
    expect(kinds()).toEqual(['boot-changed']);

    const named = session(commitmentOf(room), commitmentOf(other));
    room.keys.close();
    signer().contribute(named);
    expect(kinds()).toEqual(['nonce-gone']);
  });

  test('of a request that has expired by this node’s own clock is declined, and the nonce kept', () => {
    const nonce = commitmentOf(room);
    const opened = session(nonce, commitmentOf(other));
    room.clock.nowMs = GENESIS_MS + 60_000;
    signing.contribute(opened);
    expect(kinds()).toEqual(['expired']);
    expect(room.keys.take(KEY, 1, nonce)).toHaveProperty('d');
  });

  test('that names a nonce a second time is declined: it is used once, whatever leads to it', () => {
    const nonce = commitmentOf(room);
    signing.contribute(session(nonce, commitmentOf(other)));
    signing.contribute(session(nonce, commitmentOf(other)));
    expect(kinds()).toEqual(['SHARE', 'nonce-gone']);
  });

  test('that names a nonce with other bytes is declined, and the nonce kept', () => {
    const nonce = commitmentOf(room);
    signing.contribute(session({ ...nonce, hiding: fill(9) }, commitmentOf(other)));
    signing.contribute(session({ ...nonce, binding: nonce.hiding }, commitmentOf(other)));
    expect(kinds()).toEqual(['nonce-mismatch', 'nonce-mismatch']);
    signing.contribute(session(nonce, commitmentOf(other)));
    expect(kinds()).toEqual(['SHARE']);
  });

  test('with a commitment that is no point is declined, with its owner’s index', () => {
    signing.contribute(session(commitmentOf(room), slot('node-2', 1, { hiding: fill(255) })));
    const [answer] = answers();
    expect(answer?.reason).toBe('bad-commitment');
    const content = answer?.contribution.envelope?.content;
    const body = content?.$case === 'open' ? content.value.body : fill(0, 0);
    expect(decode(Declined, body)?.index).toBe(2);
  });

  test('is declined with fresh commitments: the kept ones may be those that nobody heard of', () => {
    room.keys.commit(KEY, 1, 64);
    signing.contribute(session(slot('node-1', 9999), commitmentOf(other)));
    const [answer] = answers();
    expect(answer?.reason).toBe('nonce-gone');
    expect(answer?.contribution.next.length).toBeGreaterThan(0);
  });

  test('whose own share is wrong raises the alarm, and nothing is released', async () => {
    const broken = { ...key, record: { ...key.record, publicPolynomial: [fill(1), fill(2)] } };
    const opened = session(commitmentOf(room), commitmentOf(other));
    const task = { ...opened.task, key: broken.record };
    signing.contribute({ ...opened, task });
    expect(kinds()).toEqual(['wrong-share']);
    expect(room.alarms).toHaveLength(1);
  });
});

describe('an answer', () => {
  test('is sent again every 200 ms, byte for byte, until the task closes', () => {
    const opened = session(commitmentOf(room), commitmentOf(other));
    signing.contribute(opened);
    const [first] = room.takeSent();
    room.clock.pass(199);
    signing.resend();
    expect(room.takeSent()).toEqual([]);
    room.clock.pass(1);
    signing.resend();
    const again = room.takeSent();
    expect(again.map(({ to }) => to)).toEqual(NODES);
    expect(new Set(again.map(({ message }) => bytesOf(message)))).toEqual(
      new Set([bytesOf(first?.message ?? { message: undefined })]),
    );

    expect(signing.busy).toBe(true);
    signing.closed(opened.task.id);
    expect(signing.busy).toBe(false);
    room.clock.pass(200);
    signing.resend();
    signing.resendTo(other.self);
    expect(room.takeSent()).toEqual([]);
  });

  test('goes to a peer at once when it has come back', () => {
    signing.contribute(session(commitmentOf(room), commitmentOf(other)));
    room.takeSent();
    signing.resendTo(other.self);
    expect(room.takeSent().map(({ to }) => to)).toEqual([other.self]);
  });

  test('does not leave after the request has expired', () => {
    signing.contribute(session(commitmentOf(room), commitmentOf(other)));
    room.takeSent();
    room.clock.pass(60_000);
    signing.resend();
    signing.resendTo(other.self);
    expect(room.takeSent()).toEqual([]);
  });

  test('of each attempt stands beside the others: they overlap, each with a nonce of its own', () => {
    const first = session(commitmentOf(room), commitmentOf(other));
    const second = attempt(first.task.id, [commitmentOf(room), commitmentOf(other)]);
    signing.contribute(first);
    signing.contribute(second);
    expect(kinds()).toEqual(['SHARE', 'SHARE']);
    room.clock.pass(200);
    signing.resend();
    expect(kinds()).toEqual(['SHARE', 'SHARE']);
  });
});
