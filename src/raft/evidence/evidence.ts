import { Budgets } from '../../common/index.js';
import type { Millis, NodeId, Term } from '../../common/index.js';
import type { Note, Timer } from '../../ports/index.js';
import { VOTERS_MAX } from '../limits.js';
import type { Acknowledgement, Message } from '../messages.js';
import {
  ASK_AGAIN_MS,
  LEADER_TOLD_AFTER_MS,
  LEADER_TOLD_WITHIN_MS,
  RECORDS_LEVEL,
  SHOW_RATE,
  VERIFY_AFTER_MS,
} from './limits.js';
import type { EvidenceMessage } from './messages.js';
import type { EvidenceParts } from './parts.js';
import { PeerRecords } from './records.js';
import { Signing } from './signing.js';
import { Trial } from './trial.js';
import type { TrialHost } from './trial.js';
import type { SignedMark, SignedVote } from './words.js';

/** The driver that evidence belongs to, as it sees it. */
export type EvidenceHost = EvidenceParts &
  TrialHost & {
    /** The feature level of the state; 0 before the genesis is applied. */
    readonly level: () => number;
    readonly send: (message: EvidenceMessage) => void;
    /** As `PatientNetwork.sendSoon`. */
    readonly sendSoon: (
      to: NodeId,
      withinMs: Millis,
      message: () => Acknowledgement | undefined,
    ) => void;
    /** The newest checkpoint signature of a voter that this node has verified. */
    readonly checkpointOf: (voter: NodeId) => SignedMark | undefined;
  };

/**
 * What one node promises under its identity key, and what it keeps of the others' promises, and shows them: so a node whose
 * disk has gone back in time learns of it. See docs/decisions/0068-voters-keep-each-others-signed-words.md and
 * 0069-an-old-disk-is-convicted.md.
 */
export class Evidence {
  readonly #host: EvidenceHost;
  readonly #signing: Signing;
  readonly #records: PeerRecords;
  readonly #trial: Trial;
  readonly #showing = new Budgets(SHOW_RATE, VOTERS_MAX);
  #askedMs: Millis = -Infinity;
  #verifying: Timer | undefined;
  #telling: Timer | undefined;
  /** The last acknowledgement that a leader was told. */
  #told: Acknowledgement | undefined;
  /** The newest vote that has left in this run. */
  #vote: SignedVote | undefined;

  /** @throws ClusterError `data-loss` for a note that cannot be read. */
  constructor(host: EvidenceHost, notes: ReadonlyMap<string, Uint8Array>) {
    this.#host = host;
    const standing = host.raft.standing();
    this.#signing = new Signing(host, standing.boot);
    this.#records = new PeerRecords(notes, (...words) => this.#signing.isSigned(...words));
    this.#trial = new Trial(host, standing, this.#signing, notes);
  }

  /** This node has lost a part of its log. */
  get isConvicted(): boolean {
    return this.#trial.isConvicted;
  }

  /** There is something that is to be durable soon, though nothing else is. */
  get mustWrite(): boolean {
    return this.#trial.mustWrite;
  }

  /** Says what an earlier run has found. Once, when this run begins. */
  start(): void {
    this.#trial.start();
  }

  stop(): void {
    this.#verifying?.cancel();
    this.#telling?.cancel();
  }

  /** As {@link Signing.acknowledgement}. */
  signed(said: Acknowledgement): Acknowledgement {
    return this.#signing.acknowledgement(said);
  }

  /** A message of consensus leaves, and what it promises is durable: a vote in it is told to all voters, signed. */
  leaves(message: Message): void {
    if (message.type === 'vote-request' && !message.pre) this.#voted(message.term, message.from);
    if (message.type === 'vote-reply' && !message.pre && message.granted)
      this.#voted(message.term, message.to);
  }

