import { beforeEach, describe, expect, test } from '@jest/globals';
import { ALARM_EVERY_MS } from '../../../../src/alarms/index.js';
import { COMPLAINT_KIND } from '../../../../src/tasks/index.js';
import { keygen } from '../../../../src/sharing/index.js';
import { evidenceOfMessages, evidenceOfShare, KIND_JUDGES } from '../../../../src/blame/index.js';
import { nodeId, taskId } from '../../../../src/common/index.js';
import { signEnvelope } from '../../../../src/mpc/index.js';
import { Complaints } from '../../../../src/tasks/blame/complaints.js';
import { Culprits } from '../../../../src/tasks/blame/culprits.js';
import { EVIDENCE_KEPT_MS, EVIDENCE_KEPT_PER_NODE_MAX } from '../../../../src/tasks/limits.js';
import type { LiveAttempt } from '../../../../src/tasks/live-tasks.js';
import { Complaint, encode } from '../../../../src/wire/index.js';
import type { Envelope, SignedBody } from '../../../../src/wire/index.js';
import {
  openGenerate,
  openSign,
  signedBody,
  signedShare,
  SIGNERS,
} from '../../../support/builders/accusation.js';
import { fill } from '../../../support/builders/ledger.js';
import { TaskRoom } from '../../../support/builders/task-room.js';
import { SCHEMES } from '../../../../src/algorithms/index.js';

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

describe('culprits', () => {
  test('the culprits are the nodes that evidence proves, each evidence once', () => {
    const open = openGenerate();
    const room = new TaskRoom('node-1', open.ledger);
    const culprits = new Culprits(room.context, SCHEMES, KIND_JUDGES);
    const [right, wrong] = [twoMessages(open), twoMessages(open, [fill(1), fill(1)])];

    expect(culprits.take(wrong)).toBeUndefined();
    expect(culprits.has(THREE)).toBe(false);
    expect(culprits.take(right)?.nodeId).toBe('node-3');
    expect(culprits.take(right)?.nodeId).toBe('node-3');
    expect(culprits.has(THREE)).toBe(true);
    expect(culprits.has(TWO)).toBe(false);
    expect(culprits.of(open.ledger.task(open.task))).toHaveLength(1);
    expect(room.alarms).toEqual(['a node is proved to have lied']);
  });

  test('the culprits of a failed task come from its evidence in the log, once judged on this node', () => {
    const open = openGenerate();
    const evidence = [twoMessages(open), fill(9), twoMessages(open, [fill(1), fill(1)])];
    const value = { taskId: open.task, reason: 'CULPRIT_PROVED', evidence };
    open.ledger.command({ $case: 'failed', value });
    const culprits = new Culprits(
      new TaskRoom('node-1', open.ledger).context,
      SCHEMES,
      KIND_JUDGES,
    );

    const shown = culprits.of(open.ledger.task(open.task));
    expect(shown.map(({ culprit }) => culprit.nodeId)).toEqual(['node-3']);
    // Evidence about one task is none about another that a leader puts it into.
    expect(culprits.of({ ...open.ledger.task(open.task), taskId: 'b'.repeat(26) })).toEqual([]);
  });

  test('culprits are kept within bounds, and for an hour', () => {
    const open = openGenerate();
    const room = new TaskRoom('node-1', open.ledger);
    const culprits = new Culprits(room.context, SCHEMES, KIND_JUDGES);
    for (let at = 0; at < EVIDENCE_KEPT_PER_NODE_MAX + 5; at++) {
      culprits.take(twoMessages(open, [fill(200), fill(at)]));
    }

    expect(culprits.evidence(taskId(open.task))).toHaveLength(EVIDENCE_KEPT_PER_NODE_MAX);
    room.clock.pass(EVIDENCE_KEPT_MS);
    culprits.sweep();
    expect(culprits.has(THREE)).toBe(false);
  });
});

const showing = (...items: Uint8Array[]) => ({ $case: 'evidence' as const, value: { items } });

const transcript = (...commitments: SignedBody[]) => ({
  $case: 'transcript' as const,
  value: { commitments, openings: [] },
});

