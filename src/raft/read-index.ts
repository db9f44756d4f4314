import { assert } from '../common/index.js';
import type { LogIndex } from '../common/index.js';
import { leaderOf, sendNow } from './core.js';
import type { Core, LeaderRole, Reader } from './core.js';
import type { ReadReply, ReadRequest } from './messages.js';
import { reachedByMajority } from './quorum.js';

/* ReadIndex (Raft §8, dissertation §6.4): a read waits until a majority, asked after the read came, still follows this leader.
   Reads are batched: those that come while a round is under way share the next one. */

/** Queues a read of this node; its {@link ReadResult} comes with `id`. Refused at once when no leader is known. */
export function beginRead(core: Core, id: number): void {
  if (core.role.type === 'leader') {
    enqueue(core, core.role, { type: 'own', id });
  } else if (leaderOf(core) === undefined || waitingCount(core) >= core.limits.readsMax) {
    core.outbox.reads.push({ id, index: undefined });
  } else {
    core.reads.waiting.push(id);
  }
}

/** A follower's question. Only a leader of the same term can answer; others refuse. */
export function onReadRequest(core: Core, request: ReadRequest): void {
  const reader: Reader = { type: 'follower', node: request.from, readId: request.readId };
  if (core.role.type === 'leader') enqueue(core, core.role, reader);
  else answer(core, reader, undefined);
}

/** The leader's answer to the question under way; any other is late. */
export function onReadReply(core: Core, reply: ReadReply): void {
  const asking = core.reads.asking;
  if (asking?.readId !== reply.readId || reply.from !== leaderOf(core)) return;
  core.reads.asking = undefined;
  for (const id of asking.ids) core.outbox.reads.push({ id, index: reply.index });
}

/** Asks the leader, if reads wait and no question is under way. */
export function askLeader(core: Core): void {
  const leader = leaderOf(core);
  if (leader === undefined || core.reads.asking !== undefined) return;
  if (core.reads.waiting.length === 0) return;
  const question = {
    readId: takeReadId(core),
    ids: core.reads.waiting,
    ticks: 0,
    sinceSentTicks: 0,
  };
  core.reads.waiting = [];
  core.reads.asking = question;
  const { id: from, term } = core;
  sendNow(core, { type: 'read-request', from, to: leader, term, readId: question.readId });
}

/** Repeats a question that may be lost, and gives it up after an election timeout. */
export function tickQuestion(core: Core, ticks: number): void {
  const asking = core.reads.asking;
  const leader = leaderOf(core);
  if (asking === undefined || leader === undefined) return;
  asking.ticks += ticks;
  asking.sinceSentTicks += ticks;
  if (asking.ticks >= core.timing.electionTicksMax) {
    refuseReads(core);
  } else if (asking.sinceSentTicks >= core.timing.heartbeatTicks) {
    asking.sinceSentTicks = 0;
    const { id: from, term } = core;
    sendNow(core, { type: 'read-request', from, to: leader, term, readId: asking.readId });
  }
}

/** Refuses all reads that wait here: the leader that was to confirm them leads no longer. */
export function refuseReads(core: Core): void {
  if (core.role.type === 'leader') {
    const { waiting, confirming } = core.role.reads;
    core.role.reads.waiting = [];
    core.role.reads.confirming = undefined;
    for (const reader of [...(confirming?.readers ?? []), ...waiting]) {
      answer(core, reader, undefined);
    }
  }
  const ids = [...(core.reads.asking?.ids ?? []), ...core.reads.waiting];
  core.reads.asking = undefined;
  core.reads.waiting = [];
  for (const id of ids) core.outbox.reads.push({ id, index: undefined });
}

/** Begins the next round for the reads that wait. */
export function beginRound(core: Core, role: LeaderRole): void {
  const { reads } = role;
  if (reads.confirming !== undefined || reads.waiting.length === 0) return;
  role.round += 1;
  reads.confirming = { round: role.round, index: core.log.last.index, readers: reads.waiting };
  reads.waiting = [];
  confirmReads(core, role);
}

/**
 * Answers the reads whose round a majority has answered, this node included, when this node's commit index has reached what
 * was the last entry of its log when the round began. A voter may have known of a commit before its leader, and no entry
 * beyond that one was committed then; and it includes one of the leader's own term, before which a leader does not know what
 * is committed (Raft §8).
 */
export function confirmReads(core: Core, role: LeaderRole): void {
  const { confirming } = role.reads;
  if (confirming === undefined) return;
  if (core.commit < confirming.index) return;
  const answered = [...role.progress.values()].map((progress) => progress.answeredRound);
  if (reachedByMajority([role.round, ...answered]) < confirming.round) return;
  role.reads.confirming = undefined;
  for (const reader of confirming.readers) answer(core, reader, confirming.index);
}

/** A number that no earlier process of this node has used, so that an answer to it is no answer to this one. */
export function firstReadId(bytes: Uint8Array): number {
  assert(bytes.length === 6, 'a read id begins with 48 random bits');
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0) + 1;
}

export function takeReadId(core: Core): number {
  return core.nextReadId++;
}

function waitingCount(core: Core): number {
  return core.reads.waiting.length + (core.reads.asking?.ids.length ?? 0);
}

function enqueue(core: Core, role: LeaderRole, reader: Reader): void {
  const { waiting, confirming } = role.reads;
  if (waiting.length + (confirming?.readers.length ?? 0) >= core.limits.readsMax) {
    answer(core, reader, undefined);
  } else {
    waiting.push(reader);
  }
}

function answer(core: Core, reader: Reader, index: LogIndex | undefined): void {
  if (reader.type === 'own') {
    core.outbox.reads.push({ id: reader.id, index });
    return;
  }
  const { id: from, term } = core;
  const { node: to, readId } = reader;
  sendNow(core, { type: 'read-reply', from, to, term, readId, index });
}
