import { NO_WORDS } from './words.js';
import type { SignedAcknowledgement, SignedMark, SignedVote, SignedWords } from './words.js';

/** A word of the node itself that its disk contradicts. */
export type Proof =
  | { readonly kind: 'acknowledgement'; readonly word: SignedAcknowledgement }
  | { readonly kind: 'vote'; readonly word: SignedVote }
  | { readonly kind: 'checkpoint'; readonly word: SignedMark };

/** The one word that a proof is. */
export function wordsOf(proof: Proof): SignedWords {
  return { ...NO_WORDS, [proof.kind]: proof.word };
}

/** The proof that {@link wordsOf} was given. */
export function proofIn(words: SignedWords | undefined): Proof | undefined {
  if (words?.acknowledgement !== undefined)
    return { kind: 'acknowledgement', word: words.acknowledgement };
  if (words?.vote !== undefined) return { kind: 'vote', word: words.vote };
  if (words?.checkpoint !== undefined) return { kind: 'checkpoint', word: words.checkpoint };
  return undefined;
}

/** For a line of the log. */
export function factsOf(proof: Proof): Readonly<Record<string, string | number>> {
  const { kind, word } = proof;
  if (kind === 'vote') return { word: kind, term: word.term, candidate: word.candidate };
  const { term, index } = kind === 'checkpoint' ? word.mark : word;
  return { word: kind, term, index };
}
