import { beforeEach, describe, expect, test } from '@jest/globals';
import { COMPLAINT_KIND } from '../../../../src/tasks/index.js';
import { keygen } from '../../../../src/sharing/index.js';
import { evidenceOfMessages, evidenceOfShare } from '../../../../src/blame/index.js';
import { nodeId, sessionId as asSession, taskId, toHex } from '../../../../src/common/index.js';
import { ProtocolAbort, signEnvelope } from '../../../../src/mpc/index.js';
import { accusation } from '../../../../src/tasks/blame/complaining.js';
import { Complaints } from '../../../../src/tasks/blame/complaints.js';
import { Culprits } from '../../../../src/tasks/blame/culprits.js';
import {
  COMPLAINT_BYTES_MAX,
  COMPLAINTS_JUDGED,
  COMPLAINTS_MAX,
  EVIDENCE_BYTES_PER_JUDGEMENT,
  EVIDENCE_KEPT_MS,
  EVIDENCE_KEPT_PER_NODE_MAX,
} from '../../../../src/tasks/limits.js';
import type { LiveAttempt } from '../../../../src/tasks/live-tasks.js';
import { Complaint, decode, encode, Evidence } from '../../../../src/wire/index.js';
import type { Envelope, SignedBody } from '../../../../src/wire/index.js';
import {
  openGenerate,
  openSign,
  signedBody,
  signedShare,
  SIGNERS,
} from '../../../support/builders/accusation.js';
import { fill } from '../../../support/builders/ledger.js';
import { settle, TaskRoom } from '../../../support/builders/task-room.js';

const [TWO, THREE] = [nodeId('node-2'), nodeId('node-3')];

/** Two keygen/commit of node-3 in one session. */
function twoMessages(open: ReturnType<typeof openGenerate>, bodies = [fill(1), fill(2)]) {
  const { sessionId, basis } = open;
  const messages = bodies.map((body): Envelope => {
    const value = signedBody(sessionId, keygen.kinds.commit, 3, 0, body);
    return {
      sessionId,
      kind: keygen.kinds.commit,
      from: 3,
      to: 0,
      content: { $case: 'open', value },
    };
  });
  return evidenceOfMessages(basis, 'node-3', messages) ?? new Uint8Array();
}

/** Evidence as it is made, whether it proves something or not. */
const unjudged = (all: Uint8Array): Promise<Uint8Array> => Promise.resolve(all);

