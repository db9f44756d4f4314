import { utf8 } from '../common/index.js';
import { encodeBigEndian, shake256 } from '../crypto/index.js';
import { integerItem, signedItem, transcript, type Item } from '../wire/index.js';

const PREFIX = utf8('GG20H/1');

/** T(label, items) of this protocol: LP("GG20H/1") ‖ LP(label) ‖ u32be(count) ‖ items. */
export function gg20Transcript(label: string, items: readonly Item[]): Uint8Array {
  return transcript(label, items, PREFIX);
}

/** XOF(label, items, length) of this protocol: SHAKE256 of its T. */
export function gg20Xof(label: string, items: readonly Item[], length: number): Uint8Array {
  return shake256(gg20Transcript(label, items), length);
}

/** A whole number ≥ 0 in `width` bytes. */
export function numberItem(value: bigint, width: number): Item {
  return integerItem(encodeBigEndian(value, width));
}

/** A whole number as a byte for its sign, 01 below 0, and `width` bytes. */
export function signedNumberItem(value: bigint, width: number): Item {
  return signedItem(encodeSigned(value, width));
}

/** 00 or, below 0, 01; then the magnitude. */
export function encodeSigned(value: bigint, width: number): Uint8Array {
  const bytes = new Uint8Array(1 + width);
  bytes[0] = value < 0n ? 1 : 0;
  bytes.set(encodeBigEndian(value < 0n ? -value : value, width), 1);
  return bytes;
}
