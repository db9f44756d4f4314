import type { LogIndex } from '../common/index.js';
import type { Limits } from './limits.js';

/**
 * A leader's knowledge of one follower. *Probe*: where the logs agree is not known, one append is under way at a time.
 * *Replicate*: appends follow one another without waiting, up to a window. *Snapshot*: it lacks entries that are removed, and
 * gets heartbeats alone until it has the state at a checkpoint.
 */
export class Progress {
  state: 'probe' | 'replicate' | 'snapshot' = 'probe';
  /** The log is known to be equal up to here. Never goes back. */
  match: LogIndex = 0;
  /** The next entry to send; greater than `match`. */
  next: LogIndex;
  /** Probe: the append under way has no answer yet. */
  probing = false;
  /** A part of the log that is not in memory has been asked for, to be sent to it. */
  wanted = false;
  /** The follower refused an entry for its time, and has not moved since. */
  refusedForTime = false;
  /** The follower had no room for an entry, and has not moved since. */
  refusedForRoom = false;
  /** An append must go even if it has nothing new to say. */
  heartbeatDue = false;
  /** The highest commit index that the follower can have learnt from what was sent. */
  sentCommit: LogIndex = 0;
  /** The highest round that was sent, and that was answered. */
  sentRound = 0;
  answeredRound = 0;
  /** The leader's tick at which the last append went out. */
  sentTick: number;
  /** The leader's tick at which the follower last answered. */
  heardTick: number;
  /** The leader's tick since which every answer was of a later term. */
  laterTermTick: number | undefined;

  readonly #inFlight: { readonly last: LogIndex; readonly bytes: number }[] = [];
  #inFlightBytes = 0;

  constructor(next: LogIndex, tick: number) {
    this.next = next;
    this.sentTick = tick;
    this.heardTick = tick;
  }

  /** Whether entries, if there are any from `next` on, may be sent now. */
  maySendEntries(limits: Limits): boolean {
    if (this.state === 'probe') {
      return !this.probing || (this.#isRefused && this.heartbeatDue);
    }
    if (this.state === 'snapshot') return false;
    return (
      this.#inFlight.length < limits.inFlightMessagesMax &&
      this.#inFlightBytes < limits.inFlightBytesMax
    );
  }

  /** An append went out whose last entry (or whose `prev`, without entries) is `last`. */
  sent(last: LogIndex, bytes: number, commit: LogIndex, round: number): void {
    this.heartbeatDue = false;
    this.sentCommit = Math.max(this.sentCommit, Math.min(commit, last));
    this.sentRound = round;
    if (this.state === 'probe') {
      this.probing = true;
    } else if (this.state === 'replicate' && bytes > 0) {
      this.next = last + 1;
      this.#inFlight.push({ last, bytes });
      this.#inFlightBytes += bytes;
    }
  }

  /** The follower has the leader's log up to `match`. */
  matched(match: LogIndex): void {
    if (match > this.match) {
      this.match = match;
      this.refusedForTime = false;
      this.refusedForRoom = false;
    }
    this.next = Math.max(this.next, this.match + 1);
    this.#landed();
    // Any answer in agreement ends the search, but for one that only repeats what a refusal for time left standing.
    if (this.state !== 'replicate' && match === this.next - 1 && !this.#isRefused) {
      this.state = 'replicate';
      this.probing = false;
    }
  }

  /**
   * The follower's log is not ours at `prevIndex`; `guess` is where they can agree. A late answer changes nothing, nor does
   * one that takes back what was acknowledged: it would be answered with the same question, without end.
   */
  conflicted(prevIndex: LogIndex, guess: LogIndex): void {
    const late = this.state === 'probe' && prevIndex !== this.next - 1;
    if (late || prevIndex <= this.match) return;
    this.#probeFrom(Math.min(prevIndex, guess + 1));
    this.probing = false;
  }

  /** The follower will not take the entry after `match` yet. Tried again with each heartbeat, from the same place. */
  refused(match: LogIndex, why: 'time' | 'room'): void {
    this.match = Math.max(this.match, match);
    this.refusedForTime = why === 'time';
    this.refusedForRoom = why === 'room';
    this.#probeFrom(this.match + 1);
    this.probing = true;
  }

  get #isRefused(): boolean {
    return this.refusedForTime || this.refusedForRoom;
  }

  /** The follower lacks entries that are removed. */
  lacks(): void {
    this.#probeFrom(this.next);
    this.state = 'snapshot';
    this.probing = false;
  }

  /** The follower, which lacked entries, says that it has all up to `index` now: whether that is so, a probe shows. */
  held(index: LogIndex): void {
    if (this.state !== 'snapshot') return;
    this.state = 'probe';
    this.next = Math.max(this.next, index + 1);
  }

  /** There is nothing to be sent before `next`. */
  skipTo(next: LogIndex): void {
    this.next = Math.max(this.next, next);
  }

  #probeFrom(next: LogIndex): void {
    this.state = 'probe';
    this.next = Math.max(next, this.match + 1);
    this.sentCommit = Math.min(this.sentCommit, this.match);
    this.#inFlight.length = 0;
    this.#inFlightBytes = 0;
  }

  #landed(): void {
    for (let first = this.#inFlight[0]; first !== undefined; first = this.#inFlight[0]) {
      if (first.last > this.match) return;
      this.#inFlightBytes -= first.bytes;
      this.#inFlight.shift();
    }
  }
}
