import { equal, compareText } from '../../common/index.js';
import type { ClusterId, LogIndex, Millis, NodeId, Term } from '../../common/index.js';
import { sha256 } from '../../crypto/index.js';
import type { Verify } from '../../ports/index.js';
import {
  bytesItem,
  listItem,
  textItem,
  transcript,
  u32Item,
  u64Item,
  u8Item,
} from '../../wire/index.js';
import { INCARNATION, ORDER } from '../acknowledge.js';
import { majorityOf } from '../quorum.js';

/** The form of the bytes that are signed. */
const FORM = 1;

/** The words that voters sign at a checkpoint: an entry, the state that applying it has left, and who the voters are. */
export type Mark = {
  readonly index: LogIndex;
  readonly term: Term;
  readonly timeMs: Millis;
  /** The chain's at `index`. 32 bytes, as the others. */
  readonly hash: Uint8Array;
  readonly stateHash: Uint8Array;
  readonly membersHash: Uint8Array;
};

/** The words of several voters on one mark, in bytewise order of their ids. */
export type Certificate = {
  readonly mark: Mark;
  readonly signatures: readonly { readonly node: NodeId; readonly signature: Uint8Array }[];
};

/** The voters with their identity keys, as this node's own state has them. */
export type Electorate = {
  readonly clusterId: ClusterId;
  readonly keys: ReadonlyMap<NodeId, Uint8Array>;
};

/** SHA-256(T("members", [list of [text node id, bytes identity key]])), in bytewise order of ids. */
export function membersHash({ keys }: Electorate): Uint8Array {
  const items = [...keys]
    .sort(([a], [b]) => compareText(a, b))
    .map(([node, key]) => listItem([textItem(node), bytesItem(key)]));
  return sha256(transcript('members', [listItem(items)]));
}

/** The bytes that `node` signs: T("checkpoint", …). */
export function markBytes(clusterId: ClusterId, node: NodeId, mark: Mark): Uint8Array {
  return transcript('checkpoint', [
    u8Item(FORM),
    textItem(clusterId),
    textItem(node),
    u32Item(INCARNATION),
    u64Item(ORDER),
    u64Item(mark.index),
    u64Item(mark.term),
    u64Item(mark.timeMs),
    bytesItem(mark.hash),
    bytesItem(mark.stateHash),
    bytesItem(mark.membersHash),
  ]);
}

export function isSameMark(one: Mark, other: Mark): boolean {
  return (
    one.index === other.index &&
    one.term === other.term &&
    one.timeMs === other.timeMs &&
    equal(one.hash, other.hash) &&
    equal(one.stateHash, other.stateHash) &&
    equal(one.membersHash, other.membersHash)
  );
}

/** So many signatures make a certificate: of a majority, and of more nodes than can be malicious, so that an honest one is among them. */
export function signaturesNeeded({ keys }: Electorate, highestThreshold: number): number {
  return Math.max(majorityOf(keys.size), highestThreshold);
}

/** Claims that `node` has signed `mark`. Never throws. */
export function isSigned(
  electorate: Electorate,
  node: NodeId,
  mark: Mark,
  signature: Uint8Array,
  verify: Verify['identity'],
): boolean {
  const key = electorate.keys.get(node);
  return key !== undefined && verify(key, markBytes(electorate.clusterId, node, mark), signature);
}

/** Claims that enough voters of this node's own list have signed, each once, and nobody else. Never throws. */
export function isCertified(
  electorate: Electorate,
  needed: number,
  { mark, signatures }: Certificate,
  verify: Verify['identity'],
): boolean {
  if (!equal(mark.membersHash, membersHash(electorate))) return false;
  // Counted first: a verification costs something.
  if (signatures.length < needed || signatures.length > electorate.keys.size) return false;
  return signatures.every(
    ({ node, signature }, at) =>
      compareText(signatures[at - 1]?.node ?? '', node) < 0 &&
      isSigned(electorate, node, mark, signature, verify),
  );
}
