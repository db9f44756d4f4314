import { equal } from '../../common/index.js';
import type { LogIndex, NodeId, Term } from '../../common/index.js';
import type { Proof } from './proof.js';
import { isOfThisLife } from './words.js';
import type { SignedAcknowledgement, SignedMark, SignedVote, SignedWords } from './words.js';

/** The disk of a node when its run began. */
export type Standing = {
  /** The run, 16 bytes. */
  readonly boot: Uint8Array;
  readonly term: Term;
  readonly votedFor: NodeId | undefined;
  /** The last entry of the log. */
  readonly last: LogIndex;
};

/** The log as it is now. */
export type LogNow = {
  readonly term: Term;
  /** The last entry that was removed: nothing up to it can be compared. */
  readonly base: LogIndex;
  readonly last: LogIndex;
  /** `undefined` where the log has no such entry. Behind `base`. */
  hashAt(index: LogIndex): Uint8Array | undefined;
};

/**
 * The word among these, said to be the node's own, that its disk cannot have lost lawfully. Only what is durable before it is
 * said is looked at, and only where nothing takes it back: so a node that has lost nothing is never convicted. Signatures are
 * the caller's to verify.
 *
 * A word of the run that is judged proves nothing. One of another run was said before this one began, by this disk or by a
 * process beside it, and is held against what the disk had then.
 */
export function convict(words: SignedWords, standing: Standing, log: LogNow): Proof | undefined {
  const { acknowledgement, vote, checkpoint } = words;
  if (acknowledgement !== undefined && contradictsLog(acknowledgement, standing, log))
    return { kind: 'acknowledgement', word: acknowledgement };
  if (vote !== undefined && contradictsVote(vote, standing)) return { kind: 'vote', word: vote };
  if (checkpoint !== undefined && contradictsCommitted(checkpoint, log))
    return { kind: 'checkpoint', word: checkpoint };
  return undefined;
}

/** An acknowledgement of an earlier term convicts nobody: what it spoke of may have been truncated in a later one. */
function contradictsLog(said: SignedAcknowledgement, standing: Standing, log: LogNow): boolean {
  if (!isOfThisLife(said) || equal(said.boot, standing.boot)) return false;
  if (said.term !== standing.term) return said.term > standing.term;
  if (said.index <= log.base) return false;
  // In its term nothing that was acknowledged goes. Since then, in a later one, it may have.
  if (said.index > standing.last) return true;
  return log.term === said.term && differs(log.hashAt(said.index), said.hash);
}

function contradictsVote(said: SignedVote, standing: Standing): boolean {
  if (!isOfThisLife(said) || equal(said.boot, standing.boot)) return false;
  if (said.term !== standing.term) return said.term > standing.term;
  return said.candidate !== standing.votedFor;
}

/** Applied entries are committed, and stay. So it does not matter in which run this was signed. */
function contradictsCommitted({ mark }: SignedMark, log: LogNow): boolean {
  if (mark.index <= log.base) return false;
  return mark.index > log.last || differs(log.hashAt(mark.index), mark.hash);
}

function differs(ours: Uint8Array | undefined, said: Uint8Array): boolean {
  return ours === undefined || !equal(ours, said);
}
