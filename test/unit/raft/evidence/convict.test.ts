import { expect, test } from '@jest/globals';
import { nodeId } from '../../../../src/common/index.js';
import { convict } from '../../../../src/raft/evidence/convict.js';
import type { LogNow, Standing } from '../../../../src/raft/evidence/convict.js';
import { NO_WORDS } from '../../../../src/raft/evidence/words.js';
import type {
  SignedAcknowledgement,
  SignedMark,
  SignedVote,
} from '../../../../src/raft/evidence/words.js';

/* What convicts a node of having lost a part of its log, and what never does. Each line is one of the rule. */

const [A, B] = [nodeId('node-a'), nodeId('node-b')];
const RUN = new Uint8Array(16).fill(1);
const EARLIER_RUN = new Uint8Array(16).fill(2);
const NO_SIGNATURE = new Uint8Array(64);
const hashOf = (index: number): Uint8Array => new Uint8Array(32).fill(index);
const OTHER_HASH = new Uint8Array(32).fill(200);

/** The disk of a node in term 7, in which it has voted for A, with entries 5 to 20: those before are removed. */
const standing: Standing = { boot: RUN, term: 7, votedFor: A, last: 20 };
const log: LogNow = {
  term: 7,
  base: 4,
  last: 20,
  hashAt: (index) => (index > 4 && index <= 20 ? hashOf(index) : undefined),
};

/** An acknowledgement of an earlier run, of the last entry. */
const acknowledgement: SignedAcknowledgement = {
  term: 7,
  index: 20,
  hash: hashOf(20),
  clockMs: 1_700_000_000_000,
  incarnation: 1,
  boot: EARLIER_RUN,
  order: 0,
  signature: NO_SIGNATURE,
};
const vote: SignedVote = {
  term: 7,
  candidate: A,
  incarnation: 1,
  boot: EARLIER_RUN,
  order: 0,
  signature: NO_SIGNATURE,
};
const checkpoint: SignedMark = {
  mark: {
    index: 20,
    term: 6,
    timeMs: 1_700_000_000_000,
    hash: hashOf(20),
    stateHash: hashOf(1),
    membersHash: hashOf(2),
  },
  signature: NO_SIGNATURE,
};
const markAt = (index: number, hash = hashOf(index)): SignedMark => ({
  ...checkpoint,
  mark: { ...checkpoint.mark, index, hash },
});

test.each<[string, Partial<SignedAcknowledgement>]>([
  ['of a later term than is stored', { term: 8, index: 3 }],
  ['of an entry that the log lacks, in the term that is stored', { index: 21, hash: hashOf(21) }],
  ['of an entry that has another hash, in the term that is stored', { hash: OTHER_HASH }],
  ['of an older entry that has another hash', { index: 5, hash: OTHER_HASH }],
])('an acknowledgement convicts: %s', (_what, said) => {
  const word = { ...acknowledgement, ...said };
  const proof = convict({ ...NO_WORDS, acknowledgement: word }, standing, log);
  expect(proof).toEqual({ kind: 'acknowledgement', word });
});

test.each<[string, Partial<SignedAcknowledgement>]>([
  ['of what the log has', {}],
  ['of an older entry that the log has', { index: 9, hash: hashOf(9) }],
  ['of an earlier term, of an entry that was truncated since', { term: 6, index: 30 }],
  ['of an earlier term, of an entry that another took the place of', { term: 6, hash: OTHER_HASH }],
  ['of an entry at the front, which is removed', { index: 4, hash: OTHER_HASH }],
  ['of an entry before the front', { index: 2, hash: OTHER_HASH }],
  ['of this run, which goes on', { boot: RUN, term: 8, index: 40 }],
  ['of another incarnation', { incarnation: 2, term: 8 }],
  ['under another order', { order: 1, term: 8 }],
])('an acknowledgement convicts nobody: %s', (_what, said) => {
  const words = { ...NO_WORDS, acknowledgement: { ...acknowledgement, ...said } };
  expect(convict(words, standing, log)).toBeUndefined();
});

test('an acknowledgement of the term in which the run began is held against what the disk had then', () => {
  const words = { ...NO_WORDS, acknowledgement: { ...acknowledgement, index: 25 } };
  // The leader has sent again what was lost.
  const filled: LogNow = { ...log, last: 30, hashAt: () => hashOf(20) };
  expect(convict(words, standing, filled)?.kind).toBe('acknowledgement');
});

test('after a later term has replaced entries, a hash of the earlier one convicts nobody', () => {
  const words = { ...NO_WORDS, acknowledgement };
  const replaced: LogNow = { ...log, term: 8, hashAt: () => OTHER_HASH };
  expect(convict(words, standing, replaced)).toBeUndefined();
});

test.each<[string, Partial<SignedVote>, Partial<Standing>]>([
  ['in a later term than is stored', { term: 8 }, {}],
  ['for another candidate', { candidate: B }, {}],
  ['though the disk has none in its term', {}, { votedFor: undefined }],
])('a vote convicts: %s', (_what, said, stored) => {
  const word = { ...vote, ...said };
  const proof = convict({ ...NO_WORDS, vote: word }, { ...standing, ...stored }, log);
  expect(proof).toEqual({ kind: 'vote', word });
});

test.each<[string, Partial<SignedVote>]>([
  ['that is stored', {}],
  ['in an earlier term', { term: 6, candidate: B }],
  ['of this run, which goes on', { boot: RUN, term: 9 }],
  ['of another incarnation', { incarnation: 2, term: 9 }],
  ['under another order', { order: 1, term: 9 }],
])('a vote convicts nobody: %s', (_what, said) => {
  const words = { ...NO_WORDS, vote: { ...vote, ...said } };
  expect(convict(words, standing, log)).toBeUndefined();
});

test.each<[string, SignedMark]>([
  ['of an entry behind the end of the log, in whatever term', markAt(21)],
  ['of an entry that has another hash', markAt(12, OTHER_HASH)],
])('a checkpoint signature convicts: %s', (_what, word) => {
  const proof = convict({ ...NO_WORDS, checkpoint: word }, standing, log);
  expect(proof).toEqual({ kind: 'checkpoint', word });
});

test.each<[string, SignedMark]>([
  ['of the last entry', checkpoint],
  ['of an older entry', markAt(7)],
  ['of an entry that is removed', markAt(3, OTHER_HASH)],
])('a checkpoint signature convicts nobody: %s', (_what, word) => {
  expect(convict({ ...NO_WORDS, checkpoint: word }, standing, log)).toBeUndefined();
});

test('peers that have nothing convict nobody', () => {
  expect(convict(NO_WORDS, standing, log)).toBeUndefined();
});

test('an emptied disk is convicted by any acknowledgement behind the genesis, and by any vote', () => {
  const emptied: Standing = { boot: RUN, term: 1, votedFor: undefined, last: 1 };
  const genesisOnly: LogNow = { term: 1, base: 0, last: 1, hashAt: () => hashOf(1) };
  for (const words of [
    { ...NO_WORDS, acknowledgement: { ...acknowledgement, term: 2, index: 2 } },
    { ...NO_WORDS, vote: { ...vote, term: 2 } },
    { ...NO_WORDS, checkpoint: markAt(2) },
  ])
    expect(convict(words, emptied, genesisOnly)).toBeDefined();
});
