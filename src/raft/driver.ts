import { ClusterError } from '../common/index.js';
import type { LogIndex, Millis, NodeId } from '../common/index.js';
import type { Entry, Timer } from '../ports/index.js';
import { ZERO_HASH } from './entry-hash.js';
import { decodeMessage } from './decode-message.js';
import type { QuorumStatus, RaftDriverParts, RaftStatus } from './driver-parts.js';
import { encodeMessage } from './encode-message.js';
import type { Message } from './messages.js';
import type { Raft, Ready, Urgent } from './raft.js';
import { majorityOf } from './quorum.js';
import { LEADERLESS_MS, QuorumWatch } from './quorum-watch.js';
import { ReadWaiters } from './read-waiters.js';
import { SteadyClock } from './steady-clock.js';
import { TickCounter } from './tick-counter.js';

/** Pending writes of the state leave alone when nothing was applied for this long. */
export const FLUSH_QUIET_MS: Millis = 50;
/** Or when so many entries are applied and not durable: restarts must not replay, nor memory hold, without end. */
export const UNFLUSHED_ENTRIES_MAX = 4096;
/**
 * Entries are applied for so long before the loop turns: heartbeats, clients and peers wait for no more than this and the
 * one entry that is being applied.
 */
export const APPLY_BUDGET_MS: Millis = 10;

/**
 * Does what a {@link Raft} wants done, and the only part of consensus that waits. One write is under way at a time; what
 * promises nothing leaves meanwhile. The order: send now, apply, begin to persist
 * (with the machine's writes), act on what was applied, and once it is durable send the promises.
 */
export class RaftDriver {
  readonly #raft: Raft;
  readonly #parts: RaftDriverParts;
  readonly #reads: ReadWaiters;
  readonly #ticks: TickCounter;
  #applied: LogIndex;
  /** The last entry whose writes have been handed to the store. */
  #flushed: LogIndex;
  #state: 'new' | 'running' | 'stopped' = 'new';
  #isPumpDue = false;
  #writing: Promise<void> | undefined;
  #tickTimer: Timer | undefined;
  #flushTimer: Timer | undefined;
  /** The loop turns before more is applied. */
  #applyTimer: Timer | undefined;
  #seen = '';
  readonly #quorum: QuorumWatch;
  readonly #time: SteadyClock;

  /** @throws ClusterError `data-loss` when the state is ahead of the log. */
  constructor(parts: RaftDriverParts) {
    this.#parts = parts;
    this.#raft = parts.raft;
    this.#reads = new ReadWaiters();
    this.#time = new SteadyClock(parts.clock, parts.alarms);
    this.#quorum = new QuorumWatch(parts.alarms, parts.logger);
    this.#ticks = new TickCounter(parts.raft.timing, parts.clock.elapsed());
    this.#applied = parts.applied;
    this.#flushed = parts.applied;
    parts.raft.restored(parts.applied);
  }

