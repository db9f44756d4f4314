import { ClusterError } from '../common/index.js';
import type { Boot, LogIndex, Millis, NodeId, Term } from '../common/index.js';
import { BOUNDLESS } from '../ports/index.js';
import type { Entry, Link, Persist, Room, RoomLevel } from '../ports/index.js';
import { Applier } from './applier.js';
import type { TransferRefusal } from './begin-transfer.js';
import { Checkpoints } from './checkpoints/checkpoints.js';
import { isOfCheckpoints } from './checkpoints/messages.js';
import type { CheckpointParts } from './checkpoints/parts.js';
import { decodePeerMessage } from './decode-message.js';
import type { Part, QuorumStatus, RaftDriverParts, RaftStatus } from './driver-parts.js';
import { encodeMessage } from './encode-message.js';
import type { LogSizes } from './log-sizes.js';
import { Evidence } from './evidence/evidence.js';
import { isOfEvidence } from './evidence/messages.js';
import type { EvidenceParts } from './evidence/parts.js';
import type { ForkEvidence } from './forks/fork-evidence.js';
import { Forks } from './forks/forks.js';
import type { LogStanding } from './forks/forks.js';
import type { Message } from './messages.js';
import type { PeerMessage } from './peer-message.js';
import { supplyFollowers } from './old-entries.js';
import { bytesOfBoot } from './open.js';
import type { Raft } from './raft.js';
import { persistAlone } from './persist-alone.js';
import type { Ready, Urgent } from './ready.js';
import { quorumStatus } from './quorum-status.js';
import { QuorumWatch } from './quorum-watch.js';
import { ReadWaiters } from './read-waiters.js';
import { SteadyClock } from './steady-clock.js';
import type { PassedTicks } from './tick-counter.js';
import { TickTimer } from './tick-timer.js';
import { TransferWaiters } from './transfer-waiters.js';
import type { Led } from './transfer-waiters.js';
import { Writer } from './writer.js';

/**
 * Does what a {@link Raft} wants done, and the only part of consensus that waits. One write is under way at a time; what
 * promises nothing leaves meanwhile. The order: send now, apply, begin to persist (with the machine's writes), act on what
 * was applied, and once it is durable send the promises.
 */
export class RaftDriver {
  readonly #raft: Raft;
  readonly #parts: RaftDriverParts;
  readonly #reads: ReadWaiters;
  readonly #ticks: TickTimer;
  readonly #applier: Applier;
  readonly #writer: Writer;
  readonly #transfers = new TransferWaiters();
  readonly #quorum: QuorumWatch;
  readonly #time: SteadyClock;
  readonly #room: Room;
  #state: 'new' | 'running' | 'stopped' = 'new';
  #isPumpDue = false;
  #seen = '';
  readonly #checkpoints: Checkpoints | undefined;
  readonly #evidence: Evidence | undefined;
  readonly #forks: Forks | undefined;
  /** The state that is staged is to take the place of the one in use, behind this entry. */
  #installing: Link | undefined;
  #installed: Promise<void> | undefined;
  #isEnding = false;

