import { assert, concat, damagedLog, nodeId, u64be, utf8 } from '../common/index.js';
import type { LogIndex } from '../common/index.js';
import type { AuditHead, Entry, HardState, LogFront, Persist } from '../ports/index.js';
import { ENTRY_KINDS, toWireEntry, ZERO_HASH } from '../raft/index.js';
import { decode, encode, LogEntry } from '../wire/index.js';

const HASH_BYTES = ZERO_HASH.length;

/** The first byte of each record. A record of another format is never guessed at. */
const RECORD_FORMAT = 1;

/** The stored record of `content`: its format, then a copy of the content. */
export function record(content: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(RECORD_FORMAT), content);
}

/** The content given to {@link record}, as a part of `bytes`. @throws ClusterError `data-loss`. */
export function contentOf(bytes: Uint8Array): Uint8Array {
  return bytes[0] === RECORD_FORMAT
    ? bytes.subarray(1)
    : damaged('A record in the store is of another format');
}

/** An entry as it is stored: a {@link record} of an encoded `LogEntry`. */
export function entryToBytes(entry: Entry): Uint8Array {
  return record(encode(LogEntry, toWireEntry(entry)));
}

/** @throws ClusterError `data-loss` for bytes that {@link entryToBytes} does not write. */
export function entryFromBytes(bytes: Uint8Array): Entry {
  const stored = decode(LogEntry, contentOf(bytes));
  const kind = stored === undefined ? undefined : ENTRY_KINDS[stored.kind];
  if (stored === undefined || kind === undefined) return damaged('A log entry cannot be read');
  return {
    index: count(stored.index),
    term: count(stored.term),
    kind,
    timeMs: count(stored.timeMs),
    payload: Uint8Array.from(stored.payload),
    hash: Uint8Array.from(stored.hash),
  };
}

/** A {@link record} of u64be(term) ‖ the node voted for, nothing for none. */
export function hardStateToBytes({ term, votedFor }: HardState): Uint8Array {
  return record(concat(u64be(term), utf8(votedFor ?? '')));
}

export const FIRST_HARD_STATE: HardState = { term: 0, votedFor: undefined };

/** @throws ClusterError `data-loss`. */
export function hardStateFromBytes(bytes: Uint8Array): HardState {
  const content = contentOf(bytes);
  const votedFor = new TextDecoder().decode(content.subarray(8));
  return {
    term: numberFromBytes(content.subarray(0, 8)),
    votedFor: votedFor === '' ? undefined : nodeId(votedFor),
  };
}

const FRONT_BYTES = 3 * 8 + 2 * HASH_BYTES;

/** A {@link record} of u64be(index) ‖ u64be(term) ‖ u64be(time) ‖ hash ‖ hash of the genesis. */
export function frontToBytes({ before, genesisHash }: LogFront): Uint8Array {
  const { index, term, timeMs, hash } = before;
  return record(concat(u64be(index), u64be(term), u64be(timeMs), hash, genesisHash));
}

/** @throws ClusterError `data-loss`. */
export function frontFromBytes(bytes: Uint8Array): LogFront {
  const content = Uint8Array.from(contentOf(bytes));
  if (content.length !== FRONT_BYTES) return damaged('The front of the log cannot be read');
  const [index = 0, term = 0, timeMs = 0] = [0, 8, 16].map((at) =>
    numberFromBytes(content.subarray(at, at + 8)),
  );
  const hash = content.slice(24, 24 + HASH_BYTES);
  return { before: { index, term, timeMs, hash }, genesisHash: content.slice(24 + HASH_BYTES) };
}

/** A {@link record} of u64be(index) ‖ u64be(line) ‖ hash. */
export function auditHeadToBytes({ index, line, hash }: AuditHead): Uint8Array {
  return record(concat(u64be(index), u64be(line), hash));
}

/** @throws ClusterError `data-loss`. */
export function auditHeadFromBytes(bytes: Uint8Array): AuditHead {
  const content = Uint8Array.from(contentOf(bytes));
  if (content.length !== 16 + HASH_BYTES) return damaged('The end of the audit log cannot be read');
  const [index = 0, line = 0] = [0, 8].map((at) => numberFromBytes(content.subarray(at, at + 8)));
  return { index, line, hash: content.slice(16) };
}

/** The number that u64be wrote. @throws ClusterError `data-loss`. */
export function numberFromBytes(bytes: Uint8Array): number {
  if (bytes.length !== 8) return damaged('A number in the store is not 8 bytes');
  return count(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0));
}

/**
 * The batch leaves no gap in the log: a mistake of ours is stopped before it is written.
 *
 * @param last - Index of the last entry that is stored, `undefined` for an empty log, which may begin anywhere.
 * @param front - Of the log, as stored.
 */
export function requireFits(batch: Persist, last: LogIndex | undefined, front?: LogFront): void {
  const kept =
    last === undefined || batch.truncateFrom === undefined
      ? last
      : Math.min(last, batch.truncateFrom - 1);
  const [first] = batch.entries;
  if (batch.installed !== undefined) {
    const { index } = batch.installed.before;
    assert(index === batch.applied, 'what is installed is the state behind its entry');
    assert(index > (front?.before.index ?? 0), 'the front of the log never goes back');
    assert(first === undefined && batch.writes.length === 0, 'what is installed stands alone');
  }
  if (batch.front !== undefined) {
    const { index } = batch.front.before;
    assert(index >= (front?.before.index ?? 0), 'the front of the log never goes back');
    assert(kept !== undefined && index <= kept, 'what is removed was stored before');
    assert(index <= batch.applied, 'what is removed is in the state');
  }
  if (first === undefined) return;
  assert(kept === undefined || first.index === kept + 1, 'an entry does not follow the log');
  assert(
    batch.entries.every((entry, at) => entry.index === first.index + at),
    'the entries of a batch do not follow each other',
  );
}

function count(value: bigint): number {
  return value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : damaged('A number in the store is too large');
}

/** The store holds what no store of ours writes: a person must look, and the node must not start. */
export function damaged(message: string): never {
  throw damagedLog(message);
}
