import { expect, test } from '@jest/globals';
import { compare, concat, u32be, utf8 } from '../../../../src/common/index.js';
import type { Row, StateReading } from '../../../../src/ports/index.js';
import { CHUNK_BYTES } from '../../../../src/raft/checkpoints/limits.js';
import {
  ChunkCutter,
  RowReader,
  StateDigest,
  stateHash,
} from '../../../../src/raft/checkpoints/state-stream.js';
import { seededRandom } from '../../../support/clusters/raft-cluster.js';

function readingOf(rows: readonly Row[]): StateReading {
  return {
    *rows(after) {
      for (const row of rows) if (after === undefined || compare(row[0], after) > 0) yield row;
    },
    close: () => undefined,
  };
}

function chunksOf(rows: readonly Row[]): Uint8Array[] {
  const cutter = new ChunkCutter(readingOf(rows));
  const chunks: Uint8Array[] = [];
  for (let chunk = cutter.next(); chunk !== undefined; chunk = cutter.next())
    chunks.push(chunk.slice());
  return chunks;
}

function hashOf(rows: readonly Row[]): Uint8Array {
  const digest = new StateDigest();
  for (const chunk of chunksOf(rows)) digest.add(chunk);
  return stateHash(digest.bytes, digest.chain);
}

const row = (key: string, value: string): Row => [utf8(key), utf8(value)];

test('the stream of a state is its rows in order, each with its lengths', () => {
  const [chunk] = chunksOf([row('a', 'one'), row('b', '')]);

  expect(chunk).toEqual(
    concat(u32be(1), utf8('a'), u32be(3), utf8('one'), u32be(1), utf8('b'), u32be(0)),
  );
  expect(chunksOf([])).toEqual([]);
});

test('rows of any length come back out of the chunks, however they are cut', () => {
  const random = seededRandom(5);
  const number = (below: number) => {
    const [a = 0, b = 0, c = 0] = random.bytes(3);
    return (a * 65_536 + b * 256 + c) % below;
  };
  for (let round = 0; round < 20; round++) {
    const rows: Row[] = [];
    for (let at = 0; at < 1 + number(60); at++) {
      const length = number(4) === 0 ? number(3 * CHUNK_BYTES) : number(400);
      rows.push([utf8(`key ${String(at).padStart(4, '0')}`), random.bytes(4).slice(0, length)]);
      const last = rows.at(-1);
      if (last !== undefined) rows[rows.length - 1] = [last[0], new Uint8Array(length).fill(at)];
    }
    const chunks = chunksOf(rows);
    expect(chunks.slice(0, -1).every(({ length }) => length === CHUNK_BYTES)).toBe(true);

    const reader = new RowReader();
    const again = chunks.flatMap((chunk) => reader.take(chunk));
    reader.end();
    expect(again).toHaveLength(rows.length);
    expect(
      again.every(([key, value], at) => {
        const given = rows[at];
        return (
          given !== undefined && compare(key, given[0]) === 0 && compare(value, given[1]) === 0
        );
      }),
    ).toBe(true);
  }
});

test('a state has another hash with another row, another value, or one row less', () => {
  const rows = [row('a', '1'), row('b', '2'), row('c', '3')];
  const others = [
    [row('a', '1'), row('b', '2')],
    [row('a', '1'), row('b', '2'), row('c', '4')],
    [row('a', '1'), row('b', '2'), row('d', '3')],
    [row('a', '1'), row('b2', ''), row('c', '3')],
    [],
  ];

  const hashes = [rows, ...others].map((each) => Buffer.from(hashOf(each)).toString('hex'));

  expect(new Set(hashes).size).toBe(hashes.length);
});

test.each([
  ['keys that do not rise', concat(...[row('b', ''), row('a', '')].map(bytesOf))],
  ['a key twice', concat(...[row('a', '1'), row('a', '2')].map(bytesOf))],
  ['an empty key', concat(u32be(0), u32be(0))],
  ['a key of four gigabytes', concat(u32be(0xffff_ffff), utf8('a'))],
  ['a value of four gigabytes', concat(u32be(1), utf8('a'), u32be(0xffff_ffff))],
])('a stream with %s is refused before anything is kept of it', (_what, bytes) => {
  expect(() => new RowReader().take(bytes)).toThrow('The rows of a snapshot cannot be read');
});

test('a stream that ends within a row is refused', () => {
  const reader = new RowReader();
  reader.take(bytesOf(row('a', 'one')).slice(0, -1));
  expect(() => reader.end()).toThrow('The rows of a snapshot cannot be read');
});

function bytesOf([key, value]: Row): Uint8Array {
  return concat(u32be(key.length), key, u32be(value.length), value);
}
