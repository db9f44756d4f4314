import { expect, test } from '@jest/globals';
import { decode, encode, Forward, Hello, WantSupplies } from '../../../src/wire/index.js';

const small = { keyId: 'treasury' };

test('a message that cannot be encoded leaves nothing behind for the next one', () => {
  const expected = encode(WantSupplies, small);
  // A u32 that is none, behind two fields that are written already.
  const impossible = { ...Hello.fromPartial({ level: 1, clusterId: 'c' }), incarnation: -1 };
  expect(() => encode(Hello, impossible)).toThrow('uint32');
  expect(encode(WantSupplies, small)).toEqual(expected);
});

test('the bytes of a message are its own: later messages, short and long, do not change them', () => {
  const first = encode(WantSupplies, small);
  const copy = first.slice();
  for (const length of [1, 200, 70_000, 3]) {
    const request = new Uint8Array(length).fill(length);
    const bytes = encode(Forward, { request });
    expect(decode(Forward, bytes)).toEqual({ request });
    expect(bytes.buffer.byteLength).toBe(bytes.length);
  }
  expect(first).toEqual(copy);
});

test('a message inside a message that is being encoded is encoded by itself', () => {
  const inner: string[] = [];
  const outer = {
    get keyId(): string {
      inner.push(decode(WantSupplies, encode(WantSupplies, small))?.keyId ?? '');
      return 'outer';
    },
  };
  expect(decode(WantSupplies, encode(WantSupplies, outer))?.keyId).toBe('outer');
  expect(new Set(inner)).toEqual(new Set(['treasury']));
});
