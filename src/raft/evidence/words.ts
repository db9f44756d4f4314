import type { ClusterId, NodeId, Term } from '../../common/index.js';
import { bytesItem, textItem, transcript, u32Item, u64Item, u8Item } from '../../wire/index.js';
import { INCARNATION, ORDER } from '../acknowledge.js';
import type { Mark } from '../checkpoints/mark.js';
import type { Acknowledgement } from '../messages.js';

/** The form of the bytes that are signed. */
const FORM = 1;

/** An acknowledgement without its receiver: the same for all. */
export type SignedAcknowledgement = Pick<
  Acknowledgement,
  'term' | 'index' | 'hash' | 'clockMs' | 'incarnation' | 'boot' | 'order' | 'signature'
>;

/** A voter's word that it has voted for `candidate` in `term`, itself perhaps. */
export type SignedVote = {
  readonly term: Term;
  readonly candidate: NodeId;
  readonly incarnation: number;
  /** 16 bytes. */
  readonly boot: Uint8Array;
  readonly order: number;
  /** 64 bytes. */
  readonly signature: Uint8Array;
};

export type SignedMark = { readonly mark: Mark; readonly signature: Uint8Array };

/** The newest signed words of one voter that another has. */
export type SignedWords = {
  readonly acknowledgement: SignedAcknowledgement | undefined;
  readonly vote: SignedVote | undefined;
  /** Its state at a checkpoint. */
  readonly checkpoint: SignedMark | undefined;
};

export const NO_WORDS: SignedWords = {
  acknowledgement: undefined,
  vote: undefined,
  checkpoint: undefined,
};

/** The word alone. Copies: it may be kept, and its bytes are parts of all that came with it. */
export function wordOf(said: SignedAcknowledgement): SignedAcknowledgement {
  const { term, index, clockMs, incarnation, order } = said;
  const [hash, boot, signature] = [said.hash.slice(), said.boot.slice(), said.signature.slice()];
  return { term, index, hash, clockMs, incarnation, boot, order, signature };
}

/** The bytes that `node` signs when it acknowledges its log: T("acknowledgement", …). The same for all receivers. */
export function acknowledgementBytes(
  clusterId: ClusterId,
  node: NodeId,
  said: Omit<SignedAcknowledgement, 'signature'>,
): Uint8Array {
  return transcript('acknowledgement', [
    u8Item(FORM),
    textItem(clusterId),
    textItem(node),
    u32Item(said.incarnation),
    u64Item(said.order),
    bytesItem(said.boot),
    u64Item(said.term),
    u64Item(said.index),
    bytesItem(said.hash),
    u64Item(said.clockMs),
  ]);
}

/** The bytes that `node` signs when it has voted: T("vote", …). */
export function voteBytes(
  clusterId: ClusterId,
  node: NodeId,
  said: Omit<SignedVote, 'signature'>,
): Uint8Array {
  return transcript('vote', [
    u8Item(FORM),
    textItem(clusterId),
    textItem(node),
    u32Item(said.incarnation),
    u64Item(said.order),
    bytesItem(said.boot),
    u64Item(said.term),
    textItem(said.candidate),
  ]);
}

/** Whether a word is of this life of a data directory, and of this order: across them nothing counts. */
export function isOfThisLife(said: {
  readonly incarnation: number;
  readonly order: number;
}): boolean {
  return said.incarnation === INCARNATION && said.order === ORDER;
}