describe('culprits', () => {
  test('the culprits are the nodes that evidence proves, each evidence once', async () => {
    const open = openGenerate();
    const room = new TaskRoom('node-1', open.ledger);
    const judged = countJobs(room);
    const culprits = new Culprits(room.context, room.arithmetic);
    const [right, wrong] = [twoMessages(open), twoMessages(open, [fill(1), fill(1)])];

    expect(await culprits.take(wrong)).toBeUndefined();
    expect(culprits.has(THREE)).toBe(false);
    const both = await Promise.all([culprits.take(right), culprits.take(right)]);
    expect(both.map((each) => each?.nodeId)).toEqual(['node-3', 'node-3']);
    expect((await culprits.take(right))?.nodeId).toBe('node-3');
    expect([culprits.has(THREE), culprits.has(TWO)]).toEqual([true, false]);
    expect([TWO, THREE].map((node) => culprits.provedIn(taskId(open.task), node))).toEqual([
      false,
      true,
    ]);
    expect(await culprits.of(open.ledger.task(open.task))).toHaveLength(1);
    expect(room.alarms).toEqual(['a node is proved to have lied']);
    expect(judged).toEqual(['blame/judge-evidence', 'blame/judge-evidence']);
  });

  test('the culprits of a failed task come from its evidence in the log, once judged on this node', async () => {
    const open = openGenerate();
    const evidence = [twoMessages(open), fill(9), twoMessages(open, [fill(1), fill(1)])];
    const value = { taskId: open.task, reason: 'CULPRIT_PROVED', evidence };
    open.ledger.command({ $case: 'failed', value });
    const room = new TaskRoom('node-1', open.ledger);
    const culprits = new Culprits(room.context, room.arithmetic);

    const shown = await culprits.of(open.ledger.task(open.task));
    expect(shown.map(({ culprit }) => culprit.nodeId)).toEqual(['node-3']);
    // Evidence about one task is none about another that a leader puts it into.
    const other = { ...open.ledger.task(open.task), taskId: 'b'.repeat(26) };
    expect(await culprits.of(other)).toEqual([]);
  });

  test('evidence in the log is judged one piece at a time, however many callers ask for its task', async () => {
    const open = openGenerate();
    const evidence = Array.from({ length: 8 }, (_, at) => fill(at));
    const value = { taskId: open.task, reason: 'CULPRIT_PROVED', evidence };
    open.ledger.command({ $case: 'failed', value });
    const room = new TaskRoom('node-1', open.ledger);
    const { compute } = room;
    let [under, most, all] = [0, 0, 0];
    room.compute = {
      idle: () => false,
      run: async (job, input) => {
        all += 1;
        most = Math.max(most, ++under);
        const output = await compute.run(job, input);
        under -= 1;
        return output;
      },
    };
    const culprits = new Culprits(room.context, room.arithmetic);
    const task = open.ledger.task(open.task);
    await Promise.all(Array.from({ length: 50 }, () => culprits.of(task)));
    expect([most, all]).toEqual([1, 8]);
  });

  test('evidence that could not be judged proves nothing, and is judged at the next occasion', async () => {
    const open = openGenerate();
    const room = new TaskRoom('node-1', open.ledger);
    const { compute } = room;
    const culprits = new Culprits(room.context, room.arithmetic);
    room.compute = { run: () => Promise.reject(new Error('the worker died')), idle: () => true };
    expect(await culprits.take(twoMessages(open))).toBeUndefined();
    room.compute = compute;
    expect((await culprits.take(twoMessages(open)))?.nodeId).toBe('node-3');
  });

  test('culprits are kept within bounds, and for an hour', async () => {
    const open = openGenerate();
    const room = new TaskRoom('node-1', open.ledger);
    const culprits = new Culprits(room.context, room.arithmetic);
    for (let at = 0; at < EVIDENCE_KEPT_PER_NODE_MAX + 5; at++) {
      await culprits.take(twoMessages(open, [fill(200), fill(at)]));
    }

    expect(culprits.evidence(taskId(open.task))).toHaveLength(EVIDENCE_KEPT_PER_NODE_MAX);
    room.clock.pass(EVIDENCE_KEPT_MS);
    culprits.sweep();
    expect(culprits.has(THREE)).toBe(false);
  });
});

/** Lets everything end that was begun. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await settle();
}

/** The names of the jobs that a room has computed from now on. */
function countJobs(room: TaskRoom): string[] {
  const { compute } = room;
  const names: string[] = [];
  room.compute = {
    idle: () => compute.idle(),
    run: (job, input) => {
      names.push(job.name);
      return compute.run(job, input);
    },
  };
  return names;
}

const showing = (...items: Uint8Array[]) => ({ $case: 'evidence' as const, value: { items } });

const transcript = (...commitments: SignedBody[]) => ({
  $case: 'transcript' as const,
  value: { commitments, openings: [] },
});

