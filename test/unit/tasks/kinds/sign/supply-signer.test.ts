import { beforeEach, describe, expect, test } from '@jest/globals';
import { keyId, taskId } from '../../../../../src/common/index.js';
import type { TaskId } from '../../../../../src/common/index.js';
import type { ParsedSign } from '../../../../../src/state/index.js';
import { SupplySigner } from '../../../../../src/tasks/kinds/sign/supply-signer.js';
import type { LiveAttempt, LiveTask, LiveTasks } from '../../../../../src/tasks/live-tasks.js';
import type { Answers } from '../../../../../src/tasks/participant/answers.js';
import { decode, Declined } from '../../../../../src/wire/index.js';
import type { Contribution, Supply } from '../../../../../src/wire/index.js';
import { fill, GENESIS_MS, Ledger, NODES, supply } from '../../../../support/builders/ledger.js';
import { bytesOf, dealKey, settle, TaskRoom } from '../../../../support/builders/task-room.js';
import type { DealtKey } from '../../../../support/builders/task-room.js';
import { SHARE_KIND } from '../../../../../src/frost/index.js';
import { DECLINED_KIND } from '../../../../../src/tasks/index.js';
import { partOf, withPart } from '../../../../support/builders/ledger.js';

const KEY = keyId('treasury');

let ledger: Ledger;
let key: DealtKey;
let room: TaskRoom;
/** Of a second participant, so that B decodes. */
let other: TaskRoom;
let signing: Signer;
let open: LiveTasks;
let requests = 0;

beforeEach(async () => {
  ledger = new Ledger();
  key = dealKey(ledger);
  room = new TaskRoom('node-1', ledger);
  other = new TaskRoom('node-2', ledger);
  await room.hold(key);
  await other.hold(key);
  signing = signer();
  open = room.liveTasks();
});

type Signer = { contribute(attempt: Attempted): void; readonly answers: Answers };
type Attempted = LiveAttempt<ParsedSign>;

/** A signer as a process begins with it. */
function signer(): Signer {
  const parts = room.participating();
  const participant = new SupplySigner(parts);
  return {
    answers: parts.session.answers,
    contribute: (each) => participant.contribute({ ...each.task, attempts: [each] }),
  };
}

async function commitmentOf(of: TaskRoom): Promise<Supply> {
  const [made] = await of.keys.makeSupplies(KEY, 1, 1);
  if (made === undefined) throw new Error('the share is not loaded');
  return made;
}

/** A sign task whose first attempt names `supplies`; opened here as it is in the state. */
function session(...supplies: readonly Supply[]): Attempted {
  const id = ledger.sign('treasury', `sign-${++requests}`).changedTasks[0] ?? taskId('');
  return attempt(id, supplies);
}

function attempt(id: string, supplies: readonly Supply[]): Attempted {
  const number = ledger.task(id).attempts.length + 1;
  ledger.command({
    $case: 'attempt',
    value: ledger.signAttempt('treasury', id, number, {
      assignment: { $case: 'supplies', value: { supplies: [...supplies] } },
    }),
  });
  const live = open.refresh(taskId(id));
  const found = isSigning(live) ? live.attempts.at(-1) : undefined;
  if (found?.number !== number) throw new Error('the attempt is void');
  return found;
}

function isSigning(live: LiveTask | undefined): live is LiveTask<ParsedSign> {
  return live?.kind === 'sign';
}

/** What this node broadcast since the last look, once. */
function answers(): readonly { kind: string; reason: string; contribution: Contribution }[] {
  const sent = room.takeSent().filter(({ to }) => to === NODES[0]);
  return sent.flatMap(({ message: { message } }) => {
    if (message?.$case !== 'contribution' && message?.$case !== 'decline') return [];
    const { envelope } = message.value;
    const body = envelope?.content?.$case === 'open' ? envelope.content.value.body : fill(0, 0);
    const reason = envelope?.kind === DECLINED_KIND ? decode(Declined, body)?.reason : '';
    return [{ kind: envelope?.kind ?? '', reason: reason ?? '', contribution: message.value }];
  });
}

const kinds = (): readonly string[] => answers().map(({ kind, reason }) => reason || kind);

