import type { ClusterId, NodeId } from '../common/index.js';
import type { Signer } from '../ports/index.js';
import { bytesItem, textItem, transcript, u32Item, u64Item, u8Item } from '../wire/index.js';
import type { Acknowledgement } from './messages.js';

/** The form of the bytes that are signed. */
const FORM = 1;

/** The identity that stands behind what a node acknowledges. */
export type Identity = { readonly signer: Signer; readonly clusterId: ClusterId };

/** The bytes that `node` signs when it acknowledges its log: T("acknowledgement", …). The same for all receivers. */
export function acknowledgementBytes(
  clusterId: ClusterId,
  node: NodeId,
  said: Omit<Acknowledgement, 'type' | 'from' | 'to' | 'signature'>,
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

/** Signs what a node acknowledges when it leaves: once for all receivers of one batch. */
export class AcknowledgementSigner {
  readonly #identity: Identity;
  #last: Acknowledgement | undefined;

  constructor(identity: Identity) {
    this.#identity = identity;
  }

  signed(said: Acknowledgement): Acknowledgement {
    const last = this.#last;
    if (last !== undefined && isSame(last, said)) return { ...said, signature: last.signature };
    const { signer, clusterId } = this.#identity;
    const signature = signer.sign(acknowledgementBytes(clusterId, signer.node, said));
    this.#last = { ...said, signature };
    return this.#last;
  }
}

/** In one run of one node, whose log has one entry at an index in one term that it acknowledges. */
function isSame(one: Acknowledgement, other: Acknowledgement): boolean {
  return one.term === other.term && one.index === other.index && one.clockMs === other.clockMs;
}
