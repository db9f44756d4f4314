import { concat, u32be, u64be, utf8 } from '../common/index.js';

/** A value that is hashed or signed, already in its item form: tag ‖ LP(value). */
export type Item = Uint8Array;

/** LP(x) = u64be(length) ‖ x. */
export function lengthPrefixed(bytes: Uint8Array): Uint8Array {
  return concat(u64be(bytes.length), bytes);
}

function item(tag: number, bytes: Uint8Array): Item {
  // In one step: `bytes` may be a secret, and a copy in between would outlive it.
  return concat(Uint8Array.of(tag), u64be(bytes.length), bytes);
}

/** Hashes, session ids, keys, boots, scalars, message bodies. */
export function bytesItem(bytes: Uint8Array): Item {
  return item(0x01, bytes);
}

/** A whole number, 0 or more, highest byte first, in a width that public facts alone fix. */
export function integerItem(bytes: Uint8Array): Item {
  return item(0x02, bytes);
}

/** Round, form, hash: 1 byte. */
export function u8Item(value: number): Item {
  return item(0x02, Uint8Array.of(value));
}

/** Party index, threshold: 2 bytes. */
export function u16Item(value: number): Item {
  return item(0x02, Uint8Array.of(value >> 8, value & 0xff));
}

/** Attempt number, version: 4 bytes. */
export function u32Item(value: number): Item {
  return item(0x02, u32be(value));
}

/** Counter, log index, term, time, expiry: 8 bytes. */
export function u64Item(value: number | bigint): Item {
  return item(0x02, u64be(value));
}

/** A group element in the suite's length. */
export function pointItem(encoded: Uint8Array): Item {
  return item(0x03, encoded);
}

/** u32be(count) ‖ items. */
export function listItem(items: readonly Item[]): Item {
  return item(0x04, concat(u32be(items.length), ...items));
}

/** Text, ids, method, kind, algorithm: UTF-8. */
export function textItem(text: string): Item {
  return item(0x05, utf8(text));
}

/** A whole number with its sign: 00, or 01 for one below 0, and its magnitude as of {@link integerItem}. */
export function signedItem(bytes: Uint8Array): Item {
  return item(0x06, bytes);
}

const PREFIX = utf8('quorate/1');

/**
 * T(label, items) = LP(prefix) ‖ LP(label) ‖ u32be(count) ‖ items: one reading only, for hashes and signatures.
 *
 * @param prefix - "quorate/1", or that of a protocol with transcripts of its own.
 */
export function transcript(
  label: string,
  items: readonly Item[],
  prefix: Uint8Array = PREFIX,
): Uint8Array {
  return concat(lengthPrefixed(prefix), lengthPrefixed(utf8(label)), u32be(items.length), ...items);
}
