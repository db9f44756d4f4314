import { compare, concat, ClusterError, u32be } from '../../common/index.js';
import { sha256 } from '../../crypto/index.js';
import type { Row, StateReading } from '../../ports/index.js';
import { bytesItem, transcript, u64Item } from '../../wire/index.js';
import { ZERO_HASH } from '../entry-hash.js';
import { CHUNK_BYTES, KEY_BYTES_MAX, VALUE_BYTES_MAX } from './limits.js';

/*
 * The state as one stream of bytes: its rows in bytewise order of keys, each u32be(length) ‖ key ‖ u32be(length) ‖ value. It
 * is cut into chunks of CHUNK_BYTES, of which the last may be shorter.
 */

/** Cuts a reading of the state into chunks, with no more in memory than one of them and the row that it ends in. */
export class ChunkCutter {
  readonly #reading: StateReading;
  readonly #onRow: (row: Row) => void;
  #after: Uint8Array | undefined;
  #rest: Uint8Array = new Uint8Array(0);
  #isEnd = false;

  constructor(reading: StateReading, onRow: (row: Row) => void = () => undefined) {
    this.#reading = reading;
    this.#onRow = onRow;
  }

  /** The next chunk; `undefined` behind the last. */
  next(): Uint8Array | undefined {
    const parts = [this.#rest];
    let bytes = this.#rest.length;
    if (bytes < CHUNK_BYTES && !this.#isEnd) {
      this.#isEnd = true;
      for (const row of this.#reading.rows(this.#after)) {
        const [key, value] = row;
        this.#onRow(row);
        parts.push(u32be(key.length), key, u32be(value.length), value);
        bytes += 8 + key.length + value.length;
        this.#after = key;
        if (bytes < CHUNK_BYTES) continue;
        this.#isEnd = false;
        break;
      }
    }
    const all = concat(...parts);
    this.#rest = all.slice(CHUNK_BYTES);
    return all.length === 0 ? undefined : all.subarray(0, CHUNK_BYTES);
  }
}

/** The hash of a stream that comes in chunks. */
export class StateDigest {
  #chain: Uint8Array = ZERO_HASH;
  #bytes = 0;

  add(chunk: Uint8Array): void {
    this.#chain = sha256(this.#chain, chunk);
    this.#bytes += chunk.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** h_0 = zeros, h_i = SHA-256(h_{i−1} ‖ chunk i): the last of them. */
  get chain(): Uint8Array {
    return this.#chain;
  }
}

/** The hash of a state that voters sign: SHA-256(T("state", [u64 length of the stream, bytes chain of its chunks])). */
export function stateHash(bytes: number, chain: Uint8Array): Uint8Array {
  return sha256(transcript('state', [u64Item(bytes), bytesItem(chain)]));
}

/** Reads the rows out of a stream that comes in pieces. What it keeps is no longer than one row. */
export class RowReader {
  #rest: Uint8Array = new Uint8Array(0);
  #last: Uint8Array | undefined;

  /**
   * The rows that are whole with this piece.
   *
   * @throws ClusterError `data-loss` for what no state is written as.
   */
  take(piece: Uint8Array): Row[] {
    const bytes = concat(this.#rest, piece);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const rows: Row[] = [];
    let at = 0;
    for (;;) {
      if (bytes.length - at < 4) break;
      const keyBytes = view.getUint32(at);
      if (keyBytes === 0 || keyBytes > KEY_BYTES_MAX) malformed();
      const valueAt = at + 4 + keyBytes;
      if (bytes.length - valueAt < 4) break;
      const valueBytes = view.getUint32(valueAt);
      if (valueBytes > VALUE_BYTES_MAX) malformed();
      const end = valueAt + 4 + valueBytes;
      if (bytes.length < end) break;
      const key = bytes.slice(at + 4, valueAt);
      if (this.#last !== undefined && compare(this.#last, key) >= 0) malformed();
      this.#last = key;
      rows.push([key, bytes.slice(valueAt + 4, end)]);
      at = end;
    }
    this.#rest = bytes.slice(at);
    return rows;
  }

  /** @throws ClusterError `data-loss` when the stream ends within a row. */
  end(): void {
    if (this.#rest.length > 0) malformed();
  }
}

function malformed(): never {
  throw new ClusterError('data-loss', 'The rows of a snapshot cannot be read');
}