  /** A voter has acknowledged its log. */
  heard(said: Acknowledgement): void {
    if (!this.#host.raft.peers.includes(said.from)) return;
    if (this.#records.hearAcknowledgement(said.from, said)) this.#verifySoon();
  }

  receive(message: EvidenceMessage): void {
    const { from } = message;
    if (!this.#host.raft.peers.includes(from)) return;
    switch (message.type) {
      case 'vote':
        if (this.#records.hearVote(from, message)) this.#verifySoon();
        return;
      case 'records-request':
        return this.#show(from, message.boot);
      case 'records':
        return this.#trial.judge(message);
    }
  }

  /** Messages can flow to `peer`, whose process runs as `boot`, 16 bytes. A vote of this term is said again. */
  connected(peer: NodeId, boot: Uint8Array): void {
    if (!this.#host.raft.peers.includes(peer) || !this.#speaks) return;
    this.#show(peer, boot);
    if (this.isConvicted) return;
    if (!this.#trial.hasShown(peer)) this.#ask(peer);
    if (this.#vote?.term === this.#host.raft.term) this.#say(this.#vote, peer);
  }

  /** Time has passed: voters that have shown nothing in this run are asked again. */
  tick(): void {
    if (!this.#speaks || this.isConvicted) return;
    const nowMs = this.#host.clock.elapsed();
    if (nowMs - this.#askedMs < ASK_AGAIN_MS) return;
    this.#askedMs = nowMs;
    for (const peer of this.#host.raft.peers) if (!this.#trial.hasShown(peer)) this.#ask(peer);
  }

  /**
   * To be called when all that an event brings is said: a little later the leader is told what the other voters were, along
   * with what leaves for it next.
   */
  tellLeaderSoon(): void {
    if (this.#telling !== undefined || this.#untold === undefined) return;
    const { clock, sendSoon } = this.#host;
    this.#telling = clock.after(LEADER_TOLD_AFTER_MS, () => {
      this.#telling = undefined;
      const leader = this.#untold?.to;
      if (leader !== undefined) sendSoon(leader, LEADER_TOLD_WITHIN_MS, () => this.#tell(leader));
    });
  }

  /** The newest acknowledgement for this leader as it leaves, where it has not been told it and still leads. */
  #tell(leader: NodeId): Acknowledgement | undefined {
    const said = this.#untold;
    if (said?.to !== leader) return undefined;
    this.#told = said;
    return this.signed(said);
  }

  /** The newest acknowledgement, where the leader has not been told it. */
  get #untold(): Acknowledgement | undefined {
    const { raft } = this.#host;
    const { leader } = raft;
    if (leader === undefined || leader === raft.id) return undefined;
    const said = raft.acknowledgementFor(leader);
    return said === undefined || isSame(said, this.#told) ? undefined : said;
  }

  /** Notes that the write which begins is to hold beside the log. */
  takeNotes(): readonly Note[] {
    const own = this.#trial.takeNotes();
    const theirs = this.#records.takeNotes();
    return own.length === 0 ? theirs : [...own, ...theirs];
  }

  #voted(term: Term, candidate: NodeId): void {
    if (!this.#speaks || term <= (this.#vote?.term ?? 0)) return;
    this.#vote = this.#signing.vote(term, candidate);
    for (const peer of this.#host.raft.peers) this.#say(this.#vote, peer);
  }

  #say(vote: SignedVote, to: NodeId): void {
    this.#host.send({ type: 'vote', from: this.#host.raft.id, to, ...vote });
  }

  get #speaks(): boolean {
    return this.#host.level() >= RECORDS_LEVEL;
  }

  #ask(to: NodeId): void {
    const { raft, send } = this.#host;
    const { boot } = this.#trial.standing;
    send({ type: 'records-request', from: raft.id, to, term: raft.term, boot });
  }

  /** Shows a voter its own newest words. Whoever it is, that costs no more than two signatures for each new word of its own. */
  #show(to: NodeId, boot: Uint8Array): void {
    const { raft, clock, send, checkpointOf } = this.#host;
    if (!this.#showing.take(to, 1, clock.elapsed())) return;
    if (!this.#records.verify(to)) this.#forged(to);
    const words = { ...this.#records.of(to), checkpoint: checkpointOf(to) };
    send({ type: 'records', from: raft.id, to, term: raft.term, boot, words });
  }

  #verifySoon(): void {
    this.#verifying ??= this.#host.clock.after(VERIFY_AFTER_MS, () => {
      this.#verifying = undefined;
      for (const voter of this.#records.verifyAll()) this.#forged(voter);
    });
  }

  #forged(voter: NodeId): void {
    this.#host.alarms.raise('A voter has not signed what it says of its log', voter);
  }
}

function isSame(said: Acknowledgement, other: Acknowledgement | undefined): boolean {
  return said.to === other?.to && said.term === other.term && said.index === other.index;
}
