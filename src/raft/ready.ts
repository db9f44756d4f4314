import { assert } from '../common/index.js';
import type { LogIndex } from '../common/index.js';
import type { Entry, LogFront, LogPage, Persist } from '../ports/index.js';
import { acknowledge } from './acknowledge.js';
import { requireChain } from './chain.js';
import { heldByAll } from './commit.js';
import type { Alarm, Core, ReadResult, WantedPage } from './core.js';
import { replicate } from './leader.js';
import { LOG_FRONT_LEVEL } from './limits.js';
import type { Message } from './messages.js';
import { askLeader } from './read-index.js';

/** The outputs that may be acted on at any time, a write under way or not. */
export type Urgent = {
  readonly sendNow: readonly Message[];
  readonly reads: readonly ReadResult[];
  readonly alarms: readonly Alarm[];
  /** Parts of the log to be read from the disk and given back. */
  readonly wanted: readonly WantedPage[];
};

/** The outputs of a step, to be acted on in this order: send, apply, persist, tell `persisted`, send the rest. */
export type Ready = Urgent & {
  /** To be made durable together. */
  readonly persist: Omit<Persist, 'writes' | 'applied'> | undefined;
  /** Promises: they leave when `persist` is durable. */
  readonly sendAfterPersist: readonly Message[];
  /** Committed, and durable here: up to min(commit, own durable index), each entry once and in order. */
  readonly apply: readonly Entry[];
};

/** Whether there is anything to take. */
export function hasReady(core: Core, applying: boolean): boolean {
  flush(core);
  const { now, afterPersist, reads, alarms, wanted } = core.outbox;
  const isSpeaking =
    now.length + afterPersist.length + reads.length + alarms.length + wanted.length > 0;
  const isSaving = core.hardState === 'unsaved' || core.log.hasUnsaved();
  return isSpeaking || isSaving || (applying && applicable(core) > core.applied);
}

/** Takes what need not wait for a write under way. */
export function takeUrgent(core: Core): Urgent {
  flush(core);
  const { outbox } = core;
  const { now, reads, alarms, wanted } = outbox;
  outbox.now = [];
  outbox.reads = [];
  outbox.alarms = [];
  outbox.wanted = [];
  return { sendNow: now, reads, alarms, wanted };
}

/** Takes everything. Not while a write is under way; a Ready with something to persist begins one. */
export function takeReady(core: Core, applyMax: number): Ready {
  assert(core.writingTicks === undefined, 'one write is under way at a time');
  const urgent = takeUrgent(core);
  const persist = takePersist(core);
  if (persist !== undefined) beginWrite(core);
  const sendAfterPersist = core.outbox.afterPersist;
  core.outbox.afterPersist = [];
  return { ...urgent, persist, sendAfterPersist, apply: takeApplicable(core, applyMax) };
}

/**
 * Takes the next entries to be applied, in order: at most `max`, and only such as are at hand. For one that applies a few at
 * a time.
 */
export function takeApplicable(core: Core, max: number): readonly Entry[] {
  const { log, applied } = core;
  const last = Math.min(applicable(core), applied + max);
  const entries =
    applied < log.start ? core.readBack.slice(0, last - applied) : log.slice(applied, last);
  const taken = entries.at(-1);
  if (taken === undefined) return entries;
  core.readBack = applied < log.start ? core.readBack.slice(entries.length) : [];
  core.applied = taken.index;
  core.appliedMs = taken.timeMs;
  return entries;
}

/** The index behind which entries that may be applied must be read from the disk first, if there are such. */
export function unreadBehind(core: Core): LogIndex | undefined {
  const isAtHand = core.applied >= core.log.start || core.readBack.length > 0;
  return isAtHand || applicable(core) <= core.applied ? undefined : core.applied;
}

/**
 * Takes what was read.
 *
 * @throws ClusterError `data-loss` when it is not what a log of ours has there.
 */
export function readBack(core: Core, { previous, entries }: LogPage): void {
  if (previous.index !== core.applied || core.applied >= core.log.start) return;
  requireChain(previous, entries);
  // The rest is in memory, and what the disk has in its place need not be the same.
  core.readBack = entries.filter((entry) => entry.index <= core.log.start);
}

/** From now on a write is under way. */
export function beginWrite(core: Core): void {
  assert(core.writingTicks === undefined, 'one write is under way at a time');
  core.writingTicks = 0;
}

function takePersist(core: Core): Ready['persist'] {
  const { truncateFrom, entries } = core.log.takeUnsaved();
  const isChanged = core.hardState === 'unsaved';
  if (!isChanged && entries.length === 0) return undefined;
  const { term, votedFor } = core;
  const front = takeFront(core);
  if (isChanged) core.hardState = 'writing';
  return {
    ...(isChanged && { hardState: { term, votedFor } }),
    ...(truncateFrom !== undefined && { truncateFrom }),
    entries,
    ...(front !== undefined && { front }),
  };
}

/**
 * What of the log goes from the disk with this write: what every voter has acknowledged, for nobody could be sent it any
 * more, or what is before a checkpoint whose state can be sent instead; and only what is in the state and in the node's record
 * that are durable with this write at the latest.
 */
function takeFront(core: Core): LogFront | undefined {
  const isLong = core.log.oldBytes > core.limits.logKeptBytesMax;
  if (!isLong || core.agreed.level < LOG_FRONT_LEVEL) return undefined;
  const { certified, commit, applied, log, recorded } = core;
  const replaced = Math.min(certified, commit, applied, log.durable);
  const last = Math.min(Math.max(heldByAll(core), replaced), recorded);
  return log.takeFront(last, core.limits.logKeptBytesMax);
}

/** A commit index can be ahead of our disk. What is applied leads to promises, so it is durable here first. */
function applicable({ applied, commit, log }: Core): LogIndex {
  return Math.max(applied, Math.min(commit, log.durable));
}

/** Turns what is due into messages: late, so that all that one event brings travels together. */
function flush(core: Core): void {
  if (core.role.type === 'leader') replicate(core, core.role);
  else askLeader(core);
  acknowledge(core);
}
