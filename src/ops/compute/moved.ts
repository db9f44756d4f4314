import { assert } from '../../common/index.js';

/** The buffers of arrays that are given away. Node copies what lies in its pool instead of moving it: so none may. */
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
