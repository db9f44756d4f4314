import { beforeEach, expect, test } from '@jest/globals';

import { AppliedState } from '../../simulation/checkers/applied-state.js';
import { Committed } from '../../simulation/checkers/committed.js';
import { ElectionSafety } from '../../simulation/checkers/election-safety.js';
import { LogMatching } from '../../simulation/checkers/log-matching.js';
import { LostLogs } from '../../simulation/checkers/lost-logs.js';
import { Promises } from '../../simulation/checkers/promises.js';
import { noCounts } from '../../simulation/counts.js';
import type { Entry, Write } from '../../../src/ports/index.js';
import { RaftMessage } from '../../../src/wire/index.js';
import { A, B, C, logOf, Scene, status } from './builders.js';

let scene = new Scene();
beforeEach(() => {
  scene = new Scene();
});

test('ElectionSafety reports two leaders of one term', () => {
  const checker = new ElectionSafety(scene.report);

  expect(checker.says(A, 3)).toBe(true);
  expect(checker.says(A, 3)).toBe(false);
  checker.shown(A, 3);
  expect(scene.said).toEqual([]);

  checker.shown(B, 3);
  expect(scene.said).toEqual(['ElectionSafety']);
});

function voteReply(term: bigint): RaftMessage {
  const value = { preVote: false, granted: true, clockMs: 0n };
  return { level: 1, from: A, to: B, term, message: { $case: 'voteReply', value } };
}

test('LostLogs reports a promise of a node that knows that it has lost a part of its log, in that run', () => {
  const counts = noCounts();
  const checker = new LostLogs(counts, scene.report);
  checker.sent(A, voteReply(2n));
  checker.alarm(A, 'This node has lost a part of its log');
  checker.alarm(B, 'No quorum');
  checker.sent(B, voteReply(2n));
  expect(scene.said).toEqual([]);
  expect(counts.lostLogs).toBe(1);

  checker.sent(A, voteReply(2n));
  expect(scene.said).toEqual(['LostLog']);

  checker.restarted(A);
  checker.sent(A, voteReply(2n));
  expect(scene.said).toEqual(['LostLog']);
});

test('Promises reports a vote that leaves before it is durable', () => {
  const checker = new Promises(scene, scene.report);

  scene.write(A, { hardState: { term: 2, votedFor: B } });
  checker.sent(A, voteReply(2n));
  expect(scene.said).toEqual([]);

  checker.sent(A, voteReply(3n));
  expect(scene.said).toContain('Promises');
});

test('Promises reports a vote that changes in its term, and a term that goes back', () => {
  const checker = new Promises(scene, scene.report);

  checker.persisted(A, { term: 2, votedFor: B });
  checker.persisted(A, { term: 2, votedFor: B });
  expect(scene.said).toEqual([]);

  checker.persisted(A, { term: 2, votedFor: C });
  checker.persisted(A, { term: 1, votedFor: undefined });
  expect(scene.said).toEqual(['Promises', 'Promises']);
});

function acknowledgement(matchIndex: bigint): RaftMessage {
  const reply = { matchIndex, refusal: 0, hintIndex: 0n, hintTerm: 0n, clockMs: 0n, round: 0n };
  const message = { $case: 'appendReply', value: reply as never } as const;
  return { level: 1, from: A, to: B, term: 1n, message };
}

test('Promises reports an acknowledgement of entries that are not durable, or not the leader’s', () => {
  const checker = new Promises(scene, scene.report);
  scene.write(A, { hardState: { term: 1, votedFor: B }, entries: logOf([1, 1]) });
  scene.write(B, { hardState: { term: 1, votedFor: B }, entries: logOf([1, 1]) });

  checker.sent(A, acknowledgement(2n));
  expect(scene.said).toEqual([]);

  checker.sent(A, acknowledgement(3n));
  expect(scene.said).toEqual(['Promises']);

  scene.write(A, { truncateFrom: 1, entries: logOf([1, 1], () => Uint8Array.of(8)) });
  checker.sent(A, acknowledgement(2n));
  expect(scene.said).toEqual(['Promises', 'Promises']);
});

