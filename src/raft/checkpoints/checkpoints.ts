import type { Alarms } from '../../alarms/index.js';
import { Budgets, compareText, wordsOf } from '../../common/index.js';
import type { LogIndex, Millis, NodeId } from '../../common/index.js';
import type { Clock, ConsensusStore, Entry, Logger } from '../../ports/index.js';
import { entryBytes, VOTERS_MAX } from '../limits.js';
import type { CheckpointSizes } from '../log-sizes.js';
import type { Raft } from '../raft.js';
import { Archive, stateFile } from './archive.js';
import { CHECKPOINT_LIMITS, CHECKPOINT_LEVEL, SIGN_AGAIN_MS, SIGNATURE_RATE } from './limits.js';
import type { CheckpointLimits } from './limits.js';
import { isSameMark, isSigned, markBytes, membersHash, signaturesNeeded } from './mark.js';
import type { Mark } from './mark.js';
import type { CheckpointMessage, CheckpointSignature } from './messages.js';
import type { CheckpointParts } from './parts.js';
import { Signatures } from './signatures.js';
import type { Signed } from './signatures.js';
import { SnapshotReceiver } from './snapshot-receiver.js';
import { SnapshotSender } from './snapshot-sender.js';
import { stateHash } from './state-stream.js';
import { writeState } from './write-state.js';

/** The driver that checkpoints belong to, as they see it. */
export type CheckpointHost = CheckpointParts & {
  readonly raft: Raft;
  readonly store: Pick<ConsensusStore, 'stage'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly alarms: Alarms;
  /** The feature level of the state. */
  readonly level: () => number;
  readonly propose: (payload: Uint8Array) => Entry | string;
  /** Whether the disk has room for more than the log needs. */
  readonly hasRoom: () => boolean;
  readonly send: (message: CheckpointMessage) => void;
  /** The state that is staged in the store takes the place of the other, and the log goes on behind `mark`. */
  readonly install: (mark: Mark) => void;
  /** Something of consensus may be possible now that was not. */
  readonly changed: () => void;
};

/** The own word on a state, whose file is there. */
type Own = {
  readonly mark: Mark;
  readonly signature: Uint8Array;
  readonly bytes: number;
  readonly chain: Uint8Array;
  readonly needed: number;
};

/**
 * Checkpoints of one node. The leader asks for one when the log has grown enough; every voter writes the state that it has
 * computed itself into a file, signs its hash and tells the others; as many equal words as are needed make a certificate.
 * Then the log before it may go, and a voter that lacks it gets the state instead. See docs/decisions/0053-checkpoints.md.
 */
export class Checkpoints {
  readonly #host: CheckpointHost;
  readonly #limits: CheckpointLimits;
  readonly #archive: Archive;
  readonly #signatures = new Signatures();
  readonly #rate = new Budgets(SIGNATURE_RATE, VOTERS_MAX);
  readonly #sender: SnapshotSender;
  readonly #receiver: SnapshotReceiver;
  #isLoaded = false;
  #isStopped = false;
  #isTaking = false;
  #isCertifying = false;
  #takenMs: Millis = -Infinity;
  #own: Own | undefined;
  /** Of the log, since the last entry that asked for a checkpoint. */
  #bytesSince = 0;
  /** The entry by which this node, as leader, has asked for one. */
  #asked: LogIndex = 0;
  #saidMs: Millis = 0;

  constructor(host: CheckpointHost) {
    this.#host = host;
    this.#limits = { ...CHECKPOINT_LIMITS, ...host.limits };
    this.#archive = new Archive(host.files);
    this.#sender = new SnapshotSender(host, this.#archive);
    this.#receiver = new SnapshotReceiver(host, this.#archive);
  }