  /** @throws ClusterError `data-loss` when the state is ahead of the log. */
  constructor(parts: RaftDriverParts) {
    this.#parts = parts;
    this.#raft = parts.raft;
    this.#reads = new ReadWaiters();
    this.#room = parts.room ?? BOUNDLESS;
    this.#time = new SteadyClock(parts.clock, parts.alarms);
    this.#quorum = new QuorumWatch(parts.alarms, parts.logger);
    this.#ticks = new TickTimer({
      timing: parts.raft.timing,
      clock: parts.clock,
      ticksToNext: () => parts.raft.ticksToNext(),
      isLeading: () => parts.raft.role === 'leader',
      onTick: (passed) => this.#onTick(passed),
    });
    this.#applier = new Applier(
      parts,
      parts.applied,
      () => this.#guard(() => undefined),
      (entry) => this.#checkpoints?.applied(entry),
    );
    this.#writer = new Writer(parts, this.#applier, {
      notes: () => [...(this.#evidence?.takeNotes() ?? []), ...(this.#forks?.takeNotes() ?? [])],
      done: () => this.#pump(),
      failed: (error) => this.#fail(error),
    });
    parts.raft.restored(parts.applied, parts.machine.agreed);
    this.#checkpoints = parts.checkpoints && this.#checkpointsOf(parts.checkpoints);
    this.#evidence = parts.identity && this.#evidenceOf(parts.identity);
    this.#forks = parts.identity && this.#forksOf(parts.identity);
  }

  /** Begins to tick, save and answer. Once. */
  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    this.#ticks.start();
    this.#evidence?.start();
    void this.#checkpoints?.start();
    this.#schedule();
  }

  /** Takes an encoded message from the stream of `from`. It survives any bytes. */
  receive(from: NodeId, bytes: Uint8Array): void {
    if (this.#state !== 'running') return;
    const message = decodePeerMessage(bytes);
    if (message === undefined || message.from !== from || message.to !== this.#raft.id) {
      this.#parts.logger.debug('Dropped a message of consensus', { from, bytes: bytes.length });
      return;
    }
    this.#guard(() => {
      this.#countTicks();
      if (isOfCheckpoints(message)) this.#checkpoints?.receive(message);
      else if (isOfEvidence(message)) this.#evidence?.receive(message);
      else {
        if (message.type === 'acknowledgement') {
          this.#evidence?.heard(message);
          this.#forks?.heard(message);
        } else if (message.type === 'append') this.#forks?.appended(message);
        this.#raft.step(message, this.#time.now());
      }
    });
  }

  /** Messages can flow to `peer`, whose process runs as `boot`: what it may have missed is said again. */
  connected(peer: NodeId, boot: Boot): void {
    this.#guard(() => {
      this.#raft.connected(peer);
      this.#checkpoints?.connected(peer);
      this.#evidence?.connected(peer, bytesOfBoot(boot));
      this.#forks?.connected(peer);
    });
  }

  /**
   * Adds a command to the log. An entry that is given back may be lost until it is applied.
   *
   * @param isNew - It begins something that need not be begun: refused while the disks are low on room.
   * @throws ClusterError `invalid-request` when the payload is too long for an entry.
   */
  propose(payload: Uint8Array, isNew = false): Entry | 'not-leader' | 'overloaded' | 'no-room' {
    if (this.#state !== 'running') return 'not-leader';
    if (isNew && this.#raft.role === 'leader' && !this.#raft.hasRoomForNew) return 'no-room';
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

  /**
   * As leader: hands leadership over, and resolves with the leader of a later term, whoever that is. While it lasts, at most the
   * longest election timeout, nothing can be proposed here.
   *
   * @param target - `undefined`: the voter that has most of the log.
   * @returns Why leadership stays, where it does.
   * @throws The reason of `signal`: whether leadership is handed over is not known then.
   */
  async transferLeadership(
    target: NodeId | undefined,
    signal: AbortSignal,
  ): Promise<Led | TransferRefusal> {
    if (this.#state !== 'running') return 'not-leader';
    if (this.#transfers.isFull) return 'under-way';
    this.#countTicks();
    const { id, term } = this.#raft;
    const refused = this.#raft.transferLeadership(target);
    if (refused !== undefined) return refused;
    if (target === id) return { leader: id, term };
    this.#schedule();
    return this.#transfers.wait(term, signal);
  }

  /** Resolves with the leader of a term after `term` that this node comes to know, as {@link transferLeadership} does. */
  async laterLeader(term: Term, signal: AbortSignal): Promise<Led | TransferRefusal> {
    if (this.#state !== 'running') return 'not-leader';
    if (this.#transfers.isFull) return 'under-way';
    this.#schedule();
    return this.#transfers.wait(term, signal);
  }

  status(): RaftStatus {
    const { role, term, leader, commit } = this.#raft;
    return {
      role,
      term,
      leader,
      commit,
      applied: this.#applier.applied,
      caughtUp: this.#raft.caughtUp(),
      room: this.#roomNow(),
      part: this.#part(),
      standing: this.standing,
    };
  }

  /** The machine's record of more entries is durable, or it takes entries again. */
  recorded(): void {
    this.#guard(() => this.#writer.applied(true));
  }

  /** As {@link Raft.heardAgoMs}. */
  heardAgoMs(peer: NodeId): Millis | undefined {
    return this.#raft.heardAgoMs(peer);
  }

  /** As leader: how many committed entries this peer lacks, by what it has acknowledged. */
  lagOf(peer: NodeId): number | undefined {
    const match = this.#raft.matchOf(peer);
    return match === undefined ? undefined : Math.max(0, this.#raft.commit - match);
  }

  /** Resolves when the write that is under way now, if one is, has ended. */
  written(): Promise<void> {
    return this.#writer.rest();
  }

  /** As {@link quorumStatus}. */
  quorum(): QuorumStatus {
    return quorumStatus(this.#raft);
  }

  /** How this node's log stands among what voters have signed of theirs. */
  get standing(): LogStanding {
    return this.#forks?.standing ?? 'undisputed';
  }

  /** The evidence that contradicts this node's log. */
  get contested(): ForkEvidence | undefined {
    return this.#forks?.contested;
  }

  /** Proofs that voters have acknowledged two logs of one term. */
  forks(): readonly ForkEvidence[] {
    return this.#forks?.evidence ?? [];
  }

  /** How long the log is, and what is written down of the state. */
  logSizes(): LogSizes {
    const { front, lastIndex: last, logBytes: bytes, memoryBytes } = this.#raft;
    return { front, last, bytes, memoryBytes, checkpoint: this.#checkpoints?.sizes() };
  }

  /** Of the log in memory. */
  get logMemoryBytes(): number {
    return this.#raft.memoryBytes;
  }

  /** Ends all that it does. Resolves when no write is under way any more. */
  async stop(): Promise<void> {
    this.#isEnding = true;
    this.#halt();
    await this.#writer.rest();
    await this.#installed;
  }

  #part(): Part {
    return this.#evidence?.isConvicted === true ? 'log-lost' : 'takes';
  }

  #roomNow(): RoomLevel {
    return this.#writer.waitsForRoom ? 'none' : this.#room.look();
  }

  #halt(): void {
    this.#state = 'stopped';
    this.#ticks.stop();
    this.#writer.stop();
    this.#applier.stop();
    this.#reads.refuseAll();
    this.#transfers.refuseAll();
    this.#checkpoints?.stop();
    this.#evidence?.stop();
    this.#forks?.stop();
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

  /**
   * Counts the ticks that have passed before something begins to be counted anew: an election timeout that a heartbeat
   * resets must not lose what passed before the heartbeat. The timer alone acts on what is over.
   */
  #countTicks(): void {
    const ticks = this.#ticks.count();
    if (ticks > 0) this.#raft.tick(ticks, this.#time.now(), true);
  }

  #onTick({ ticks, suspect }: PassedTicks): void {
    this.#quorum.look(this.#raft, this.#parts.clock.elapsed());
    this.#raft.setRoom(this.#roomNow());
    this.#guard(() => {
      this.#raft.tick(ticks, this.#time.now(), suspect);
      this.#checkpoints?.tick();
      this.#evidence?.tick();
      this.#forks?.tick();
    });
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
    const { machine } = this.#parts;
    const untilMs = this.#applier.untilMs();
    try {
      if (this.#installing !== undefined && !this.#writer.isBusy) this.#install(this.#installing);
      while (this.#state === 'running' && this.#raft.hasReady(this.#applier.isFree)) {
        if (this.#writer.isBusy) {
          this.#act(this.#raft.takeUrgent());
          break;
        }
        if (machine.recorded !== undefined) this.#raft.recordedTo(machine.recorded.index);
        this.#handle(this.#raft.takeReady(0), untilMs);
      }
      this.#forks?.look();
      this.#evidence?.tellLeaderSoon();
      if (this.#evidence?.mustWrite === true && !this.#writer.isBusy) this.#writer.writeNotes();
      this.#transfers.look(this.#raft);
      this.#logChange();
    } catch (error) {
      this.#fail(error);
    }
  }

  #checkpointsOf(parts: CheckpointParts): Checkpoints {
    const { raft, store, clock, logger, alarms, machine } = this.#parts;
    return new Checkpoints({
      ...parts,
      raft,
      store,
      clock,
      logger,
      alarms,
      level: () => machine.agreed.level,
      propose: (payload) => this.propose(payload),
      send: (message) => this.#sendOne(message),
      install: (place) => {
        this.#installing = place;
        this.#schedule();
      },
      changed: () => this.#schedule(),
      hasRoom: () => this.#roomNow() === 'enough',
    });
  }

  #evidenceOf(parts: EvidenceParts): Evidence {
    const { raft, store, clock, alarms, machine, notes = new Map() } = this.#parts;
    return new Evidence(
      {
        ...parts,
        raft,
        store,
        clock,
        alarms,
        level: () => machine.agreed.level,
        send: (message) => this.#sendOne(message),
        sendSoon: (to, withinMs, make) =>
          this.#parts.network.sendSoon(to, 'raft', withinMs, () => {
            const message = this.#state === 'running' ? make() : undefined;
            return message && encodeMessage(message);
          }),
        checkpointOf: (voter) => this.#checkpoints?.signatureOf(voter),
        changed: () => this.#schedule(),
        onConvicted: () => {
          this.#checkpoints?.stop();
          parts.onConvicted?.();
        },
      },
      notes,
    );
  }

  #forksOf(parts: EvidenceParts): Forks {
    const { raft, clock, alarms, logger, notes = new Map() } = this.#parts;
    const now = (): Millis => this.#time.now();
    const send = (message: PeerMessage): void => this.#sendOne(message);
    return new Forks({ ...parts, raft, clock, now, alarms, logger, send }, notes);
  }

  /** No write is under way, and none follows but this: what runs ends with it, and whoever starts next finds another state. */
  #install(place: Link): void {
    this.#installing = undefined;
    // Appends that came since may have brought the log so far.
    if (!this.#raft.lacks(place)) return;
    const { hardState, front } = this.#raft.behind(place);
    this.#halt();
    const batch = { hardState, entries: [], writes: [], applied: place.index, installed: front };
    this.#installed = this.#change(batch);
  }

  /** Never rejects. */
  async #change(batch: Persist): Promise<void> {
    const { checkpoints, onFatal } = this.#parts;
    try {
      const isDurable = await persistAlone(this.#parts, batch, () => this.#isEnding);
      if (isDurable) checkpoints?.onInstalled();
    } catch (error) {
      onFatal(error);
    }
  }

  #sendOne(message: PeerMessage): void {
    if (this.#state === 'running')
      this.#parts.network.send(message.to, 'raft', encodeMessage(message));
  }

  #handle(ready: Ready, untilMs: Millis): void {
    this.#act(ready);
    const hasApplied = this.#applier.apply(untilMs);
    const { persist, sendAfterPersist } = ready;
    if (persist === undefined) this.#send(sendAfterPersist);
    else {
      this.#raft.setRoom(this.#roomNow());
      this.#writer.write(persist, () => this.#send(sendAfterPersist));
    }
    if (hasApplied) this.#applyDone();
    this.#writer.applied(hasApplied);
  }

  #act({ sendNow, reads, alarms, wanted }: Urgent): void {
    supplyFollowers(this.#parts, wanted);
    for (const { kind, peer, fields } of alarms) this.#parts.alarms.raise(kind, peer, fields);
    this.#send(sendNow);
    for (const read of reads) this.#reads.confirm(read, this.#applier.applied);
  }

  /** Applied entries are durable in the log already, so their effects need not wait for the write that is under way. */
  #applyDone(): void {
    this.#parts.machine.batchDone();
    this.#reads.applied(this.#applier.applied);
  }

  #send(messages: readonly Message[]): void {
    const { network } = this.#parts;
    // Promises that waited for a write, and are none any more.
    if (this.#raft.isWithheld) return;
    for (const message of messages) {
      this.#evidence?.leaves(message);
      const bytes = encodeMessage(this.#signed(message));
      const { firstMs, thenMs, isStillDue } = this.#raft.patience(message);
      if (firstMs === 0) network.send(message.to, 'raft', bytes);
      else {
        const due = (): Uint8Array | undefined => (isStillDue() ? bytes : undefined);
        network.sendSoon(message.to, 'raft', firstMs, due, thenMs);
      }
    }
  }

  #signed(message: Message): Message {
    const isToSign = message.type === 'acknowledgement' && this.#evidence !== undefined;
    return isToSign ? this.#evidence.signed(message) : message;
  }

  #logChange(): void {
    const { role, term, leader } = this.#raft;
    const seen = `${role} ${term} ${leader}`;
    if (seen === this.#seen) return;
    this.#seen = seen;
    if (leader !== undefined) this.#parts.meter?.leaderChanged();
    this.#ticks.changed();
    this.#parts.logger.info('Role in consensus', { role, term, leader });
  }
}