describe('a session', () => {
  test('a signing session is answered with one share, to all voters, with commitments for the next', async () => {
    const opened = session(await commitmentOf(room), await commitmentOf(other));
    signing.contribute(opened);
    await settle();
    expect(room.sent.map(({ to }) => to)).toEqual(NODES);
    const [answer] = answers();
    expect(answer?.kind).toBe(SHARE_KIND);

    signing.contribute(opened);
    await settle();
    expect(kinds()).toEqual([]);
    signing.contribute(session(await commitmentOf(room), await commitmentOf(other)));
    await settle();
    expect(answers()[0]?.contribution.freshSupplies?.supplies.length).toBeGreaterThan(0);
  });

  test('a signing session that does not name this node is not answered', async () => {
    signing.contribute(session(await commitmentOf(other), supply('node-3', 1)));
    await settle();
    expect(kinds()).toEqual([]);
  });

  test('a signing session of a version that is over is declined, and so is one whose share another session made', async () => {
    const nonce = await commitmentOf(room);
    const opened = session(nonce, await commitmentOf(other));
    signing.contribute({ ...opened, key: undefined });
    expect(kinds()).toEqual(['version-over']);
    expect(room.keys.available(KEY, 1)).toBe(1);

    const elsewhere = session(await commitmentOf(room), await commitmentOf(other));
    signing.contribute({ ...elsewhere, key: { ...key.record, sessionId: fill(9) } });
    await settle();
    expect(kinds()).toEqual(['nonce-gone']);
    expect(room.keys.take(KEY, 1, nonce)).toHaveProperty('secret');
  });

  test('a signing session waits until its task is known to be open', async () => {
    const opened = session(await commitmentOf(room), await commitmentOf(other));
    for (const status of [{ caughtUp: false, current: false }, { current: false }]) {
      room.status = { ...room.status, ...status };
      signing.contribute(opened);
      await settle();
      expect(kinds()).toEqual([]);
    }
    room.status = { ...room.status, caughtUp: true, current: true };
    signing.contribute(opened);
    await settle();
    expect(kinds()).toEqual([SHARE_KIND]);
  });

  test('a signing session of an earlier run of this process is declined, and so is every one after a restart', async () => {
    signing.contribute(
      session(supply('node-1', 1, { boot: fill(7, 16) }), await commitmentOf(other)),
    );
    await settle();
    expect(kinds()).toEqual(['boot-changed']);

    const named = session(await commitmentOf(room), await commitmentOf(other));
    room.keys.close();
    signer().contribute(named);
    await settle();
    expect(kinds()).toEqual(['nonce-gone']);
  });

  test('a signing session of a request that has expired by this node’s own clock is declined, and the nonce kept', async () => {
    const nonce = await commitmentOf(room);
    const opened = session(nonce, await commitmentOf(other));
    room.clock.nowMs = GENESIS_MS + 60_000;
    signing.contribute(opened);
    await settle();
    expect(kinds()).toEqual(['expired']);
    expect(room.keys.take(KEY, 1, nonce)).toHaveProperty('secret');
  });

  test('a signing session that names a nonce a second time is declined: it is used once, whatever leads to it', async () => {
    const nonce = await commitmentOf(room);
    signing.contribute(session(nonce, await commitmentOf(other)));
    await settle();
    signing.contribute(session(nonce, await commitmentOf(other)));
    await settle();
    expect(kinds()).toEqual([SHARE_KIND, 'nonce-gone']);
  });

  test('a signing session that names a nonce with other bytes is declined, and the nonce kept', async () => {
    const nonce = await commitmentOf(room);
    signing.contribute(session(withPart(nonce, 0, fill(9)), await commitmentOf(other)));
    await settle();
    signing.contribute(session(withPart(nonce, 1, partOf(nonce, 0)), await commitmentOf(other)));
    await settle();
    expect(kinds()).toEqual(['nonce-mismatch', 'nonce-mismatch']);
    signing.contribute(session(nonce, await commitmentOf(other)));
    await settle();
    expect(kinds()).toEqual([SHARE_KIND]);
  });

  test('a signing session with a commitment that is no point is declined, with its owner’s index', async () => {
    signing.contribute(
      session(await commitmentOf(room), supply('node-2', 1, { parts: [fill(255), fill(6)] })),
    );
    await settle();
    const [answer] = answers();
    expect(answer?.reason).toBe('bad-commitment');
    const content = answer?.contribution.envelope?.content;
    const body = content?.$case === 'open' ? content.value.body : fill(0, 0);
    expect(decode(Declined, body)?.index).toBe(2);
  });

  test('a signing session is declined with fresh commitments: the kept ones may never have been heard of', async () => {
    await room.keys.makeSupplies(KEY, 1, 60);
    signing.contribute(session(supply('node-1', 9999), await commitmentOf(other)));
    await settle();
    const [answer] = answers();
    expect(answer?.reason).toBe('nonce-gone');
    expect(answer?.contribution.freshSupplies?.supplies.length).toBeGreaterThan(0);
  });

  test('a signing session whose own share is wrong raises the alarm, and releases no share', async () => {
    const broken = { ...key, record: { ...key.record, publicPolynomial: [fill(1), fill(2)] } };
    const opened = session(await commitmentOf(room), await commitmentOf(other));
    signing.contribute({ ...opened, key: broken.record });
    await settle();
    expect(kinds()).toEqual(['wrong-share']);
    expect(room.alarms).toHaveLength(1);
  });
});

/** Holds the next jobs back until they are let go. */
function slowly(): { jobs: unknown[]; finish: () => Promise<void>; fail: () => Promise<void> } {
  const { compute } = room;
  let [go, stop] = [(): void => {}, (): void => {}];
  const gate = new Promise<void>((resolve, reject) => {
    [go, stop] = [resolve, () => reject(new Error('the worker died'))];
  });
  const jobs: unknown[] = [];
  room.compute = {
    idle: () => false,
    run: async (job, input) => {
      jobs.push(input);
      const running = compute.run(job, input);
      await gate;
      return running;
    },
  };
  return { jobs, finish: () => (go(), settle()), fail: () => (stop(), settle()) };
}

