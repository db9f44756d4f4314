import { concat } from '../../common/index.js';
import { decodeBigEndian, encodeBigEndian, type Group } from '../../crypto/index.js';
import { encodeSigned } from '../transcript.js';

/** A value as exactly so many bytes: there is one spelling of each value, and one value of each spelling. */
export interface Layout<V> {
  readonly byteLength: number;
  /** @throws RangeError for a number that is too long. */
  encode(value: V): Uint8Array;
  /** Nothing for bytes that `encode` would not write. Never throws. */
  decode(bytes: Uint8Array): V | undefined;
}

/** A whole number ≥ 0, highest byte first. */
export function numberLayout(byteLength: number): Layout<bigint> {
  return {
    byteLength,
    encode: (value) => encodeBigEndian(value, byteLength),
    decode: (bytes) => (bytes.length === byteLength ? decodeBigEndian(bytes) : undefined),
  };
}

/** A whole number: 00 or, below 0, 01, and its magnitude in `width` bytes. Zero has 00. */
export function signedLayout(width: number): Layout<bigint> {
  return {
    byteLength: 1 + width,
    encode: (value) => encodeSigned(value, width),
    decode(bytes) {
      if (bytes.length !== 1 + width) return undefined;
      const magnitude = decodeBigEndian(bytes.subarray(1));
      if (bytes[0] === 0) return magnitude;
      return bytes[0] === 1 && magnitude !== 0n ? -magnitude : undefined;
    },
  };
}

/** A point of the group, never the identity. */
export function pointLayout<P>(group: Group<P>): Layout<P> {
  return {
    byteLength: group.pointBytes,
    encode: (point) => group.encode(point),
    decode: (bytes) => group.decode(bytes),
  };
}

/** A scalar below the group's order. */
export function scalarLayout(group: Group<unknown>): Layout<bigint> {
  return {
    byteLength: group.scalarBytes,
    encode: (scalar) => group.encodeScalar(scalar),
    decode: (bytes) => group.decodeScalar(bytes),
  };
}

/** Bytes as they are. */
export function bytesLayout(byteLength: number): Layout<Uint8Array> {
  return {
    byteLength,
    encode(bytes) {
      if (bytes.length !== byteLength) throw new RangeError('bytes of another length');
      return Uint8Array.from(bytes);
    },
    decode: (bytes) => (bytes.length === byteLength ? Uint8Array.from(bytes) : undefined),
  };
}

/** Exactly `count` values behind one another. */
export function listLayout<V>(each: Layout<V>, count: number): Layout<readonly V[]> {
  const byteLength = each.byteLength * count;
  return {
    byteLength,
    encode(values) {
      if (values.length !== count) throw new RangeError('a list of another length');
      return concat(...values.map((value) => each.encode(value)));
    },
    decode(bytes) {
      if (bytes.length !== byteLength) return undefined;
      const values: V[] = [];
      for (let at = 0; at < byteLength; at += each.byteLength) {
        const value = each.decode(bytes.subarray(at, at + each.byteLength));
        if (value === undefined) return undefined;
        values.push(value);
      }
      return values;
    },
  };
}

/** The layouts of a record's fields, in their order. */
export type Fields<R> = { readonly [K in keyof R]: Layout<R[K]> };

/** A record: its fields behind one another. */
export function recordLayout<R extends object>(fields: Fields<R>): Layout<R>;
export function recordLayout(fields: Fields<Record<string, unknown>>): unknown {
  const all = Object.entries(fields);
  const byteLength = all.reduce((sum, [, field]) => sum + field.byteLength, 0);
  const layout: Layout<Record<string, unknown>> = {
    byteLength,
    encode: (record) => concat(...all.map(([name, field]) => field.encode(record[name]))),
    decode(bytes) {
      if (bytes.length !== byteLength) return undefined;
      const record: Record<string, unknown> = {};
      let at = 0;
      for (const [name, field] of all) {
        const value = field.decode(bytes.subarray(at, at + field.byteLength));
        if (value === undefined) return undefined;
        record[name] = value;
        at += field.byteLength;
      }
      return record;
    },
  };
  return layout;
}
