import { isId, nodeId } from '../../common/index.js';
import type { NodeId, Term } from '../../common/index.js';
import { decode, encode, SnapshotOffer as WireSnapshot } from '../../wire/index.js';
import type {
  CheckpointCertificate as WireCertificate,
  CheckpointMark as WireMark,
  RaftMessage as WireMessage,
} from '../../wire/index.js';
import { HASH_BYTES } from '../entry-hash.js';
import { integer } from '../integer.js';
import { VOTERS_MAX } from '../limits.js';
import { CHUNK_BYTES, STATE_BYTES_MAX } from './limits.js';
import type { Certificate, Mark } from './mark.js';
import type { CheckpointMessage, Snapshot } from './messages.js';

const SIGNATURE_BYTES = 64;

type Wire = NonNullable<WireMessage['message']>;
type CheckpointCase =
  'checkpointSignature' | 'snapshotOffer' | 'snapshotRequest' | 'snapshotChunk' | 'snapshotHeld';
type CheckpointWire = Extract<Wire, { readonly $case: CheckpointCase }>;

export function checkpointToWire(message: CheckpointMessage): CheckpointWire {
  switch (message.type) {
    case 'checkpoint-signature': {
      const { mark, signature, wanted } = message;
      return { $case: 'checkpointSignature', value: { mark: markToWire(mark), signature, wanted } };
    }
    case 'snapshot-offer':
      return { $case: 'snapshotOffer', value: snapshotToWire(message.snapshot) };
    case 'snapshot-request': {
      const { index, stateHash, offset } = message;
      const value = { index: BigInt(index), stateHash, offset: BigInt(offset) };
      return { $case: 'snapshotRequest', value };
    }
    case 'snapshot-chunk': {
      const { index, offset, bytes, hash } = message;
      return {
        $case: 'snapshotChunk',
        value: { index: BigInt(index), offset: BigInt(offset), bytes, hash },
      };
    }
    case 'snapshot-held':
      return { $case: 'snapshotHeld', value: { index: BigInt(message.index) } };
  }
}

type Head = { readonly from: NodeId; readonly to: NodeId; readonly term: Term };

/** `undefined` for what no correct node sends. */
export function checkpointFromWire(
  head: Head,
  wire: CheckpointWire,
): CheckpointMessage | undefined {
  switch (wire.$case) {
    case 'checkpointSignature': {
      const mark = markFromWire(wire.value.mark);
      const { signature, wanted } = wire.value;
      if (mark === undefined || signature.length !== SIGNATURE_BYTES) return undefined;
      return { type: 'checkpoint-signature', ...head, mark, signature, wanted };
    }
    case 'snapshotOffer': {
      const snapshot = snapshotFromWire(wire.value);
      return snapshot && { type: 'snapshot-offer', ...head, snapshot };
    }
    case 'snapshotRequest': {
      const [index, offset] = [integer(wire.value.index), integer(wire.value.offset)];
      const { stateHash } = wire.value;
      if (!(index >= 1) || !isOffset(offset) || stateHash.length !== HASH_BYTES) return undefined;
      return { type: 'snapshot-request', ...head, index, stateHash, offset };
    }
    case 'snapshotChunk': {
      const [index, offset] = [integer(wire.value.index), integer(wire.value.offset)];
      const { bytes, hash } = wire.value;
      if (!(index >= 1) || !isOffset(offset) || hash.length !== HASH_BYTES) return undefined;
      if (bytes.length === 0 || bytes.length > CHUNK_BYTES) return undefined;
      return { type: 'snapshot-chunk', ...head, index, offset, bytes, hash };
    }
    case 'snapshotHeld': {
      const index = integer(wire.value.index);
      return index >= 1 ? { type: 'snapshot-held', ...head, index } : undefined;
    }
  }
}

/** A snapshot's certificate as it is stored beside its state: `01` ‖ an encoded `SnapshotOffer`. */
export function snapshotToBytes(snapshot: Snapshot): Uint8Array {
  const content = encode(WireSnapshot, snapshotToWire(snapshot));
  return Uint8Array.of(SNAPSHOT_FORM, ...content);
}

const SNAPSHOT_FORM = 1;

/** `undefined` for bytes that {@link snapshotToBytes} does not write. */
export function snapshotFromBytes(bytes: Uint8Array): Snapshot | undefined {
  if (bytes[0] !== SNAPSHOT_FORM) return undefined;
  const wire = decode(WireSnapshot, bytes.subarray(1));
  return wire && snapshotFromWire(wire);
}

function isOffset(offset: number): boolean {
  return offset >= 0 && offset < STATE_BYTES_MAX && offset % CHUNK_BYTES === 0;
}

export function markToWire(mark: Mark): WireMark {
  const { index, term, timeMs, hash, stateHash, membersHash } = mark;
  const place = { index: BigInt(index), term: BigInt(term), timeMs: BigInt(timeMs) };
  return { ...place, hash, stateHash, membersHash };
}

export function markFromWire(wire: WireMark | undefined): Mark | undefined {
  if (wire === undefined) return undefined;
  const [index, term, timeMs] = [integer(wire.index), integer(wire.term), integer(wire.timeMs)];
  const { hash, stateHash, membersHash } = wire;
  if (!(index >= 1) || !(term >= 1) || Number.isNaN(timeMs)) return undefined;
  if ([hash, stateHash, membersHash].some(({ length }) => length !== HASH_BYTES)) return undefined;
  // Copies: they may be kept, and are parts of all that came with them.
  return {
    index,
    term,
    timeMs,
    hash: hash.slice(),
    stateHash: stateHash.slice(),
    membersHash: membersHash.slice(),
  };
}

function snapshotToWire({ certificate, bytes, chain }: Snapshot): WireSnapshot {
  const { mark, signatures } = certificate;
  return {
    certificate: {
      mark: markToWire(mark),
      signatures: signatures.map(({ node, signature }) => ({ nodeId: node, signature })),
    },
    bytes: BigInt(bytes),
    chain,
  };
}

function snapshotFromWire(wire: WireSnapshot): Snapshot | undefined {
  const bytes = integer(wire.bytes);
  const certificate = certificateFromWire(wire.certificate);
  if (certificate === undefined || !(bytes >= 1) || bytes > STATE_BYTES_MAX) return undefined;
  if (wire.chain.length !== HASH_BYTES) return undefined;
  return { certificate, bytes, chain: wire.chain.slice() };
}

function certificateFromWire(wire: WireCertificate | undefined): Certificate | undefined {
  const mark = markFromWire(wire?.mark);
  const signed = wire?.signatures ?? [];
  if (mark === undefined || signed.length > VOTERS_MAX) return undefined;
  const isWell = signed.every(
    ({ nodeId: node, signature }) => isId(node) && signature.length === SIGNATURE_BYTES,
  );
  if (!isWell) return undefined;
  const signatures = signed.map(({ nodeId: node, signature }) => ({
    node: nodeId(node),
    signature: signature.slice(),
  }));
  return { mark, signatures };
}
