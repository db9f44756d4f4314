import { damagedLog, nodeId } from '../../common/index.js';
import type { NodeId } from '../../common/index.js';
import type { Note } from '../../ports/index.js';
import { isNewer } from '../acknowledgements.js';
import { wordsFromBytes, wordsToBytes } from './codec.js';
import { isOfThisLife, NO_WORDS, wordOf } from './words.js';
import type { SignedAcknowledgement, SignedVote, SignedWords } from './words.js';

/** Before the node in the name of a note. */
const NAME = 'words/';

/** Claims that `voter` has signed each of the words that are there. */
type IsSigned = (voter: NodeId, words: Partial<SignedWords>) => boolean;

/**
 * The newest acknowledgement and vote of each other voter: two words of each, however many it sends. A signature costs three
 * times as much to verify as to make, so it is verified when the word is to be kept: of a burst the last alone, and never
 * while a write is to begin.
 */
export class PeerRecords {
  readonly #kept = new Map<NodeId, SignedWords>();
  /** Words that are newer than those that are kept, and not verified yet. */
  readonly #heard = new Map<NodeId, SignedWords>();
  /** Voters of whom something is kept that no write has taken yet. */
  readonly #unwritten = new Set<NodeId>();
  readonly #isSigned: IsSigned;

  /**
   * @param loaded - All notes of the store.
   * @throws ClusterError `data-loss` for a note that {@link takeNotes} does not write.
   */
  constructor(loaded: ReadonlyMap<string, Uint8Array>, isSigned: IsSigned) {
    this.#isSigned = isSigned;
    for (const [name, bytes] of loaded) {
      if (!name.startsWith(NAME)) continue;
      const words = wordsFromBytes(bytes);
      if (words === undefined) throw damagedLog('A record of what a peer has said cannot be read');
      this.#kept.set(nodeId(name.slice(NAME.length)), words);
    }
  }

  /** @returns Whether it is newer than what was heard of the voter, by term, then index. */
  hearAcknowledgement(voter: NodeId, said: SignedAcknowledgement): boolean {
    const before = this.#newest(voter).acknowledgement;
    if (!isOfThisLife(said) || !isNewer(said, before)) return false;
    this.#hear(voter, { acknowledgement: wordOf(said) });
    return true;
  }

  /** @returns Whether it is of a later term than what was heard of the voter: of one term the first counts. */
  hearVote(voter: NodeId, said: SignedVote): boolean {
    const before = this.#newest(voter).vote;
    if (!isOfThisLife(said) || (before !== undefined && said.term <= before.term)) return false;
    const { term, candidate, incarnation, boot, order, signature } = said;
    this.#hear(voter, { vote: { term, candidate, incarnation, boot, order, signature } });
    return true;
  }

  /** The newest words of `voter` that are verified. */
  of(voter: NodeId): SignedWords {
    return this.#kept.get(voter) ?? NO_WORDS;
  }

  /**
   * Verifies the newest words of all voters, so that the next write can hold them. What does not hold is forgotten.
   *
   * @returns The voters that have not signed what they said, each once.
   */
  verifyAll(): NodeId[] {
    return [...this.#heard.keys()].filter((voter) => !this.verify(voter));
  }

  /** As {@link verifyAll}, of one voter. @returns Whether all that was heard of it is signed. */
  verify(voter: NodeId): boolean {
    const { acknowledgement, vote } = this.#heard.get(voter) ?? NO_WORDS;
    this.#heard.delete(voter);
    const before = this.of(voter);
    const holds = {
      acknowledgement: acknowledgement === undefined || this.#isSigned(voter, { acknowledgement }),
      vote: vote === undefined || this.#isSigned(voter, { vote }),
    };
    const kept = {
      ...before,
      ...(holds.acknowledgement && acknowledgement && { acknowledgement }),
      ...(holds.vote && vote && { vote }),
    };
    if (kept.acknowledgement !== before.acknowledgement || kept.vote !== before.vote) {
      this.#kept.set(voter, kept);
      this.#unwritten.add(voter);
    }
    return holds.acknowledgement && holds.vote;
  }

  /** Notes for the next write, of what is verified. From then on it counts as written. */
  takeNotes(): Note[] {
    const notes = [...this.#unwritten].map((voter): Note => {
      return [`${NAME}${voter}`, wordsToBytes(this.of(voter))];
    });
    this.#unwritten.clear();
    return notes;
  }

  #newest(voter: NodeId): SignedWords {
    const heard = this.#heard.get(voter);
    const kept = this.of(voter);
    return {
      ...NO_WORDS,
      acknowledgement: heard?.acknowledgement ?? kept.acknowledgement,
      vote: heard?.vote ?? kept.vote,
    };
  }

  #hear(voter: NodeId, words: Partial<SignedWords>): void {
    this.#heard.set(voter, { ...(this.#heard.get(voter) ?? NO_WORDS), ...words });
  }
}