describe('a complaint', () => {
  let open: ReturnType<typeof openGenerate>;
  let session: LiveAttempt;
  let room: TaskRoom;
  let culprits: Culprits;
  let complaints: Complaints;
  let proved: string[];
  let jobs: string[];
  beforeEach(() => {
    open = openGenerate();
    room = new TaskRoom('node-1', open.ledger);
    jobs = countJobs(room);
    proved = [];
    culprits = new Culprits(room.context, room.arithmetic);
    complaints = new Complaints(room.context, room.arithmetic, culprits, (task, node) => {
      proved.push(task.id === open.task ? node : 'another task');
    });
    const [first] = room.liveTasks().refresh(taskId(open.task))?.attempts ?? [];
    if (first === undefined) throw new Error('the session is open');
    session = first;
  });

  function complaint(
    by: number,
    shown: NonNullable<Complaint['shown']>,
    { index = by, to = 0 } = {},
  ): Envelope {
    const [fallback] = SIGNERS;
    const signer = SIGNERS[by - 1] ?? fallback;
    if (signer === undefined) throw new Error('there are signers');
    const body = encode(Complaint, { shown });
    return signEnvelope(signer, open.sessionId, COMPLAINT_KIND, index, to, body);
  }

  const said = (index: number, byte: number, by = index) =>
    signedBody(open.sessionId, keygen.kinds.commit, by, 0, fill(byte));
  const send = (by: number, envelope: Envelope) =>
    complaints.take(nodeId(`node-${by}`), session, envelope);
  /** Whom a complaint proves to have lied. */
  async function take(by: number, envelope: Envelope): Promise<readonly string[]> {
    send(by, envelope);
    await settled();
    return proved.splice(0);
  }
  const wrong = (at: number) => showing(twoMessages(open, [fill(at), fill(at)]));

  test('an accusation of a fault that the messages do not show names the accuser', async () => {
    const read = decode(Evidence, twoMessages(open));
    if (read === undefined) throw new Error('evidence');
    const claim = (reason: string) => showing(encode(Evidence, { ...read, reason }));
    expect(await take(2, complaint(2, claim('WRONG_VALUE')))).toEqual(['node-2']);
    // Of such a fault an honest node may be mistaken.
    expect(await take(1, complaint(1, claim('UNREADABLE_MESSAGE')))).toEqual([]);
  });

  test('a complaint with evidence names the culprit, whichever node brings it', async () => {
    for (const by of [1, 2]) {
      const other = new Complaints(
        room.context,
        room.arithmetic,
        new Culprits(room.context, room.arithmetic),
        (_, node) => proved.push(`${by} ${node}`),
      );
      other.take(nodeId(`node-${by}`), session, complaint(by, showing(twoMessages(open))));
    }
    await settled();
    expect(proved).toEqual(['1 node-3', '2 node-3']);
  });

  test('further evidence of a node that is proved to have lied in the task is not judged', async () => {
    const right = showing(twoMessages(open));
    expect(await take(2, complaint(2, right))).toEqual(['node-3']);
    expect(await take(2, complaint(2, right))).toEqual([]);
    jobs.length = 0;
    expect(await take(1, complaint(1, showing(twoMessages(open, [fill(7), fill(8)]))))).toEqual([]);
    expect(jobs).toEqual(['blame/read-complaint']);
    expect(room.alarms).toEqual(['a node is proved to have lied']);
  });

  test('a false complaint names no culprit', async () => {
    const same = showing(twoMessages(open, [fill(1), fill(1)]));
    expect(await take(2, complaint(2, same))).toEqual([]);
    expect(await take(2, complaint(2, showing(fill(3))))).toEqual([]);
    expect(new Set(room.alarms)).toEqual(new Set(['a complaint that proves nothing']));
  });

  test('evidence about another session is not judged', async () => {
    const other = openGenerate('another-key');
    expect(await take(2, complaint(2, showing(twoMessages(other))))).toEqual([]);
    expect(jobs).toEqual(['blame/read-complaint']);
    expect(culprits.has(THREE)).toBe(false);
  });

  test('a complaint in another’s name counts as absent', async () => {
    const right = showing(twoMessages(open));
    expect(await take(2, complaint(1, right))).toEqual([]);
    // Signed by another node under the sender's own index.
    expect(await take(2, complaint(1, right, { index: 2 }))).toEqual([]);
    expect(room.alarms).toEqual([]);
  });

  test('complaints whose form alone is wrong cost no computation', async () => {
    const right = showing(twoMessages(open));
    const large = showing(new Uint8Array(COMPLAINT_BYTES_MAX));
    for (const envelope of [
      complaint(2, right, { index: 3 }),
      complaint(2, right, { index: 0 }),
      complaint(2, right, { to: 1 }),
      complaint(2, large),
      { ...complaint(2, right), content: { $case: 'sealed' as const, value: fill(1) } },
    ])
      expect(await take(2, envelope)).toEqual([]);
    complaints.take(nodeId('stranger'), session, complaint(2, right));
    await settled();
    expect(jobs).toEqual([]);
  });

  test('a complaint is judged a few times for each node and session, not more', async () => {
    for (let at = 0; at < 20; at++) await take(2, complaint(2, wrong(at)));
    expect(jobs.filter((name) => name === 'blame/judge-evidence')).toHaveLength(COMPLAINTS_MAX);
    expect(await take(2, complaint(2, showing(twoMessages(open))))).toEqual([]);
    expect(await take(1, complaint(1, showing(twoMessages(open))))).toEqual(['node-3']);
  });

  test('complaints of one node are judged one at a time, few wait, and those of others do not wait for them', async () => {
    const { compute } = room;
    const held: (() => void)[] = [];
    room.compute = {
      idle: () => false,
      run: async (job, input) => {
        await new Promise<void>((resolve) => held.push(resolve));
        return compute.run(job, input);
      },
    };
    for (let at = 0; at < 20; at++) send(2, complaint(2, wrong(at)));
    await settled();
    expect(held).toHaveLength(1);
    send(1, complaint(1, showing(twoMessages(open))));
    await settled();
    expect(held).toHaveLength(2);
    // The honest one is read, and then judged; the flood is where it was.
    held[1]?.();
    await settled();
    held[2]?.();
    await settled();
    expect(proved).toEqual(['node-3']);
    // Nothing is judged on the thread that hears complaints.
    expect(jobs).toEqual(['blame/read-complaint', 'blame/judge-evidence']);
  });

  test('one node has complaints about many sessions judged within its budget, and others within theirs', async () => {
    const evidence = twoMessages(open, [fill(1), fill(1)]);
    for (let at = 0; at < 200; at++) {
      const another = { ...session, session: asSession(toHex(fill(at))) };
      complaints.take(TWO, another, complaint(2, showing(evidence, fill(at))));
      await settle();
      await settle();
    }
    await settled();
    // Reading one costs as much as judging one piece.
    expect(jobs.length).toBeLessThanOrEqual(COMPLAINTS_JUDGED.burst);
    expect(await take(1, complaint(1, showing(twoMessages(open))))).toEqual(['node-3']);

    room.clock.pass(1000);
    jobs.length = 0;
    expect(await take(2, complaint(2, wrong(9)))).toEqual([]);
    expect(jobs).not.toEqual([]);
  });

  test('an honest complaint that finds no budget, or no worker, is judged when it is sent again', async () => {
    const right = complaint(2, showing(twoMessages(open)));
    const { compute } = room;
    room.compute = { run: () => Promise.reject(new Error('the worker died')), idle: () => true };
    expect(await take(2, right)).toEqual([]);
    room.compute = compute;
    // One is left of the budget: enough to read a complaint, and not to judge it.
    for (let at = 0; at < COMPLAINTS_JUDGED.burst - 2; at++) {
      const another = { ...session, session: asSession(toHex(fill(at))) };
      complaints.take(TWO, another, complaint(2, showing(fill(at))));
      await settled();
    }
    expect(await take(2, right)).toEqual([]);
    room.clock.pass(1000);
    expect(await take(2, right)).toEqual(['node-3']);
  });

  test('long evidence costs its bringer more, and the longest complaint is judged', async () => {
    const read = decode(Evidence, twoMessages(open, [fill(1), fill(1)]));
    const long = (at: number) => {
      const request = new Uint8Array(100 * 1024).fill(at);
      return read ? encode(Evidence, { ...read, request }) : request;
    };
    for (let at = 0; at < COMPLAINTS_MAX; at++) await take(2, complaint(2, showing(long(at))));
    const judged = jobs.filter((name) => name === 'blame/judge-evidence').length;
    expect(judged).toBe(2);
    expect(COMPLAINT_BYTES_MAX / EVIDENCE_BYTES_PER_JUDGEMENT + 2).toBeLessThan(
      COMPLAINTS_JUDGED.burst,
    );
    expect(await take(1, complaint(1, showing(twoMessages(open))))).toEqual(['node-3']);
  });

  test('a complaint of many culprits with long messages says as much as one complaint holds', async () => {
    const { sessionId } = session.record;
    const message = (kind: string, from: number): Envelope => {
      const value = signedBody(sessionId, kind, from, 0, new Uint8Array(52 * 1024).fill(from));
      return { sessionId, kind, from, to: 0, content: { $case: 'open', value } };
    };
    const evidence = [1, 2, 3].flatMap((from) =>
      [keygen.kinds.commit, keygen.kinds.open].map((kind) => message(kind, from)),
    );
    const abort = new ProtocolAbort('three liars', [1, 2, 3], evidence);
    const nodes = ['node-1', 'node-2', 'node-3'];
    const { content } =
      (await accusation(room.context, session, 1, nodes, abort, { essential: unjudged })) ?? {};
    if (content?.$case !== 'open') throw new Error('a complaint');
    const { body } = content.value;
    expect(body.length).toBeLessThanOrEqual(COMPLAINT_BYTES_MAX);
    const shown = decode(Complaint, body)?.shown;
    expect(shown?.$case === 'evidence' && shown.value.items.length).toBe(2);
  });

  test('a node that is proved to have lied complains in vain', async () => {
    await take(2, complaint(2, showing(twoMessages(open))));
    jobs.length = 0;
    expect(await take(3, complaint(3, wrong(1)))).toEqual([]);
    expect(jobs).toEqual([]);
  });

  test('nothing is said of a complaint whose task closes while it is judged', async () => {
    send(2, complaint(2, showing(twoMessages(open))));
    complaints.taskClosed(taskId(open.task), session.task);
    await settled();
    expect(proved).toEqual([]);
  });

  test('complaints that show different messages of one sender to two participants name that sender', async () => {
    const [one, two] = [said(1, 1), said(2, 2)];
    expect(await take(1, complaint(1, transcript(one, two, said(3, 3))))).toEqual([]);
    expect(await take(2, complaint(2, transcript(one, two, said(3, 4))))).toEqual(['node-3']);
  });

  test('a complaint of messages that no node signed names no culprit', async () => {
    const first = transcript(said(1, 1), said(2, 2), said(3, 3));
    expect(await take(1, complaint(1, first))).toEqual([]);
    const second = transcript(said(1, 9, 2), said(2, 2), said(3, 9, 2));
    expect(await take(2, complaint(2, second))).toEqual([]);
    expect(room.alarms).toEqual([]);
  });
});

test('a wrong share is evidence as long as the accused’s own ready statement judges it', async () => {
  const open = openSign('later attempt');
  const room = new TaskRoom('node-3', open.ledger);
  const culprits = new Culprits(room.context, room.arithmetic);
  const [ready] = open.readies;
  const [right] = open.shares;
  if (ready === undefined || right === undefined) throw new Error('node-1 takes part');

  const none = evidenceOfShare(open.basis, 'node-1', right, ready);
  expect(await culprits.take(none)).toBeUndefined();
  const wrong = signedShare(open.sessionId, 1, fill(1));
  const evidence = evidenceOfShare(open.basis, 'node-1', wrong, ready);
  expect((await culprits.take(evidence))?.reason).toBe('WRONG_SHARE');
});