function toVoters(index: bigint, hash: Uint8Array, term = 1n): RaftMessage {
  const value = { index, hash, clockMs: 0n, incarnation: 1, boot: new Uint8Array(16), order: 0n };
  const signed = { ...value, signature: new Uint8Array(0) };
  return { level: 3, from: A, to: C, term, message: { $case: 'acknowledgement', value: signed } };
}

function appendOf({ index, hash }: Entry, term: bigint): RaftMessage {
  const prev = { prevIndex: BigInt(index), prevHash: hash, prevTerm: 1n };
  const value = { ...prev, entries: [], commitIndex: 1n, round: 0n };
  return { level: 1, from: B, to: A, term, message: { $case: 'append', value } };
}

test('Promises reports an acknowledgement to voters of what no append of its term has shown', () => {
  const checker = new Promises(scene, scene.report);
  const entries = logOf([1, 1]);
  const [first, second] = entries;
  if (first === undefined || second === undefined) throw new Error('two entries');
  scene.write(A, { hardState: { term: 2, votedFor: B }, entries });
  scene.write(B, { hardState: { term: 2, votedFor: B }, entries });

  checker.sent(B, appendOf(first, 2n));
  checker.sent(A, toVoters(1n, first.hash, 2n));
  expect(scene.said).toEqual([]);

  checker.sent(A, toVoters(2n, second.hash, 2n));
  expect(scene.said).toEqual(['Promises']);
  checker.sent(B, appendOf(second, 2n));
  checker.sent(A, toVoters(2n, second.hash, 2n));
  expect(scene.said).toEqual(['Promises']);
});

test('Promises reports an acknowledgement to voters of what the disk does not have', () => {
  const checker = new Promises(scene, scene.report);
  const [first, second] = logOf([1, 1]);
  if (first === undefined || second === undefined) throw new Error('two entries');
  scene.write(A, { hardState: { term: 1, votedFor: B }, entries: [first] });
  scene.write(B, { hardState: { term: 1, votedFor: B }, entries: [first] });
  checker.sent(B, appendOf(first, 1n));
  checker.sent(B, appendOf(second, 1n));

  checker.sent(A, toVoters(1n, first.hash));
  expect(scene.said).toEqual([]);
  checker.sent(A, toVoters(2n, second.hash));
  checker.sent(A, toVoters(1n, first.hash, 2n));

  expect(new Set(scene.said)).toEqual(new Set(['Promises']));
});

test('Promises reports an append that names no term of the entry before it', () => {
  const checker = new Promises(scene, scene.report);
  const [first] = logOf([1]);
  if (first === undefined) throw new Error('an entry');
  scene.write(B, { hardState: { term: 1, votedFor: B }, entries: [first] });
  const append = appendOf(first, 1n);
  checker.sent(B, append);
  expect(scene.said).toEqual([]);

  const { message } = append;
  if (message?.$case !== 'append') throw new Error('an append');
  checker.sent(B, {
    ...append,
    message: { $case: 'append', value: { ...message.value, prevTerm: 0n } },
  });
  expect(scene.said).toEqual(['AppendPlace']);
});

test('LogMatching reports two entries with one index and term', () => {
  const checker = new LogMatching(scene, scene.report);

  checker.persisted(A, scene.write(A, { entries: logOf([1, 1]) }).entries);
  checker.persisted(B, scene.write(B, { entries: logOf([1, 1]) }).entries);
  expect(scene.said).toEqual([]);

  const other = logOf([1, 1], (index) => Uint8Array.of(index));
  checker.persisted(C, scene.write(C, { entries: other }).entries);
  expect(scene.said).toContain('LogMatching');
});

test('LogMatching reports a chain that breaks', () => {
  const checker = new LogMatching(scene, scene.report);
  const [first, second] = logOf([1, 1]);
  if (first === undefined || second === undefined) throw new Error('two entries');

  const broken = { ...second, payload: Uint8Array.of(9) };
  checker.persisted(A, scene.write(A, { entries: [first, broken] }).entries);
  expect(scene.said).toEqual(['LogMatching']);
});

