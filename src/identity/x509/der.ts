/** The fault in bytes that should be a certificate. Thrown inside this folder, and caught where it is entered. */
export class Malformed extends Error {}

export function malformed(why: string): never {
  throw new Malformed(why);
}

/** The tags that certificates of the narrow profile use (X.680 §8.4). */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  printable: 0x13,
  ia5: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/**
 * Reads values of DER one behind the other: one tag byte, a definite length in its shortest form, the contents (X.690
 * §8.1, §10.1). Any other bytes are {@link Malformed}.
 */
export class Der {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** All is read. */
  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Whether a value with this tag comes next. */
  next(tag: number): boolean {
    return this.#bytes[this.#at] === tag;
  }

  /** The contents of the next value, which must have this tag. */
  take(tag: number, what: string): Uint8Array {
    if (!this.next(tag)) malformed(`${what} is missing or of another type`);
    this.#at += 1;
    const length = this.#length(what);
    const contents = this.#bytes.subarray(this.#at, this.#at + length);
    if (contents.length < length) malformed(`${what} is cut off`);
    this.#at += length;
    return contents;
  }

  /** The next value with its tag and length. */
  whole(tag: number, what: string): Uint8Array {
    const from = this.#at;
    this.take(tag, what);
    return this.#bytes.subarray(from, this.#at);
  }

  /** Reads the contents of the next value with `read`, which must leave nothing over. */
  inside<T>(tag: number, what: string, read: (inner: Der) => T): T {
    return readAll(this.take(tag, what), what, read);
  }

  #length(what: string): number {
    const first = this.#byte(what);
    if (first < 0x80) return first;
    // 0x80 is the indefinite length of BER, and nothing here needs more than two bytes.
    const count = first === 0x81 || first === 0x82 ? first - 0x80 : 0;
    let length = 0;
    for (let at = 0; at < count; at++) length = length * 256 + this.#byte(what);
    const shortest = length >= (count === 1 ? 0x80 : 0x100);
    return shortest ? length : malformed(`${what} has a length that is not DER`);
  }

  #byte(what: string): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) return malformed(`${what} is cut off`);
    this.#at += 1;
    return byte;
  }
}

/** Reads all of `bytes` with `read`. */
export function readAll<T>(bytes: Uint8Array, what: string, read: (all: Der) => T): T {
  const all = new Der(bytes);
  const value = read(all);
  if (!all.done) malformed(`${what} has bytes left over`);
  return value;
}

/** An integer that is not negative, without the byte for its sign (X.690 §8.3). */
export function unsigned(der: Der, what: string): Uint8Array {
  const bytes = der.take(TAG.integer, what);
  const [first, second] = bytes;
  if (first === undefined) return malformed(`${what} is empty`);
  if (first >= 0x80) malformed(`${what} is negative`);
  if (first !== 0 || second === undefined) return bytes;
  if (second < 0x80) malformed(`${what} is longer than it need be`);
  return bytes.subarray(1);
}

/** An object identifier: each of its numbers in the fewest bytes (X.690 §8.19). As its bytes. */
export function objectIdentifier(der: Der, what: string): Uint8Array {
  const bytes = der.take(TAG.oid, what);
  let begins = true;
  for (const byte of bytes) {
    if (begins && byte === 0x80) malformed(`${what} is longer than it need be`);
    begins = byte < 0x80;
  }
  if (bytes.length === 0 || !begins) malformed(`${what} is cut off`);
  return bytes;
}

/** A list of named bits: the highest one that is set ends it (X.690 §11.2.2). Bit 0 is the first. */
export function namedBits(der: Der, what: string): (bit: number) => boolean {
  const [unused, ...bytes] = der.take(TAG.bits, what);
  const last = bytes.at(-1);
  // The lowest bit that counts is set, those below it are not: so there is one spelling only.
  const shortest =
    unused === undefined || last === undefined
      ? unused === 0
      : unused < 8 && last !== 0 && (last & -last) === 1 << unused;
  if (!shortest) malformed(`${what} is not a list of bits in DER`);
  return (bit) => (((bytes[bit >> 3] ?? 0) << (bit & 7)) & 0x80) !== 0;
}

/** Whole bytes in a bit string. */
export function wholeBits(der: Der, what: string): Uint8Array {
  const bits = der.take(TAG.bits, what);
  if (bits[0] !== 0) malformed(`${what} is not of whole bytes`);
  return bits.subarray(1);
}
