import type { Alarms } from '../../alarms/index.js';
import type { Millis, NodeId, Term } from '../../common/index.js';
import type { Clock, Logger, Note, Timer } from '../../ports/index.js';
import { isNewer } from '../acknowledgements.js';
import type { EvidenceParts } from '../evidence/parts.js';
import { Signing } from '../evidence/signing.js';
import { isOfThisLife, wordOf } from '../evidence/words.js';
import type { SignedAcknowledgement } from '../evidence/words.js';
import type { Acknowledgement, Append } from '../messages.js';
import { majorityOf } from '../quorum.js';
import type { Raft } from '../raft.js';
import { ForkBook } from './fork-book.js';
import { contestedUpTo, evidenceIn, factsOf, involves, liarIn } from './fork-evidence.js';
import type { ForkEvidence, Said } from './fork-evidence.js';
import { FORK_VERIFY_AFTER_MS, UNCONFIRMED_TOLD_AFTER_MS } from './limits.js';
import { OwnWords } from './own-words.js';

/**
 * How a node's log stands: nobody is known to contradict it; or two voters are, and a majority, itself included, confirms it in
 * this term; or none does, and the node signs nothing.
 */
export type LogStanding = 'undisputed' | 'confirmed' | 'unconfirmed';

/** The driver that this belongs to, as it sees it. */
export type ForksHost = EvidenceParts & {
  readonly raft: Raft;
  readonly clock: Pick<Clock, 'after' | 'elapsed'>;
  /** The node's time, which does not jump. */
  readonly now: () => Millis;
  readonly alarms: Alarms;
  readonly logger: Pick<Logger, 'info'>;
  readonly send: (message: Acknowledgement) => void;
};

/**
 * Compares what voters acknowledge, this node included, and keeps what proves that there are two logs of one term. See
 * docs/decisions/0078-evidence-of-a-fork.md.
 */
export class Forks {
  readonly #host: ForksHost;
  readonly #signing: Signing;
  readonly #book: ForkBook;
  readonly #own: OwnWords;
  /** The newest acknowledgement of each other voter, verified or not. */
  readonly #newest = new Map<NodeId, SignedAcknowledgement>();
  /** Contradictions whose signatures are to be verified: of each voter that has brought some one lie and one fork. */
  readonly #suspected = new Map<string, ForkEvidence>();
  #verifying: Timer | undefined;
  /** The last term in which each voter's append has contradicted this node's word. */
  readonly #shownIn = new Map<NodeId, Term>();
  #unconfirmedMs: Millis | undefined;
  #isTold = false;

  /** @throws ClusterError `data-loss` for a note that cannot be read. */
  constructor(host: ForksHost, notes: ReadonlyMap<string, Uint8Array>) {
    this.#host = host;
    this.#signing = new Signing(host, host.raft.standing().boot);
    this.#own = new OwnWords(host.raft, this.#signing, host.now);
    this.#book = new ForkBook(notes, (said) => this.#isSigned(said));
  }

  stop(): void {
    this.#verifying?.cancel();
  }