test('CommittedDurableOnQuorum reports a commit that only one disk has', () => {
  const checker = new Committed(scene, scene.report);
  scene.write(A, { entries: logOf([1, 1, 1]) });
  scene.write(B, { entries: logOf([1, 1]) });

  checker.status(A, status(1, 2, A));
  expect(scene.said).toEqual([]);
  expect(checker.index).toBe(2);

  checker.status(A, status(1, 3, A));
  expect(scene.said).toEqual(['CommittedDurableOnQuorum']);
});

test('Committed reports a node that truncates an applied entry', () => {
  const checker = new Committed(scene, scene.report);
  for (const node of scene.nodes) scene.write(node, { entries: logOf([1, 1]) });
  checker.restarted(A);
  checker.status(A, status(1, 2, A, 2));

  scene.write(A, { truncateFrom: 2, entries: logOf([1, 2]).slice(1) });
  checker.persisted(A, 2);
  expect(scene.said).toContain('Committed');
  expect(scene.said).toContain('StateMachineSafety');
});

test('LeaderAppendOnly reports a leader that truncates its log', () => {
  const checker = new Committed(scene, scene.report);
  for (const node of [A, B]) scene.write(node, { entries: logOf([1, 1]) });
  scene.statuses.set(A, status(1, 1, B));
  checker.persisted(A, 2);
  scene.statuses.set(B, status(1, 1, B));
  checker.persisted(B, undefined);
  expect(scene.said).toEqual([]);

  checker.persisted(B, 2);
  expect(scene.said).toEqual(['LeaderAppendOnly']);
});

test('Committed reports a committed entry that leaves the majority', () => {
  const checker = new Committed(scene, scene.report);
  scene.write(A, { entries: logOf([1, 1]) });
  scene.write(B, { entries: logOf([1, 1]) });
  checker.status(A, status(1, 2, A));

  scene.write(B, { truncateFrom: 2 });
  checker.persisted(B, 2);
  expect(scene.said).toEqual(['CommittedDurableOnQuorum']);
});

test('LeaderCompleteness reports a leader without a committed entry', () => {
  const checker = new Committed(scene, scene.report);
  scene.write(A, { entries: logOf([1, 1]) });
  scene.write(B, { entries: logOf([1, 1]) });
  checker.status(A, status(1, 2, A));

  checker.elected(B, 2);
  checker.elected(C, 1);
  expect(scene.said).toEqual([]);

  checker.elected(C, 2);
  expect(scene.said).toEqual(['LeaderCompleteness']);
});

test('StateMachineSafety reports another entry applied', () => {
  const checker = new Committed(scene, scene.report);
  scene.write(A, { entries: logOf([1, 1]) });
  scene.write(B, { entries: logOf([1, 1]) });
  scene.write(C, { entries: logOf([1, 2]) });
  checker.status(A, status(1, 2, A));

  checker.status(C, status(2, 2, B, 1));
  expect(scene.said).toEqual([]);

  checker.status(C, status(2, 2, B, 2));
  expect(scene.said).toEqual(['StateMachineSafety']);
});

function stateOf(value: number): Write[] {
  return [[Uint8Array.of(1), Uint8Array.of(value)]];
}

test('AppliedState reports two states after the same entry', () => {
  const checker = new AppliedState(scene, scene.report);
  for (const node of scene.nodes) scene.write(node, { entries: logOf([1]) });

  scene.write(A, { writes: stateOf(1), applied: 1 });
  checker.persisted(A);
  scene.write(B, { writes: stateOf(1), applied: 1 });
  checker.persisted(B);
  expect(scene.said).toEqual([]);

  scene.write(C, { writes: stateOf(2), applied: 1 });
  checker.persisted(C);
  expect(scene.said).toEqual(['AppliedState']);
});
