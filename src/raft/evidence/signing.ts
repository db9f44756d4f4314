import type { NodeId, Term } from '../../common/index.js';
import { INCARNATION, ORDER } from '../acknowledge.js';
import { markBytes } from '../checkpoints/mark.js';
import type { Acknowledgement } from '../messages.js';
import type { EvidenceParts } from './parts.js';
import { acknowledgementBytes, voteBytes } from './words.js';
import type { SignedAcknowledgement, SignedVote, SignedWords } from './words.js';

/** Signs this node's words, and verifies those of all voters. */
export class Signing {
  readonly #parts: EvidenceParts;
  readonly #boot: Uint8Array;
  /** The last acknowledgement that was signed. */
  #last: Pick<SignedAcknowledgement, 'term' | 'index' | 'clockMs' | 'signature'> | undefined;

  constructor(parts: EvidenceParts, boot: Uint8Array) {
    this.#parts = parts;
    this.#boot = boot;
  }

  /** The acknowledgement with this node's signature. One serves for all receivers. */
  acknowledgement(said: Acknowledgement): Acknowledgement {
    const { term, index, clockMs } = said;
    const last = this.#last;
    if (last?.term === term && last.index === index && last.clockMs === clockMs)
      return { ...said, signature: last.signature };
    const { signer, electorate } = this.#parts;
    const signature = signer.sign(acknowledgementBytes(electorate.clusterId, signer.node, said));
    this.#last = { term, index, clockMs, signature };
    return { ...said, signature };
  }

  vote(term: Term, candidate: NodeId): SignedVote {
    const { signer, electorate } = this.#parts;
    const said = { term, candidate, incarnation: INCARNATION, boot: this.#boot, order: ORDER };
    return { ...said, signature: signer.sign(voteBytes(electorate.clusterId, signer.node, said)) };
  }

  /** Claims that `node`, a voter, has signed each of the words that are there. Never throws. */
  isSigned(node: NodeId, { acknowledgement, vote, checkpoint }: Partial<SignedWords>): boolean {
    const { verify, electorate } = this.#parts;
    const { clusterId, keys } = electorate;
    const key = keys.get(node);
    if (key === undefined) return false;
    const signed: (readonly [bytes: Uint8Array, signature: Uint8Array])[] = [];
    if (acknowledgement !== undefined)
      signed.push([
        acknowledgementBytes(clusterId, node, acknowledgement),
        acknowledgement.signature,
      ]);
    if (vote !== undefined) signed.push([voteBytes(clusterId, node, vote), vote.signature]);
    if (checkpoint !== undefined)
      signed.push([markBytes(clusterId, node, checkpoint.mark), checkpoint.signature]);
    return signed.every(([bytes, signature]) => verify(key, bytes, signature));
  }
}
