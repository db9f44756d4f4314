import type { Millis } from '../common/index.js';
import { raise, sendNow } from './core.js';
import type { Agreed, Core } from './core.js';
import type { TimeReply, TimeRequest } from './messages.js';
import { reachedByMajority } from './quorum.js';
import { CORRECTION_GRACE_MS, TIME_ASKED_MS, TIME_QUESTIONS_LEVEL } from './limits.js';

import { TIME_STEP_MAX_MS } from './time.js';

/*
 * The log's time: the timestamps of entries, which never go back. It runs ahead of the clocks by what operators have
 * corrected of the state machine's clock (docs/decisions/0028-the-clusters-time-can-be-corrected.md).
 */

/** Takes what the state says after an entry was applied. */
export function agree(core: Core, agreed: Agreed): void {
  if (agreed.correctionMs !== core.agreed.correctionMs) core.correctedTick = core.ticks;
  core.agreed = agreed;
}

/**
 * The time of the entry that this leader would append now: the highest time that a majority's clocks have reached, so no
 * single clock, this node's included, can push it ahead; but not before the entry ahead of it.
 */
export function nextTimeMs(core: Core): Millis {
  const { timeMs } = core.log.last;
  const reachedMs = reachedInLog(core);
  return isHeldBack(core, reachedMs) ? timeMs : Math.max(timeMs, reachedMs);
}

/** Tells of a step of time that is not taken: the clocks differ, and those that have reached it may be the wrong ones. */
export function watchTime(core: Core): void {
  const stepMs = reachedInLog(core) - core.log.last.timeMs;
  if (stepMs > TIME_STEP_MAX_MS && !majorityAgrees(core)) {
    raise(core, 'The clocks of no majority agree', undefined, { step_ms: stepMs });
  }
}

function reachedInLog(core: Core): number {
  const reachedMs = core.clocks.reachedByMajority(core.id, core.voters, core.now);
  return reachedMs + core.agreed.correctionMs;
}

/**
 * A long step needs a majority of clocks that agree: clocks that are wrong at a start are seldom wrong alike. And after a
 * correction a leader repeats the time for a moment, until the followers have applied the correction, too: they would
 * refuse what is ahead of their clocks by it.
 */
function isHeldBack(core: Core, reachedMs: number): boolean {
  const { correctedTick, ticks, timing } = core;
  if (correctedTick !== undefined) {
    if ((ticks - correctedTick) * timing.tickMs < CORRECTION_GRACE_MS) return true;
    core.correctedTick = undefined;
  }
  return reachedMs - core.log.last.timeMs > TIME_STEP_MAX_MS && !majorityAgrees(core);
}

function majorityAgrees(core: Core): boolean {
  return core.clocks.majorityAgrees(core.id, core.voters, core.now);
}

/** The own clock in the log's time, for the rule by which a follower takes entries. */
export function clockInLog(core: Core): Millis {
  return core.now + core.agreed.correctionMs;
}

/** The time up to which a majority of the voters, this node included, has applied entries, as far as it was told. */
export function appliedByMajority(core: Core): number {
  const own = core.log.last.timeMs;
  return reachedByMajority(
    core.voters.map((voter) =>
      voter === core.id ? own : (core.appliedTimes.get(voter) ?? -Infinity),
    ),
  );
}

/** A follower that refuses an entry for its time asks all voters whether it alone has the wrong clock. At a bounded rate. */
export function askForTime(core: Core): void {
  if (core.agreed.level < TIME_QUESTIONS_LEVEL) return;
  const { id: from, term, ticks, timing, timeAskedTick } = core;
  if (timeAskedTick !== undefined && (ticks - timeAskedTick) * timing.tickMs < TIME_ASKED_MS)
    return;
  core.timeAskedTick = ticks;
  for (const to of core.peers) sendNow(core, { type: 'time-request', from, to, term });
}

/** Answers with the timestamp of the last entry that this node has applied. */
export function onTimeRequest(core: Core, request: TimeRequest): void {
  const { id: from, term } = core;
  const timeMs = core.appliedMs ?? core.log.linkAt(core.applied)?.timeMs;
  if (timeMs === undefined) return;
  sendNow(core, { type: 'time-reply', from, to: request.from, term, timeMs });
}

/** Takes a voter's word, which counts for that voter alone; only after a question. */
export function onTimeReply(core: Core, { from, timeMs }: TimeReply): void {
  if (core.timeAskedTick === undefined) return;
  core.appliedTimes.set(from, Math.max(core.appliedTimes.get(from) ?? 0, timeMs));
}