describe('while a share is computed', () => {
  test('while a share is computed, its nonce and key share are moved: no copy is left on this thread', async () => {
    const opened = session(await commitmentOf(room), await commitmentOf(other));
    const { jobs, finish } = slowly();
    signing.contribute(opened);
    expect(jobs).toMatchObject([{ share: { index: 1 }, signers: [{ index: 1 }, { index: 2 }] }]);
    const [job] = jobs as {
      share: { scalar: Uint8Array };
      secret: Uint8Array;
    }[];
    expect([job?.share.scalar, job?.secret].map((each) => each?.length)).toEqual([0, 0]);
    await finish();
    expect(kinds()).toEqual([SHARE_KIND]);
  });

  test('while a share is computed, the session is not begun again, and the nonce is gone for any other', async () => {
    const nonce = await commitmentOf(room);
    const opened = session(nonce, await commitmentOf(other));
    const { jobs, finish } = slowly();
    signing.contribute(opened);
    signing.contribute(opened);
    signing.answers.tick();
    signing.answers.connected(other.self);
    expect([jobs.length, kinds()]).toEqual([1, []]);
    signing.contribute(session(nonce, await commitmentOf(other)));
    await finish();
    expect(kinds()).toEqual(expect.arrayContaining([SHARE_KIND, 'nonce-gone']));
  });

  test('a share does not leave when the request expires by this node’s own clock during its computation', async () => {
    const opened = session(await commitmentOf(room), await commitmentOf(other));
    const { finish } = slowly();
    signing.contribute(opened);
    room.clock.nowMs = GENESIS_MS + 60_000;
    await finish();
    room.clock.nowMs = GENESIS_MS;
    room.clock.pass(200);
    signing.answers.tick();
    expect(kinds()).toEqual([]);
  });

  test('a share does not leave when the task closes, or the node stops, during its computation', async () => {
    for (const end of [
      (task: TaskId) => signing.answers.taskClosed(task),
      () => signing.answers.close(),
    ]) {
      const opened = session(await commitmentOf(room), await commitmentOf(other));
      const { compute } = room;
      const { finish } = slowly();
      signing.contribute(opened);
      end(opened.task.id);
      await finish();
      room.compute = compute;
      expect(kinds()).toEqual([]);
      expect(signing.answers.busy).toBe(false);
    }
  });

  test('a worker that dies during a share loses the nonce: the job is not repeated, and the node declines', async () => {
    const nonce = await commitmentOf(room);
    const { jobs, fail } = slowly();
    signing.contribute(session(nonce, await commitmentOf(other)));
    await fail();
    expect(kinds()).toEqual(['nonce-gone']);
    expect(jobs.filter((job) => Object.hasOwn(job as object, 'secret'))).toHaveLength(1);
    expect(room.keys.take(KEY, 1, nonce)).toBe('gone');
    expect(room.alarms).toEqual(['a signature share was not computed']);
  });
});

describe('an answer', () => {
  test('a share is sent again every 200 ms, byte for byte, until the task closes', async () => {
    const opened = session(await commitmentOf(room), await commitmentOf(other));
    signing.contribute(opened);
    await settle();
    const [first] = room.takeSent();
    room.clock.pass(199);
    signing.answers.tick();
    expect(room.takeSent()).toEqual([]);
    room.clock.pass(1);
    signing.answers.tick();
    const again = room.takeSent();
    expect(again.map(({ to }) => to)).toEqual(NODES);
    expect(new Set(again.map(({ message }) => bytesOf(message)))).toEqual(
      new Set([bytesOf(first?.message ?? { message: undefined })]),
    );

    expect(signing.answers.busy).toBe(true);
    signing.answers.taskClosed(opened.task.id);
    expect(signing.answers.busy).toBe(false);
    room.clock.pass(200);
    signing.answers.tick();
    signing.answers.connected(other.self);
    expect(room.takeSent()).toEqual([]);
  });

  test('a share goes at once to a peer that has come back', async () => {
    signing.contribute(session(await commitmentOf(room), await commitmentOf(other)));
    await settle();
    room.takeSent();
    signing.answers.connected(other.self);
    expect(room.takeSent().map(({ to }) => to)).toEqual([other.self]);
  });

  test('a share does not leave after the request has expired', async () => {
    signing.contribute(session(await commitmentOf(room), await commitmentOf(other)));
    await settle();
    room.takeSent();
    room.clock.pass(60_000);
    signing.answers.tick();
    signing.answers.connected(other.self);
    expect(room.takeSent()).toEqual([]);
  });

  test('shares of several attempts overlap, each with a nonce of its own', async () => {
    const first = session(await commitmentOf(room), await commitmentOf(other));
    const second = attempt(first.task.id, [await commitmentOf(room), await commitmentOf(other)]);
    signing.contribute(first);
    await settle();
    signing.contribute(second);
    await settle();
    expect(kinds()).toEqual([SHARE_KIND, SHARE_KIND]);
    room.clock.pass(200);
    signing.answers.tick();
    expect(kinds()).toEqual([SHARE_KIND, SHARE_KIND]);
  });
});