  get standing(): LogStanding {
    if (this.#book.isEmpty) return 'undisputed';
    const { raft } = this.#host;
    const upTo = contestedUpTo(this.#book.all(), raft.lastIndex);
    return raft.confirming(upTo) >= majorityOf(raft.peers.length + 1) ? 'confirmed' : 'unconfirmed';
  }

  /** All that is kept. */
  get evidence(): readonly ForkEvidence[] {
    return this.#book.all();
  }

  /** The evidence that asks most of a majority. */
  get contested(): ForkEvidence | undefined {
    const all = this.#book.all();
    const upTo = contestedUpTo(all, this.#host.raft.lastIndex);
    return all.find((each) => liarIn(each) === undefined && each.first.word.index === upTo);
  }

  /** A voter has acknowledged its log, in this term or another. */
  heard(said: Acknowledgement): void {
    const { from } = said;
    if (!this.#host.raft.peers.includes(from) || !isOfThisLife(said)) return;
    const mine = { node: from, word: wordOf(said) };
    const before = this.#newest.get(from);
    if (before !== undefined) this.#suspect(from, evidenceIn(mine, { node: from, word: before }));
    if (isNewer(said, before)) this.#newest.set(from, mine.word);
    // Where this node has said something itself, that is what both others are held against.
    if (this.#own.has(said)) this.#compareWithOwn(mine);
    else this.#compareWithOthers(mine);
  }

  /** A voter leads. Where it has another entry than this node has acknowledged, it is shown this node's word. */
  appended({ from, term, prevIndex, prevTerm, prevHash, entries }: Append): void {
    if (this.#shownIn.get(from) === term) return;
    const before = { term: prevTerm, index: prevIndex, hash: prevHash };
    const other = [before, ...entries].find((link) => this.#own.contradict(link));
    const own = other && this.#own.at(other);
    if (own === undefined) return;
    this.#shownIn.set(from, term);
    this.#show(from, own);
  }

  /** Messages can flow to `peer`: it may have missed what this node has said. */
  connected(peer: NodeId): void {
    for (const evidence of this.#book.all()) this.#showOwn(evidence, peer);
  }

  /** To be called when all that an event brings is done: this node may have acknowledged more. */
  look(): void {
    const behind = this.#own.look();
    if (behind === undefined) return;
    for (const [node, word] of this.#newest)
      if (word.index > behind) this.#compareWithOwn({ node, word });
  }

  /** To be called at each tick: says when this node has stopped to sign, and when it signs again. */
  tick(): void {
    const { clock, alarms, logger } = this.#host;
    if (this.standing !== 'unconfirmed') {
      if (this.#isTold) logger.info('A majority confirms the log of this node again');
      this.#unconfirmedMs = undefined;
      this.#isTold = false;
      return;
    }
    this.#unconfirmedMs ??= clock.elapsed();
    if (this.#isTold || clock.elapsed() - this.#unconfirmedMs < UNCONFIRMED_TOLD_AFTER_MS) return;
    this.#isTold = true;
    const { contested } = this;
    alarms.raise(
      'No majority confirms the log of this node, which another contradicts',
      undefined,
      contested && factsOf(contested),
    );
  }

  /** Notes that the write which begins is to hold beside the log. */
  takeNotes(): readonly Note[] {
    return this.#book.takeNotes();
  }

  #compareWithOwn(said: Said): void {
    const { node, word } = said;
    if (!this.#own.contradict(word) || this.#suspected.has(`fork/${node}`)) return;
    const own = this.#own.at(word);
    this.#suspect(node, own && evidenceIn(said, { node: this.#host.raft.id, word: own }));
  }

  /** A voter that is known to contradict one other is not held against more of them. */
  #compareWithOthers(said: Said): void {
    const { node, word } = said;
    if (this.#book.all().some((each) => involves(each, node, word.term))) return;
    for (const [other, theirs] of this.#newest)
      if (other !== node) this.#suspect(node, evidenceIn(said, { node: other, word: theirs }));
  }

  #suspect(bringer: NodeId, evidence: ForkEvidence | undefined): void {
    if (evidence === undefined || !this.#book.lacks(evidence)) return;
    const name = `${liarIn(evidence) === undefined ? 'fork' : 'lie'}/${bringer}`;
    if (!this.#suspected.has(name)) this.#suspected.set(name, evidence);
    this.#verifying ??= this.#host.clock.after(FORK_VERIFY_AFTER_MS, () => {
      this.#verifying = undefined;
      const suspected = [...this.#suspected.values()];
      this.#suspected.clear();
      for (const each of suspected) this.#verify(each);
    });
  }

  #verify(evidence: ForkEvidence): void {
    const { first, second } = evidence;
    const isOfOthers = liarIn(evidence) === undefined && this.#ownIn(evidence) === undefined;
    // Meanwhile this node has acknowledged one of the two itself, and the other contradicts it.
    if (isOfOthers && this.#own.has(first.word)) return;
    const unsigned = [first, second].find((said) => !this.#isSigned(said));
    if (unsigned !== undefined)
      this.#host.alarms.raise('A voter has not signed what it says of its log', unsigned.node);
    else if (this.#book.lacks(evidence)) this.#found(evidence);
  }

  #found(evidence: ForkEvidence): void {
    const { alarms, raft } = this.#host;
    const { first, second } = evidence;
    this.#book.add(evidence);
    const liar = liarIn(evidence);
    if (liar !== undefined) {
      alarms.raise('A voter has acknowledged two logs of one term', liar, factsOf(evidence));
      return;
    }
    const other = first.node === raft.id ? second.node : first.node;
    const facts = factsOf(evidence);
    alarms.raise('Two voters have acknowledged different logs of one term', other, facts);
    this.#showOwn(evidence, other);
  }

  /** Shows `peer` this node's own word, where the other is its: so that it has the evidence, too. */
  #showOwn(evidence: ForkEvidence, peer: NodeId): void {
    const own = this.#ownIn(evidence);
    const { first, second } = evidence;
    if (own !== undefined && (first.node === peer || second.node === peer))
      this.#show(peer, own.word);
  }

  #ownIn({ first, second }: ForkEvidence): Said | undefined {
    return [first, second].find(({ node }) => node === this.#host.raft.id);
  }

  /** A word that this node has given before: late, and of no other meaning than then. */
  #show(to: NodeId, word: SignedAcknowledgement): void {
    const { raft, send } = this.#host;
    if (!raft.isWithheld) send({ type: 'acknowledgement', from: raft.id, to, ...word });
  }

  #isSigned({ node, word }: Said): boolean {
    return this.#signing.isSigned(node, { acknowledgement: word });
  }
}
