import type { NodeId, Term } from '../../common/index.js';
import type { SignedVote } from './words.js';

type Head<T extends string> = {
  readonly type: T;
  readonly from: NodeId;
  readonly to: NodeId;
  readonly term: Term;
};

/** A voter's signed word that it has voted in `term`. To every voter: it is no answer to a candidate. */
export type VoteWord = Head<'vote'> & Omit<SignedVote, 'term'>;

/** Messages of voters about what each has promised. The core of consensus sees none of them. */
export type EvidenceMessage = VoteWord;

export function isOfEvidence(message: { readonly type: string }): message is EvidenceMessage {
  return message.type === 'vote';
}