describe('a complaint', () => {
  let open: ReturnType<typeof openGenerate>;
  let session: LiveAttempt;
  let room: TaskRoom;
  let complaints: Complaints;
  beforeEach(() => {
    open = openGenerate();
    room = new TaskRoom('node-1', open.ledger);
    complaints = new Complaints(
      room.context,
      room.state.queries,
      new Culprits(room.context, SCHEMES, KIND_JUDGES),
    );
    const [first] = room.liveTasks().refresh(taskId(open.task))?.attempts ?? [];
    if (first === undefined) throw new Error('the session is open');
    session = first;
  });

  function complaint(by: number, shown: NonNullable<Complaint['shown']>): Envelope {
    const [fallback] = SIGNERS;
    const signer = SIGNERS[by - 1] ?? fallback;
    if (signer === undefined) throw new Error('there are signers');
    const body = encode(Complaint, { shown });
    return signEnvelope(signer, open.sessionId, COMPLAINT_KIND, by, 0, body);
  }

  const said = (index: number, byte: number, by = index) =>
    signedBody(open.sessionId, keygen.kinds.commit, by, 0, fill(byte));
  const take = (by: number, envelope: Envelope) =>
    complaints.take(nodeId(`node-${by}`), session, envelope).map((each) => each.nodeId);

  test('a complaint with evidence names the culprit, whichever node brings it', () => {
    const right = showing(twoMessages(open));
    expect(take(2, complaint(2, right))).toEqual(['node-3']);
    expect(take(2, complaint(2, right))).toEqual([]);
    expect(take(3, complaint(3, right))).toEqual(['node-3']);
  });

  test('a false complaint names no culprit', () => {
    const same = showing(twoMessages(open, [fill(1), fill(1)]));
    expect(take(2, complaint(2, same))).toEqual([]);
    expect(take(2, complaint(2, showing(fill(3))))).toEqual([]);
    expect(new Set(room.alarms)).toEqual(new Set(['a complaint that proves nothing']));
  });

  test('a complaint in another’s name counts as absent', () => {
    expect(take(2, complaint(1, showing(twoMessages(open))))).toEqual([]);
    expect(room.alarms).toEqual([]);
  });

  test('a complaint is judged a few times for each node and session, not more', () => {
    const other = (at: number) => showing(twoMessages(open, [fill(at), fill(at)]));
    for (let at = 0; at < 20; at++) {
      take(2, complaint(2, other(at)));
      room.clock.pass(ALARM_EVERY_MS);
    }
    expect(room.alarms).toHaveLength(4);
    expect(take(2, complaint(2, showing(twoMessages(open))))).toEqual([]);
    expect(take(1, complaint(1, showing(twoMessages(open))))).toEqual(['node-3']);
  });

  test('complaints that show different messages of one sender to two participants name that sender', () => {
    const [one, two] = [said(1, 1), said(2, 2)];
    expect(take(1, complaint(1, transcript(one, two, said(3, 3))))).toEqual([]);
    expect(take(2, complaint(2, transcript(one, two, said(3, 4))))).toEqual(['node-3']);
  });

  test('a complaint of messages that no node signed names no culprit', () => {
    expect(take(1, complaint(1, transcript(said(1, 1), said(2, 2), said(3, 3))))).toEqual([]);
    expect(take(2, complaint(2, transcript(said(1, 9, 2), said(2, 2), said(3, 9, 2))))).toEqual([]);
    expect(room.alarms).toEqual([]);
  });
});

test('a wrong share is evidence as long as the accused’s own ready statement judges it', () => {
  const open = openSign('later attempt');
  const room = new TaskRoom('node-3', open.ledger);
  const culprits = new Culprits(room.context, SCHEMES, KIND_JUDGES);
  const [ready] = open.readies;
  const [right] = open.shares;
  if (ready === undefined || right === undefined) throw new Error('node-1 takes part');

  expect(culprits.take(evidenceOfShare(open.basis, 'node-1', right, ready))).toBeUndefined();
  const wrong = signedShare(open.sessionId, 1, fill(1));
  const evidence = evidenceOfShare(open.basis, 'node-1', wrong, ready);
  expect(culprits.take(evidence)?.reason).toBe('WRONG_SHARE');
});