  /** Begins to tick, save and answer. Once. */
  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    this.#ticks.restart(this.#parts.clock.elapsed());
    this.#armTick();
    this.#schedule();
  }

  /** Takes an encoded message from the stream of `from`. It survives any bytes. */
  receive(from: NodeId, bytes: Uint8Array): void {
    if (this.#state !== 'running') return;
    const message = decodeMessage(bytes);
    if (message === undefined || message.from !== from || message.to !== this.#raft.id) {
      this.#parts.logger.debug('Dropped a message of consensus', { from, bytes: bytes.length });
      return;
    }
    this.#guard(() => {
      this.#countTicks();
      this.#raft.step(message, this.#time.now());
    });
  }

  /**
   * Adds a command to the log. An entry that is given back may be lost until it is applied.
   *
   * @throws ClusterError `invalid-request` when the payload is too long for an entry.
   */
  propose(payload: Uint8Array): Entry | 'not-leader' | 'overloaded' {
    if (this.#state !== 'running') return 'not-leader';
    const result = this.#raft.propose(payload, this.#time.now());
    this.#schedule();
    return result;
  }

  /** The time that a command which is proposed now would get; `undefined` where this node does not lead. */
  nextTimeMs(): Millis | undefined {
    if (this.#state !== 'running') return undefined;
    return this.#raft.nextTimeMs(this.#time.now());
  }

  /**
   * Resolves when this node has applied all that was committed when it was called (ReadIndex); on any node.
   *
   * @returns The index that was confirmed.
   * @throws ClusterError `no-quorum` when no leader could confirm it in time.
   */
  async readIndex(signal: AbortSignal): Promise<LogIndex> {
    if (this.#state !== 'running' || signal.aborted) {
      throw new ClusterError('no-quorum', 'No leader could be asked', { cause: signal.reason });
    }
    this.#countTicks();
    const id = this.#raft.readIndex(this.#time.now());
    this.#schedule();
    return this.#reads.wait(id, signal);
  }

  status(): RaftStatus {
    const { role, term, leader, commit } = this.#raft;
    return { role, term, leader, commit, applied: this.#applied, caughtUp: this.#raft.caughtUp() };
  }

  /** As {@link Raft.heardAgoMs}. */
  heardAgoMs(peer: NodeId): Millis | undefined {
    return this.#raft.heardAgoMs(peer);
  }

  /** The other voters as this node hears them, and whether there is a quorum as far as it can tell. */
  quorum(): QuorumStatus {
    const raft = this.#raft;
    const { leader, peers } = raft;
    const isLeading = raft.role === 'leader';
    const isHeard = (peer: NodeId): boolean =>
      isLeading ? raft.reachable(peer) : (raft.heardAgoMs(peer) ?? Infinity) < LEADERLESS_MS;
    return {
      present: leader !== undefined && raft.reachable(leader),
      heard: 1 + peers.filter(isHeard).length,
      needed: majorityOf(peers.length + 1),
      peers: new Map(
        peers.map((peer) => [
          peer,
          { heardAgoMs: raft.heardAgoMs(peer), match: raft.matchOf(peer) },
        ]),
      ),
    };
  }

  /** Ends all that it does. Resolves when no write is under way any more. */
  async stop(): Promise<void> {
    this.#halt();
    await this.#writing;
  }

  #halt(): void {
    this.#state = 'stopped';
    this.#tickTimer?.cancel();
    this.#flushTimer?.cancel();
    this.#applyTimer?.cancel();
    this.#reads.refuseAll();
  }

  #fail(error: unknown): void {
    if (this.#state === 'stopped') return;
    this.#halt();
    this.#parts.onFatal(error);
  }

  #guard(run: () => void): void {
    if (this.#state !== 'running') return;
    try {
      run();
      this.#schedule();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Nothing is due more often than heartbeats, so an idle node wakes up for them alone. */
  #armTick(): void {
    const { tickMs, heartbeatTicks } = this.#raft.timing;
    this.#tickTimer = this.#parts.clock.after(tickMs * heartbeatTicks, () => this.#onTick());
  }

  /**
   * Counts the ticks that have passed before something begins to be counted anew: an election timeout that a heartbeat
   * resets must not lose what passed before the heartbeat. The timer alone acts on what is over.
   */
  #countTicks(): void {
    const ticks = this.#ticks.count(this.#parts.clock.elapsed());
    if (ticks > 0) this.#raft.tick(ticks, this.#time.now(), true);
  }

  #onTick(): void {
    if (this.#state !== 'running') return;
    const { clock } = this.#parts;
    const passed = this.#ticks.pass(clock.elapsed());
    this.#quorum.look(this.#raft, clock.elapsed());
    if (passed.suspect) {
      // After a stall a timer comes before the messages that queued up: they go first (bedrock #329).
      this.#tickTimer = clock.after(0, () => {
        this.#guard(() => this.#raft.tick(passed.ticks, this.#time.now(), true));
        if (this.#state === 'running') this.#armTick();
      });
      return;
    }
    this.#guard(() => this.#raft.tick(passed.ticks, this.#time.now()));
    if (this.#state === 'running') this.#armTick();
  }

  /** Looks for things to do once the current event is over, so that all that it brings is done together. */
  #schedule(): void {
    if (this.#isPumpDue || this.#state !== 'running') return;
    this.#isPumpDue = true;
    void Promise.resolve().then(() => {
      this.#isPumpDue = false;
      return this.#pump();
    });
  }

  #pump(): void {
    const untilMs = this.#parts.clock.elapsed() + APPLY_BUDGET_MS;
    try {
      while (this.#state === 'running' && this.#raft.hasReady(this.#applyTimer === undefined)) {
        if (this.#writing !== undefined) {
          this.#act(this.#raft.takeUrgent());
          break;
        }
        this.#handle(this.#raft.takeReady(0), untilMs);
      }
      this.#logChange();
    } catch (error) {
      this.#fail(error);
    }
  }

  #handle(ready: Ready, untilMs: Millis): void {
    this.#act(ready);
    const hasApplied = this.#apply(untilMs);
    if (ready.persist !== undefined) this.#writing = this.#write(ready);
    else this.#send(ready.sendAfterPersist);
    if (hasApplied) this.#applyDone();
    if (this.#writing !== undefined) return;
    if (this.#applied === this.#flushed) return;
    if (this.#applied - this.#flushed >= UNFLUSHED_ENTRIES_MAX) this.#flush();
    else if (hasApplied) this.#armFlush();
  }

  /** Applies what may be applied, until the time is up; then the loop turns first. Says whether there was anything. */
  #apply(untilMs: Millis): boolean {
    const { machine, clock } = this.#parts;
    const before = this.#applied;
    while (this.#applyTimer === undefined && this.#applied - before < this.#raft.batchMax) {
      const [entry] = this.#raft.takeApplicable(1);
      if (entry === undefined) break;
      machine.apply(entry);
      this.#applied = entry.index;
      if (clock.elapsed() < untilMs) continue;
      this.#applyTimer = clock.after(0, () => {
        this.#applyTimer = undefined;
        this.#guard(() => undefined);
      });
    }
    return this.#applied > before;
  }

  #act({ sendNow, reads, alarms }: Urgent): void {
    for (const { kind, peer, fields } of alarms) this.#parts.alarms.raise(kind, peer, fields);
    this.#send(sendNow);
    for (const read of reads) this.#reads.confirm(read, this.#applied);
  }

  async #write(ready: Ready): Promise<void> {
    const { machine, store } = this.#parts;
    this.#flushTimer?.cancel();
    try {
      const writes = machine.pendingWrites();
      const entries = ready.persist?.entries ?? [];
      this.#flushed = this.#applied;
      await store.persist({ entries, ...ready.persist, writes, applied: this.#applied });
      this.#writing = undefined;
      if (this.#state !== 'running') return;
      machine.flushed(writes);
      const last = entries.at(-1);
      this.#raft.persisted(last?.index ?? 0, last?.hash ?? ZERO_HASH);
      this.#send(ready.sendAfterPersist);
      this.#pump();
    } catch (error) {
      // A write that failed may or may not be on disk, and a second try can claim what the first one lost.
      this.#writing = undefined;
      this.#fail(error);
    }
  }

  /** Applied entries are durable in the log already, so their effects need not wait for the write that is under way. */
  #applyDone(): void {
    this.#parts.machine.batchDone();
    this.#reads.applied(this.#applied);
  }

  #armFlush(): void {
    this.#flushTimer?.cancel();
    this.#flushTimer = this.#parts.clock.after(FLUSH_QUIET_MS, () =>
      this.#guard(() => this.#flush()),
    );
  }

  #flush(): void {
    if (this.#writing !== undefined || this.#parts.machine.pendingWrites().length === 0) return;
    this.#raft.persistStarted();
    this.#writing = this.#write(NOTHING);
  }

  #send(messages: readonly Message[]): void {
    for (const message of messages) {
      this.#parts.network.send(message.to, 'raft', encodeMessage(message));
    }
  }

  #logChange(): void {
    const { role, term, leader } = this.#raft;
    const seen = `${role} ${term} ${leader}`;
    if (seen === this.#seen) return;
    this.#seen = seen;
    this.#parts.logger.info('Role in consensus', { role, term, leader });
  }
}

const NOTHING: Ready = {
  persist: undefined,
  sendNow: [],
  sendAfterPersist: [],
  apply: [],
  reads: [],
  alarms: [],
};
