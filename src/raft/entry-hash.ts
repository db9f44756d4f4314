import { sha256 } from '../crypto/index.js';
import type { Entry, EntryKind } from '../ports/index.js';

export const HASH_BYTES = 32;
/** The hash before the genesis. Never altered. */
export const ZERO_HASH = new Uint8Array(HASH_BYTES);

/** An entry's kind is its position here: the number that is hashed, sent and stored. */
export const ENTRY_KINDS: readonly EntryKind[] = ['genesis', 'no-op', 'command', 'member'];

export type EntryFields = Omit<Entry, 'hash'>;

const FIXED_BYTES = HASH_BYTES + 8 + 8 + 1 + 8;

/**
 * SHA-256(previous hash ‖ u64 index ‖ u64 term ‖ u8 kind ‖ u64 time ‖ payload): one value that stands for the
 * whole log up to this entry, and its checksum.
 */
export function entryHash(previous: Uint8Array, fields: EntryFields): Uint8Array {
  const bytes = new Uint8Array(FIXED_BYTES + fields.payload.length);
  const view = new DataView(bytes.buffer);
  bytes.set(previous, 0);
  view.setBigUint64(HASH_BYTES, BigInt(fields.index));
  view.setBigUint64(HASH_BYTES + 8, BigInt(fields.term));
  view.setUint8(HASH_BYTES + 16, ENTRY_KINDS.indexOf(fields.kind));
  view.setBigUint64(HASH_BYTES + 17, BigInt(fields.timeMs));
  bytes.set(fields.payload, FIXED_BYTES);
  return sha256(bytes);
}

/** The entry with its place in the chain. */
export function sealEntry(previous: Uint8Array, fields: EntryFields): Entry {
  return { ...fields, hash: entryHash(previous, fields) };
}
