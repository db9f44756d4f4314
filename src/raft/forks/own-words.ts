import { equal } from '../../common/index.js';
import type { LogIndex, Millis, Term } from '../../common/index.js';
import { INCARNATION, ORDER } from '../acknowledge.js';
import type { Acknowledged } from '../acknowledgements.js';
import type { Signing } from '../evidence/signing.js';
import { wordOf } from '../evidence/words.js';
import type { SignedAcknowledgement } from '../evidence/words.js';
import type { Raft } from '../raft.js';
import { OwnAcknowledgements } from './own-hash.js';

/** In the place of the signature that is to be made. */
const UNSIGNED = new Uint8Array(64);

/** The acknowledgements of this node, to be held against what others have, and to be said again. */
export class OwnWords {
  readonly #raft: Raft;
  readonly #signing: Signing;
  readonly #now: () => Millis;
  readonly #said = new OwnAcknowledgements();

  /** @param now - The node's time, which does not jump. */
  constructor(raft: Raft, signing: Signing, now: () => Millis) {
    this.#raft = raft;
    this.#signing = signing;
    this.#now = now;
  }

  /** @returns The index behind which this node has acknowledged more than before, if it has. */
  look(): LogIndex | undefined {
    const { acknowledged } = this.#raft;
    if (acknowledged === undefined) return undefined;
    const before = this.#said.note(acknowledged);
    return before === acknowledged.index ? undefined : before;
  }

  /** Whether this node has acknowledged its log up to there in that term, whatever the hash. */
  has({ term, index }: Pick<Acknowledged, 'term' | 'index'>): boolean {
    return this.#hashAt(term, index) !== undefined;
  }

  /** Whether it is another log than this node has acknowledged in that term. */
  contradict({ term, index, hash }: Acknowledged): boolean {
    const ours = this.#hashAt(term, index);
    return ours !== undefined && !equal(ours, hash);
  }

  /** This node's signed word at an index up to which it has acknowledged its log. */
  at({ term, index }: Pick<Acknowledged, 'term' | 'index'>): SignedAcknowledgement | undefined {
    const hash = this.#hashAt(term, index);
    if (hash === undefined) return undefined;
    const { id } = this.#raft;
    const { boot } = this.#raft.standing();
    const speaker = { incarnation: INCARNATION, boot, order: ORDER, signature: UNSIGNED };
    const said = { term, index, hash, clockMs: this.#now(), ...speaker };
    return wordOf(
      this.#signing.acknowledgement({ type: 'acknowledgement', from: id, to: id, ...said }),
    );
  }

  #hashAt(term: Term, index: LogIndex): Uint8Array | undefined {
    const raft = this.#raft;
    const log = { last: raft.lastIndex, hashAt: (at: LogIndex) => raft.hashAt(at) };
    return this.#said.hashAt(log, term, index);
  }
}
