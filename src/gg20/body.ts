import { concat, equal } from '../common/index.js';
import { bytesItem, integerItem, pointItem, type Item } from '../wire/index.js';
import { gg20Transcript } from './transcript.js';
import type { Layout } from './zk/layout.js';

/** A field of a message's body: how its value is spelt, and as which kind of item it stands there. */
export type BodyField<V> = {
  readonly layout: Layout<V>;
  readonly item: (bytes: Uint8Array) => Item;
};

export type BodyFields<R> = { readonly [K in keyof R]: BodyField<R[K]> };

/** A hash, a salt, a proof, or a list of hashes. */
export function bytesField<V>(layout: Layout<V>): BodyField<V> {
  return { layout, item: bytesItem };
}

/** A number or a scalar. */
export function numberField(layout: Layout<bigint>): BodyField<bigint> {
  return { layout, item: integerItem };
}

export function pointField<P>(layout: Layout<P>): BodyField<P> {
  return { layout, item: pointItem };
}

/** Tag and length before an item's bytes. */
const ITEM_HEAD_BYTES = 9;

/**
 * A message's body: T(label, fields), in which every field has its width. Bytes that another T has, or that have a field of another
 * width, are not read.
 */
export function bodyLayout<R extends object>(label: string, fields: BodyFields<R>): Layout<R>;
export function bodyLayout(label: string, fields: BodyFields<Record<string, unknown>>): unknown {
  const all = Object.entries(fields);
  const blank = all.map(([, { layout, item }]) => item(new Uint8Array(layout.byteLength)));
  const template = gg20Transcript(label, blank);
  const headBytes = template.length - concat(...blank).length;
  const layout: Layout<Record<string, unknown>> = {
    byteLength: template.length,
    encode: (record) =>
      gg20Transcript(
        label,
        all.map(([name, field]) => field.item(field.layout.encode(record[name]))),
      ),
    decode(bytes) {
      if (bytes.length !== template.length) return undefined;
      const isHead = (from: number, to: number): boolean =>
        equal(bytes.subarray(from, to), template.subarray(from, to));
      if (!isHead(0, headBytes)) return undefined;
      const record: Record<string, unknown> = {};
      let at = headBytes;
      for (const [name, field] of all) {
        const start = at + ITEM_HEAD_BYTES;
        const end = start + field.layout.byteLength;
        const value = isHead(at, start)
          ? field.layout.decode(bytes.subarray(start, end))
          : undefined;
        if (value === undefined) return undefined;
        record[name] = value;
        at = end;
      }
      return record;
    },
  };
  return layout;
}
