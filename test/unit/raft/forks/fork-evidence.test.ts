import { expect, test } from '@jest/globals';
import { nodeId } from '../../../../src/common/index.js';
import type { SignedAcknowledgement } from '../../../../src/raft/evidence/words.js';
import { forkEvidenceFromBytes, forkEvidenceToBytes } from '../../../../src/raft/forks/codec.js';
import { ForkBook } from '../../../../src/raft/forks/fork-book.js';
import {
  contestedUpTo,
  evidenceIn,
  factsOf,
  isProved,
  liarIn,
} from '../../../../src/raft/forks/fork-evidence.js';
import type { ForkEvidence, Said } from '../../../../src/raft/forks/fork-evidence.js';

const [A, B, C] = [nodeId('node-a'), nodeId('node-b'), nodeId('node-c')];
const SIGNED = 1;

/** A node's word that its log has the hash of only `hash`s at entry `index`. */
function said(node: typeof A, hash: number, more: Partial<SignedAcknowledgement> = {}): Said {
  const word = {
    term: 4,
    index: 9,
    hash: new Uint8Array(32).fill(hash),
    clockMs: 1_700_000_000_000,
    incarnation: 1,
    boot: new Uint8Array(16).fill(3),
    order: 0,
    signature: new Uint8Array(64).fill(SIGNED),
  };
  return { node, word: { ...word, ...more } };
}

function evidence(one: Said, other: Said): ForkEvidence {
  const found = evidenceIn(one, other);
  if (found === undefined) throw new Error('no evidence');
  return found;
}

const isSigned = ({ word }: Said): boolean => word.signature[0] === SIGNED;

test('two nodes with two hashes of one entry show a fork, whichever is heard first', () => {
  const found = evidenceIn(said(B, 2), said(A, 1));
  expect(found).toEqual({ first: said(A, 1), second: said(B, 2) });
  expect(evidenceIn(said(A, 1), said(B, 2))).toEqual(found);
  expect(found && liarIn(found)).toBeUndefined();
});

test('two words of one node prove that it has lied, whatever run they are of', () => {
  const other = said(A, 2, { boot: new Uint8Array(16).fill(9) });
  expect(liarIn(evidence(said(A, 1), other))).toBe(A);
});

test.each<[string, Said, Said]>([
  ['equal hashes', said(A, 1), said(B, 1)],
  ['another term, which is ordinary Raft', said(A, 1), said(B, 2, { term: 5 })],
  ['another entry', said(A, 1), said(B, 2, { index: 10 })],
  ['another order', said(A, 1), said(B, 2, { order: 1 })],
  ['another life of the same node', said(A, 1), said(A, 2, { incarnation: 2 })],
])('%s: no evidence', (_name, one, other) => {
  expect(evidenceIn(one, other)).toBeUndefined();
  expect(isProved({ first: one, second: other }, isSigned)).toBe(false);
});

test('evidence counts only with both signatures', () => {
  const forged = { signature: new Uint8Array(64) };
  expect(isProved(evidence(said(A, 1), said(B, 2)), isSigned)).toBe(true);
  expect(isProved(evidence(said(A, 1, forged), said(B, 2)), isSigned)).toBe(false);
  expect(isProved(evidence(said(A, 1), said(B, 2, forged)), isSigned)).toBe(false);
});

test('a majority must have the highest entry that is contested, as far as the log goes; a liar contests nothing', () => {
  const early = evidence(said(A, 1, { index: 5 }), said(B, 2, { index: 5 }));
  const late = evidence(said(A, 1, { index: 8 }), said(C, 2, { index: 8 }));
  const lie = evidence(said(C, 1, { index: 9 }), said(C, 2, { index: 9 }));
  expect(contestedUpTo([early, late, lie], 9)).toBe(8);
  expect(contestedUpTo([early, late, lie], 7)).toBe(5);
  expect(contestedUpTo([lie], 9)).toBe(0);
  expect(contestedUpTo([], 9)).toBe(0);
});

test('a line about it names both nodes, the term, the entry and both hashes', () => {
  expect(factsOf(evidence(said(A, 1), said(B, 2)))).toEqual({
    first: 'node-a',
    second: 'node-b',
    of_term: 4,
    index: 9,
    first_hash: '01'.repeat(32),
    second_hash: '02'.repeat(32),
  });
});

test('evidence is read as it was written, and other bytes are not evidence', () => {
  const one = evidence(said(A, 1), said(B, 2));
  const bytes = forkEvidenceToBytes(one);
  expect(forkEvidenceFromBytes(bytes)).toEqual(one);
  expect(forkEvidenceFromBytes(bytes.subarray(1))).toBeUndefined();
  expect(forkEvidenceFromBytes(bytes.subarray(0, -1))).toBeUndefined();
  expect(forkEvidenceFromBytes(Uint8Array.of(2, ...bytes.subarray(1)))).toBeUndefined();
  expect(forkEvidenceFromBytes(Uint8Array.of(1))).toBeUndefined();
});

test('of two nodes the first evidence of the latest term is kept, and loaded again', () => {
  const first = evidence(said(A, 1), said(B, 2));
  const later = evidence(said(A, 1, { term: 5 }), said(B, 2, { term: 5 }));
  const book = new ForkBook(new Map(), isSigned);
  expect(book.isEmpty).toBe(true);
  book.add(first);
  expect(book.lacks(evidence(said(A, 7, { index: 30 }), said(B, 8, { index: 30 })))).toBe(false);
  expect(book.lacks(evidence(said(A, 1), said(C, 2)))).toBe(true);
  expect(book.lacks(later)).toBe(true);
  book.add(later);
  expect(book.lacks(first)).toBe(false);

  const notes = book.takeNotes();

  expect(notes.map(([name]) => name)).toEqual(['fork/node-a/node-b']);
  expect(book.takeNotes()).toEqual([]);
  expect(new ForkBook(new Map(notes), isSigned).all()).toEqual([later]);
});

test.each<[string, string, Uint8Array]>([
  ['that cannot be read', 'fork/node-a/node-b', Uint8Array.of(9)],
  [
    'of other nodes than its name says',
    'fork/node-a/node-c',
    forkEvidenceToBytes(evidence(said(A, 1), said(B, 2))),
  ],
  [
    'that contradicts nothing',
    'fork/node-a/node-b',
    forkEvidenceToBytes({ first: said(A, 1), second: said(B, 1) }),
  ],
  [
    'that is not signed',
    'fork/node-a/node-b',
    forkEvidenceToBytes({
      first: said(A, 1),
      second: said(B, 2, { signature: new Uint8Array(64) }),
    }),
  ],
])('a stored record %s is damage', (_name, note, bytes) => {
  expect(() => new ForkBook(new Map([[note, bytes]]), isSigned)).toThrow(
    expect.objectContaining({ code: 'data-loss' }),
  );
});
