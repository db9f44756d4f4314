import type { LogIndex, NodeId, Term } from '../../common/index.js';
import type { Certificate, Mark } from './mark.js';

type Head<T extends string> = {
  readonly type: T;
  readonly from: NodeId;
  readonly to: NodeId;
  readonly term: Term;
};

/** A voter's word on the state that it has computed itself. */
export type CheckpointSignature = Head<'checkpoint-signature'> & {
  readonly mark: Mark;
  readonly signature: Uint8Array;
  /** Its sender has no certificate of it yet. */
  readonly wanted: boolean;
};

/** A state that was certified: the length of its stream and the chain of its chunks, which make its state hash. */
export type Snapshot = {
  readonly certificate: Certificate;
  readonly bytes: number;
  readonly chain: Uint8Array;
};

/** A leader offers what a voter needs that lacks entries which are removed. */
export type SnapshotOffer = Head<'snapshot-offer'> & { readonly snapshot: Snapshot };

export type SnapshotRequest = Head<'snapshot-request'> & {
  readonly index: LogIndex;
  readonly stateHash: Uint8Array;
  readonly offset: number;
};

export type SnapshotChunk = Head<'snapshot-chunk'> & {
  readonly index: LogIndex;
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
};

/** The offer is not needed: the log of the sender has what is behind `index`, which is committed, or goes on from there. */
export type SnapshotHeld = Head<'snapshot-held'> & { readonly index: LogIndex };

/** Messages of voters about their states. None of it is about terms or the log, and the core of consensus sees none. */
export type CheckpointMessage =
  CheckpointSignature | SnapshotOffer | SnapshotRequest | SnapshotChunk | SnapshotHeld;

export function isOfCheckpoints(message: { readonly type: string }): message is CheckpointMessage {
  return TYPES.has(message.type);
}

const TYPES: ReadonlySet<string> = new Set<CheckpointMessage['type']>([
  'checkpoint-signature',
  'snapshot-offer',
  'snapshot-request',
  'snapshot-chunk',
  'snapshot-held',
]);
