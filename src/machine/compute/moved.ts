import { assert } from '../../common/index.js';

/** The buffers of arrays that are given away. Node copies an array of its pool instead of moving it: so none may lie there. */
export function buffersOf(moved: readonly Uint8Array[]): ArrayBuffer[] {
  return moved.map(({ buffer, byteLength }) => {
    assert(isOwned(buffer), 'what is given away is not shared');
    assert(buffer.byteLength === byteLength, 'what is given away has a buffer of its own');
    return buffer;
  });
}

function isOwned(buffer: ArrayBufferLike): buffer is ArrayBuffer {
  return buffer[Symbol.toStringTag] === 'ArrayBuffer';
}

/**
 * The same data without its neighbours in memory: whole buffers cross to a thread, and a few bytes of a message are a view of all
 * of it. An array with a buffer of its own stays as it is, so that it can be moved.
 */
export function alone<T>(value: T): T;
export function alone(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    const isWhole = buffer.byteLength === byteLength;
    return isWhole ? value : new Uint8Array(buffer, byteOffset, byteLength).slice();
  }
  if (Array.isArray(value)) return value.map((each: unknown) => alone(each));
  if (isMap(value)) return new Map([...value].map(([key, each]) => [key, alone(each)]));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, alone(each)]));
}

function isMap(value: unknown): value is ReadonlyMap<unknown, unknown> {
  return Object.prototype.toString.call(value) === '[object Map]';
}
