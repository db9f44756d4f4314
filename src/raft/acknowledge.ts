import { equal } from '../common/index.js';
import type { NodeId } from '../common/index.js';
import { alarm, leaderOf, sendNow } from './core.js';
import type { Core } from './core.js';
import { advanceCommit } from './commit.js';
import { ACKNOWLEDGED_AGAIN_MS, ACKNOWLEDGEMENTS_LEVEL } from './limits.js';
import type { Acknowledgement } from './messages.js';

/*
 * A commit that voters see for themselves. Every voter tells every other how far its log durably equals that of the term's
 * leader. To the leader, the answer to its append says so; it is told the same once more, for its records
 * (`evidence/evidence.ts`). The leader itself speaks when its own write is durable: an append acknowledges nothing. See
 * docs/decisions/0034-a-commit-that-voters-see.md.
 */

/** The life of a data directory: always 1 until membership can change. */
export const INCARNATION = 1;
/** The number of the last fork that operators have healed: there was none. */
export const ORDER = 0;
/** In the place of the signature, which is made when the message leaves. */
const UNSIGNED = new Uint8Array(64);

/** Whether all nodes read acknowledgements, by the level of the state. Until then the leader alone tells of a commit. */
export function acknowledges(core: Core): boolean {
  return core.agreed.level >= ACKNOWLEDGEMENTS_LEVEL;
}

/**
 * Acknowledges what has become durable of the log since the last time, as far as the log is known to be the leader's. To be
 * called late, so that what one event makes durable is acknowledged once.
 */
export function acknowledge(core: Core): void {
  const index = Math.min(core.matched, core.log.durable);
  if (index <= core.acknowledged || core.hardState !== 'durable' || !acknowledges(core)) return;
  const hash = core.log.hashAt(index);
  if (hash === undefined) return;
  core.acknowledged = index;
  core.acknowledgedHash = hash.slice();
  core.acknowledgedTick = core.ticks;
  const leader = leaderOf(core);
  for (const peer of core.peers) if (peer !== leader) say(core, peer);
}

/** Repeats the newest acknowledgement of this term, which may be lost, to all voters while one of them may need it. */
export function repeatAcknowledgement(core: Core): void {
  const elapsedMs = (core.ticks - core.acknowledgedTick) * core.timing.tickMs;
  if (elapsedMs < ACKNOWLEDGED_AGAIN_MS || core.commit >= core.log.last.index) return;
  core.acknowledgedTick = core.ticks;
  for (const peer of core.peers) say(core, peer);
}

/** Says it to a peer that has just become reachable. */
export function greet(core: Core, peer: NodeId): void {
  if (core.peers.includes(peer)) say(core, peer);
}

/** The newest acknowledgement that was made in this term, with the clock of now. None is carried over from another term. */
export function newestFor(core: Core, to: NodeId): Acknowledgement | undefined {
  const { id: from, term, boot, acknowledged: index, now: clockMs } = core;
  const hash = core.acknowledgedHash;
  if (index === 0 || !acknowledges(core)) return undefined;
  const promise = { type: 'acknowledgement', from, to, term, index, hash, clockMs } as const;
  const speaker = { incarnation: INCARNATION, boot, order: ORDER, signature: UNSIGNED };
  return { ...promise, ...speaker };
}

function say(core: Core, to: NodeId): void {
  const said = newestFor(core, to);
  if (said !== undefined) sendNow(core, said);
}

/**
 * Takes a voter's acknowledgement of this term or a later one. It is no answer to an append: it renews no CheckQuorum,
 * confirms no read, ends no probe and moves no term.
 */
export function onAcknowledgement(core: Core, said: Acknowledgement): void {
  if (said.incarnation !== INCARNATION || said.order !== ORDER) return;
  core.clocks.record(said.from, said.clockMs, core.now);
  if (contradicts(core, said)) {
    alarm(core, 'A voter acknowledges another log than this node has of the same leader', said);
    return;
  }
  core.acknowledgements.record(said.from, said, core.term, core.log);
  advanceCommit(core);
}

/** Whether no honest leader explains it: of this term, and of other entries than this node has of that leader. */
function contradicts(core: Core, { term, index, hash }: Acknowledgement): boolean {
  if (term !== core.term) return false;
  const ours = core.log.hashAt(index);
  // An entry that is not in memory any more is committed, and cannot be compared here.
  if (index < core.log.start) return false;
  // Nothing that a leader lacks can be acknowledged in its term.
  if (core.role.type === 'leader') return ours === undefined || !equal(ours, hash);
  return index <= core.matched && ours !== undefined && !equal(ours, hash);
}
