import type { NodeId, Term } from '../../common/index.js';
import type { SignedVote, SignedWords } from './words.js';

type Head<T extends string> = {
  readonly type: T;
  readonly from: NodeId;
  readonly to: NodeId;
  readonly term: Term;
};

/** A voter's signed word that it has voted in `term`. To every voter: it is no answer to a candidate. */
export type VoteWord = Head<'vote'> & Omit<SignedVote, 'term'>;

/** Asks for the newest words of its sender that the receiver has. */
export type RecordsRequest = Head<'records-request'> & {
  /** The run of the sender's process, 16 bytes. */
  readonly boot: Uint8Array;
};

/** The newest words of the receiver that the sender has. */
export type Records = Head<'records'> & {
  /** The receiver's run that they are shown to, 16 bytes. */
  readonly boot: Uint8Array;
  readonly words: SignedWords;
};

/** Messages of voters about what each has promised. The core of consensus sees none of them. */
export type EvidenceMessage = VoteWord | RecordsRequest | Records;

export function isOfEvidence(message: { readonly type: string }): message is EvidenceMessage {
  return TYPES.has(message.type);
}

const TYPES: ReadonlySet<string> = new Set<EvidenceMessage['type']>([
  'vote',
  'records-request',
  'records',
]);
