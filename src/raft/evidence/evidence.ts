import type { Alarms } from '../../alarms/index.js';
import type { NodeId, Term } from '../../common/index.js';
import type { Clock, Note, Timer } from '../../ports/index.js';
import type { Acknowledgement, Message } from '../messages.js';
import type { Raft } from '../raft.js';
import { LEADER_TOLD_AFTER_MS, RECORDS_LEVEL, VERIFY_AFTER_MS } from './limits.js';
import type { EvidenceMessage } from './messages.js';
import type { EvidenceParts } from './parts.js';
import { PeerRecords } from './records.js';
import { Signing } from './signing.js';
import type { SignedVote } from './words.js';

/** The driver that evidence belongs to, as it sees it. */
export type EvidenceHost = EvidenceParts & {
  readonly raft: Raft;
  readonly clock: Clock;
  readonly alarms: Alarms;
  /** The feature level of the state; 0 before the genesis is applied. */
  readonly level: () => number;
  readonly send: (message: EvidenceMessage | Acknowledgement) => void;
};

/**
 * What one node promises under its identity key, and what it keeps of the others' promises. See
 * docs/decisions/0068-voters-keep-each-others-signed-words.md.
 */
export class Evidence {
  readonly #host: EvidenceHost;
  readonly #signing: Signing;
  readonly #records: PeerRecords;
  #verifying: Timer | undefined;
  #telling: Timer | undefined;
  /** The last acknowledgement that a leader was told. */
  #told: Acknowledgement | undefined;
  /** The newest vote that has left in this run. */
  #vote: SignedVote | undefined;

  /** @throws ClusterError `data-loss` for a note that cannot be read. */
  constructor(host: EvidenceHost, notes: ReadonlyMap<string, Uint8Array>) {
    this.#host = host;
    this.#signing = new Signing(host, host.raft.boot);
    this.#records = new PeerRecords(notes, (...words) => this.#signing.isSigned(...words));
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
    if (!this.#host.raft.peers.includes(message.from)) return;
    if (this.#records.hearVote(message.from, message)) this.#verifySoon();
  }

  /** Messages can flow to `peer`: a vote of this term that it may have missed is said again. */
  connected(peer: NodeId): void {
    const { raft } = this.#host;
    if (this.#vote?.term === raft.term && raft.peers.includes(peer)) this.#say(this.#vote, peer);
  }

  /** To be called when all that an event brings is said: a little later the leader is told what the other voters were. */
  tellLeaderSoon(): void {
    if (this.#telling !== undefined || this.#untold === undefined) return;
    this.#telling = this.#host.clock.after(LEADER_TOLD_AFTER_MS, () => {
      this.#telling = undefined;
      const said = this.#untold;
      if (said === undefined) return;
      this.#told = said;
      this.#host.send(this.signed(said));
    });
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
    return this.#records.takeNotes();
  }

  #voted(term: Term, candidate: NodeId): void {
    if (this.#host.level() < RECORDS_LEVEL || term <= (this.#vote?.term ?? 0)) return;
    this.#vote = this.#signing.vote(term, candidate);
    for (const peer of this.#host.raft.peers) this.#say(this.#vote, peer);
  }

  #say(vote: SignedVote, to: NodeId): void {
    this.#host.send({ type: 'vote', from: this.#host.raft.id, to, ...vote });
  }

  #verifySoon(): void {
    this.#verifying ??= this.#host.clock.after(VERIFY_AFTER_MS, () => {
      this.#verifying = undefined;
      for (const voter of this.#records.verify())
        this.#host.alarms.raise('A voter has not signed what it says of its log', voter);
    });
  }
}

function isSame(said: Acknowledgement, other: Acknowledgement | undefined): boolean {
  return said.to === other?.to && said.term === other.term && said.index === other.index;
}