  /** Finds what an earlier run has left. Resolves when it takes part. Never rejects. */
  async start(): Promise<void> {
    try {
      await this.#archive.load();
    } catch (error) {
      this.#warn('The files of checkpoints cannot be read', error);
    }
    if (this.#isStopped) return;
    this.#isLoaded = true;
    this.#bytesSince += this.#host.raft.bytesBehind(this.#archive.index);
    this.#tellCertified();
  }

  /** The certified state that this node has: the index of its entry, 0 if there is none, and its length. */
  get certified(): { readonly index: LogIndex; readonly bytes: number } {
    return { index: this.#archive.index, bytes: this.#archive.kept?.bytes ?? 0 };
  }

  sizes(): CheckpointSizes {
    const { index, bytes: stateBytes } = this.certified;
    return { index, stateBytes, bytesSince: this.#bytesSince, dueBytes: this.#dueBytes };
  }

  /** An entry has been applied. */
  applied(entry: Entry): void {
    this.#bytesSince += entryBytes(entry);
    const { state, clock } = this.#host;
    if (!state.isAsked(entry)) return;
    this.#bytesSince = 0;
    const nowMs = clock.elapsed();
    // A leader may ask as often as it likes: a voter is kept busy by one at a time, and not by one after another.
    const isSoon = nowMs - this.#takenMs < this.#limits.apartMs;
    if (this.#isTaking || isSoon || !this.#isLoaded || entry.index <= this.#archive.index) return;
    if (!this.#host.hasRoom()) return;
    this.#isTaking = true;
    this.#takenMs = nowMs;
    void this.#take(entry);
  }

  /** The newest signature of a voter that is verified: heard in this run, or in the certificate that is kept. */
  signatureOf(voter: NodeId): Signed | undefined {
    return this.#signatures.of(voter) ?? this.#archive.signatureOf(voter);
  }

  connected(peer: NodeId): void {
    if (this.#own !== undefined) this.#say(this.#own, peer);
  }

  /** Time has passed. */
  tick(): void {
    if (!this.#isLoaded || this.#isStopped) return;
    this.#askIfDue();
    const nowMs = this.#host.clock.elapsed();
    if (this.#own !== undefined && this.#lacks(this.#own) && nowMs - this.#saidMs >= SIGN_AGAIN_MS)
      this.#broadcast(this.#own);
    this.#sender.tick();
    this.#receiver.tick();
  }

  receive(message: CheckpointMessage): void {
    if (!this.#isLoaded || this.#isStopped) return;
    if (!this.#host.raft.peers.includes(message.from)) return;
    switch (message.type) {
      case 'checkpoint-signature':
        return this.#onSignature(message);
      case 'snapshot-offer':
        return this.#receiver.onOffer(message);
      case 'snapshot-request':
        return this.#sender.onRequest(message);
      case 'snapshot-chunk':
        return this.#receiver.onChunk(message);
      case 'snapshot-held':
        return this.#host.raft.snapshotHeld(message.from, message.index);
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#sender.stop();
    this.#receiver.stop();
  }

  #askIfDue(): void {
    const { raft, state, propose, level } = this.#host;
    if (raft.role !== 'leader') this.#asked = 0;
    else if (level() >= CHECKPOINT_LEVEL && this.#isDue() && raft.applied >= this.#asked) {
      const entry = propose(state.command);
      if (typeof entry !== 'string') this.#asked = entry.index;
    }
  }

  get #dueBytes(): number {
    const stateBytes = this.#own?.bytes ?? this.#archive.kept?.bytes ?? 0;
    return Math.max(this.#limits.logBytes, stateBytes);
  }

  #isDue(): boolean {
    return !this.#isTaking && this.#bytesSince >= this.#dueBytes;
  }

  /** Writes down the state as it is now, behind `entry`, and says it. Never rejects. */
  async #take(entry: Entry): Promise<void> {
    const { state, signer } = this.#host;
    const { index, term, timeMs, hash } = entry;
    try {
      const [reading, electorate] = [state.reading(), state.electorate()];
      const name = stateFile(index);
      const isOver = (): boolean => this.#isStopped || !this.#host.hasRoom();
      const written = await writeState(this.#host, reading, name, isOver);
      if (written === undefined || this.#isStopped) return;
      const { bytes, chain } = written;
      const mark: Mark = {
        index,
        term,
        timeMs,
        hash: hash.slice(),
        stateHash: stateHash(bytes, chain),
        membersHash: membersHash(electorate),
      };
      const signature = signer.sign(markBytes(electorate.clusterId, signer.node, mark));
      const needed = signaturesNeeded(electorate, written.highestThreshold);
      this.#own = { mark, signature, bytes, chain, needed };
      await this.#archive.sweep(index);
      if (this.#isStopped) return;
      for (const voter of this.#signatures.contradicting(mark)) this.#contradicted(voter, mark);
      this.#broadcast(this.#own);
      await this.#certify();
    } catch (error) {
      this.#warn('A checkpoint could not be written', error, { index });
    } finally {
      this.#isTaking = false;
    }
  }

  #onSignature(said: CheckpointSignature): void {
    const { from, mark, signature, wanted } = said;
    const { clock, state, verify, alarms } = this.#host;
    if (!this.#rate.take(from, 1, clock.elapsed())) return;
    if (!isSigned(state.electorate(), from, mark, signature, verify)) {
      alarms.raise('A checkpoint signature does not verify', from, { index: mark.index });
      return;
    }
    this.#signatures.record(from, { mark, signature });
    const own = this.#own;
    if (own === undefined || own.mark.index !== mark.index) return;
    if (!isSameMark(own.mark, mark)) {
      this.#contradicted(from, mark);
      return;
    }
    if (wanted) this.#say(own, from, false);
    void this.#certify();
  }

  #contradicted(voter: NodeId, { index }: Mark): void {
    this.#host.alarms.raise('A voter signs another state at a checkpoint', voter, { index });
  }

  /** Makes a certificate if there are enough equal words. Never rejects. */
  async #certify(): Promise<void> {
    const own = this.#own;
    if (own === undefined || this.#isCertifying || !this.#lacks(own)) return;
    const { mark, signature, bytes, chain, needed } = own;
    const signatures = [
      { node: this.#host.signer.node, signature },
      ...this.#signatures.agreeing(mark),
    ].sort((a, b) => compareText(a.node, b.node));
    if (signatures.length < needed) return;
    this.#isCertifying = true;
    try {
      await this.#archive.keep({ certificate: { mark, signatures }, bytes, chain });
      if (this.#isStopped) return;
      const { index } = mark;
      const facts = { index, bytes, signatures: signatures.length };
      this.#host.logger.info('A checkpoint is certified', facts);
      this.#tellCertified();
    } catch (error) {
      this.#warn('The certificate of a checkpoint could not be written', error);
    } finally {
      this.#isCertifying = false;
    }
  }

  #tellCertified(): void {
    this.#host.raft.certified(this.#archive.index);
    this.#host.changed();
  }

  #lacks(own: Own): boolean {
    return this.#archive.index < own.mark.index;
  }

  #broadcast(own: Own): void {
    this.#saidMs = this.#host.clock.elapsed();
    for (const peer of this.#host.raft.peers) this.#say(own, peer);
  }

  #say(own: Own, to: NodeId, wanted = this.#lacks(own)): void {
    const { raft, send, level } = this.#host;
    if (level() < CHECKPOINT_LEVEL) return;
    const { mark, signature } = own;
    const { id: from, term } = raft;
    send({ type: 'checkpoint-signature', from, to, term, mark, signature, wanted });
  }

  #warn(message: string, error: unknown, facts: Readonly<Record<string, number>> = {}): void {
    if (this.#isStopped) return;
    this.#host.logger.warn(message, { ...facts, error: wordsOf(error) });
  }
}
