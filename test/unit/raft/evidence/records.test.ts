import { expect, test } from '@jest/globals';
import { nodeId } from '../../../../src/common/index.js';
import { PeerRecords } from '../../../../src/raft/evidence/records.js';
import { NO_WORDS } from '../../../../src/raft/evidence/words.js';
import type { SignedAcknowledgement, SignedVote } from '../../../../src/raft/evidence/words.js';

const PEER = nodeId('node-2');
const GOOD = new Uint8Array(64).fill(1);
const FORGED = new Uint8Array(64).fill(9);

function acknowledgement(
  term: number,
  index: number,
  more: Partial<SignedAcknowledgement> = {},
): SignedAcknowledgement {
  const hash = new Uint8Array(32).fill(index);
  const boot = new Uint8Array(16).fill(3);
  const speaker = { incarnation: 1, boot, order: 0, signature: GOOD };
  return { term, index, hash, clockMs: 1_700_000_000_000, ...speaker, ...more };
}

function vote(term: number, more: Partial<SignedVote> = {}): SignedVote {
  const boot = new Uint8Array(16).fill(3);
  return { term, candidate: PEER, incarnation: 1, boot, order: 0, signature: GOOD, ...more };
}

/** Records whose signatures are {@link GOOD}, with the number of those that were looked at. */
function recordsOf(loaded: ReadonlyMap<string, Uint8Array> = new Map()) {
  const seen = { verified: 0 };
  const records = new PeerRecords(loaded, (_voter, words) => {
    seen.verified += 1;
    return (words.acknowledgement ?? words.vote)?.signature[0] === GOOD[0];
  });
  return { records, seen };
}

test('of many acknowledgements the newest alone is verified, and kept: by term, then index', () => {
  const { records, seen } = recordsOf();
  for (let index = 2; index < 100; index++)
    expect(records.hearAcknowledgement(PEER, acknowledgement(3, index))).toBe(true);
  expect(records.hearAcknowledgement(PEER, acknowledgement(2, 500))).toBe(false);
  expect(seen.verified).toBe(0);
  expect(records.of(PEER)).toEqual(NO_WORDS);

  expect(records.verifyAll()).toEqual([]);

  expect(seen.verified).toBe(1);
  expect(records.of(PEER)).toEqual({ ...NO_WORDS, acknowledgement: acknowledgement(3, 99) });
  expect(records.hearAcknowledgement(PEER, acknowledgement(3, 99))).toBe(false);
  expect(records.hearAcknowledgement(PEER, acknowledgement(4, 5))).toBe(true);
  records.verifyAll();
  expect(records.of(PEER).acknowledgement).toEqual(acknowledgement(4, 5));
});

test('the vote of the latest term is kept, and the first of a term', () => {
  const { records } = recordsOf();
  expect(records.hearVote(PEER, vote(4))).toBe(true);
  expect(records.hearVote(PEER, vote(3))).toBe(false);
  expect(records.hearVote(PEER, vote(4, { candidate: nodeId('node-9') }))).toBe(false);
  records.verifyAll();

  expect(records.of(PEER)).toEqual({ ...NO_WORDS, vote: vote(4) });
  expect(records.hearVote(PEER, vote(4, { candidate: nodeId('node-9') }))).toBe(false);
});

test('a word that its voter has not signed is told of, takes the place of none, and spoils no other', () => {
  const { records } = recordsOf();
  records.hearAcknowledgement(PEER, acknowledgement(3, 4));
  records.verifyAll();
  records.takeNotes();

  records.hearAcknowledgement(PEER, acknowledgement(9, 9, { signature: FORGED }));
  records.hearVote(PEER, vote(9, { signature: FORGED }));

  expect(records.verifyAll()).toEqual([PEER]);
  expect(records.takeNotes()).toEqual([]);
  expect(records.of(PEER)).toEqual({ ...NO_WORDS, acknowledgement: acknowledgement(3, 4) });
  records.hearAcknowledgement(PEER, acknowledgement(9, 9, { signature: FORGED }));
  records.hearVote(PEER, vote(5));
  expect(records.verifyAll()).toEqual([PEER]);
  expect(records.of(PEER)).toEqual({
    ...NO_WORDS,
    acknowledgement: acknowledgement(3, 4),
    vote: vote(5),
  });
});

test('words of another incarnation, or under another order, are not kept', () => {
  const { records } = recordsOf();
  expect(records.hearAcknowledgement(PEER, acknowledgement(3, 4, { incarnation: 2 }))).toBe(false);
  expect(records.hearVote(PEER, vote(3, { order: 1 }))).toBe(false);
  records.verifyAll();

  expect(records.of(PEER)).toEqual(NO_WORDS);
});

test('a write takes what is verified since the last, and a later run finds it', () => {
  const { records } = recordsOf();
  records.hearAcknowledgement(PEER, acknowledgement(3, 4));
  records.hearVote(PEER, vote(3));
  expect(records.takeNotes()).toEqual([]);
  records.verifyAll();
  const notes = records.takeNotes();
  expect(notes.map(([name]) => name)).toEqual(['words/node-2']);
  expect(records.takeNotes()).toEqual([]);

  const later = recordsOf(new Map(notes));
  expect(later.records.of(PEER)).toEqual({
    ...NO_WORDS,
    acknowledgement: acknowledgement(3, 4),
    vote: vote(3),
  });
  expect(later.records.hearAcknowledgement(PEER, acknowledgement(3, 4))).toBe(false);
  expect(later.records.verifyAll()).toEqual([]);
  expect(later.seen.verified).toBe(0);
});

test('a record is no part of the message that it came in', () => {
  const { records } = recordsOf();
  const message = new Uint8Array(1_000).fill(1);
  const said = acknowledgement(3, 4, { signature: message.subarray(10, 74) });
  records.hearAcknowledgement(PEER, said);
  records.verifyAll();

  const { signature } = records.of(PEER).acknowledgement ?? said;
  expect(signature.buffer.byteLength).toBe(64);
});

test('a record that cannot be read is data loss, and other notes are none of it', () => {
  const bad = new Map([['words/node-2', Uint8Array.of(7)]]);
  expect(() => recordsOf(bad)).toThrow(expect.objectContaining({ code: 'data-loss' }));
  expect(() => recordsOf(new Map([['shown', Uint8Array.of(1)]]))).not.toThrow();
});
