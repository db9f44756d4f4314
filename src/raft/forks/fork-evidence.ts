import { compareText, equal, toHex } from '../../common/index.js';
import type { LogIndex, NodeId, Term } from '../../common/index.js';
import type { LogFields } from '../../ports/index.js';
import type { SignedAcknowledgement } from '../evidence/words.js';

/** An acknowledgement, and the voter that is said to have signed it. */
export type Said = { readonly node: NodeId; readonly word: SignedAcknowledgement };

/**
 * Two acknowledgements of one term and index with different hashes, in bytewise order of their nodes. Of two nodes they show a
 * fork: two logs of one leader, which an honest one does not have. Of one node they prove that it has lied.
 */
export type ForkEvidence = { readonly first: Said; readonly second: Said };

/**
 * What two words prove together, if anything. Of different terms or orders they are ordinary Raft: what was acknowledged in one
 * term can be replaced in a later one. Signatures are the caller's to verify.
 */
export function evidenceIn(one: Said, other: Said): ForkEvidence | undefined {
  const [a, b] = [one.word, other.word];
  if (a.order !== b.order || a.term !== b.term || a.index !== b.index) return undefined;
  // Another life of one node has another log. Those of two nodes have nothing to do with each other.
  if (one.node === other.node && a.incarnation !== b.incarnation) return undefined;
  if (equal(a.hash, b.hash)) return undefined;
  const isInOrder = compareText(one.node, other.node) <= 0;
  return isInOrder ? { first: one, second: other } : { first: other, second: one };
}

/** Claims that evidence is what it says: a contradiction, signed on both sides. For whoever is shown it. */
export function isProved(
  { first, second }: ForkEvidence,
  isSigned: (said: Said) => boolean,
): boolean {
  return evidenceIn(first, second) !== undefined && isSigned(first) && isSigned(second);
}

/** The node that two words of its own prove to have lied. */
export function liarIn({ first, second }: ForkEvidence): NodeId | undefined {
  return first.node === second.node ? first.node : undefined;
}

/** Whether it shows a fork of `node`'s log from another's, in `term` or later. */
export function involves(evidence: ForkEvidence, node: NodeId, term: Term): boolean {
  const { first, second } = evidence;
  if (liarIn(evidence) !== undefined || first.word.term < term) return false;
  return first.node === node || second.node === node;
}

/** The name of the two nodes: there is one piece of evidence for each at a time. */
export function pairOf({ first, second }: ForkEvidence): string {
  return `${first.node}/${second.node}`;
}

/**
 * Up to here a majority must have this node's log, for it to be confirmed: the highest index about which two nodes contradict
 * each other, as far as the log goes. 0 where nothing is contested. What proves one node a liar contests nothing.
 */
export function contestedUpTo(evidence: Iterable<ForkEvidence>, last: LogIndex): LogIndex {
  let highest: LogIndex = 0;
  for (const each of evidence) {
    const { index } = each.first.word;
    if (liarIn(each) === undefined && index <= last) highest = Math.max(highest, index);
  }
  return highest;
}

/** The facts of a line about it. */
export function factsOf({ first, second }: ForkEvidence): LogFields {
  const { term, index } = first.word;
  return {
    first: first.node,
    second: second.node,
    of_term: term,
    index,
    first_hash: toHex(first.word.hash),
    second_hash: toHex(second.word.hash),
  };
}
