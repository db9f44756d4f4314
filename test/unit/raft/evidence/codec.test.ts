import { expect, test } from '@jest/globals';
import { nodeId } from '../../../../src/common/index.js';
import { wordsFromBytes, wordsToBytes } from '../../../../src/raft/evidence/codec.js';
import { NO_WORDS } from '../../../../src/raft/evidence/words.js';

const speaker = {
  incarnation: 1,
  boot: new Uint8Array(16).fill(8),
  order: 0,
  signature: new Uint8Array(64).fill(2),
};
const hash = new Uint8Array(32).fill(4);
const acknowledgement = { term: 6, index: 9, hash, clockMs: 1_700_000_000_000, ...speaker };
const vote = { term: 6, candidate: nodeId('node-2'), ...speaker };
const mark = {
  index: 8,
  term: 5,
  timeMs: 1_700_000_000_000,
  hash,
  stateHash: hash,
  membersHash: hash,
};
const checkpoint = { mark, signature: speaker.signature };
const words = { acknowledgement, vote, checkpoint };

test('words are stored as they were', () => {
  for (const each of [
    words,
    NO_WORDS,
    { ...NO_WORDS, acknowledgement },
    { ...NO_WORDS, vote },
    { ...NO_WORDS, checkpoint },
  ])
    expect(wordsFromBytes(wordsToBytes(each))).toEqual(each);
  expect(wordsToBytes(words).length).toBeLessThanOrEqual(1024);
});

test.each([
  ['an index that is none', { ...words, acknowledgement: { ...acknowledgement, index: 0 } }],
  [
    'an acknowledgement without a term',
    { ...words, acknowledgement: { ...acknowledgement, term: 0 } },
  ],
  ['a short hash', { ...words, acknowledgement: { ...acknowledgement, hash: hash.slice(1) } }],
  ['a vote without a term', { ...words, vote: { ...vote, term: 0 } }],
  ['a vote for no name', { ...words, vote: { ...vote, candidate: nodeId('') } }],
  [
    'a checkpoint of nothing',
    { ...words, checkpoint: { ...checkpoint, mark: { ...mark, index: 0 } } },
  ],
  ['a short signature', { ...words, vote: { ...vote, signature: new Uint8Array(63) } }],
])('stored words with %s cannot be read', (_what, each) => {
  expect(wordsFromBytes(wordsToBytes(each))).toBeUndefined();
});

test('bytes of another form, or that are cut off, cannot be read', () => {
  const bytes = wordsToBytes(words);
  expect(wordsFromBytes(new Uint8Array(0))).toBeUndefined();
  expect(wordsFromBytes(Uint8Array.of(2, ...bytes.subarray(1)))).toBeUndefined();
  for (let length = 2; length < bytes.length; length++) {
    const read = wordsFromBytes(bytes.subarray(0, length));
    // Where a whole word ends, what is before it is an encoding of its own.
    expect(read === undefined || read.checkpoint === undefined).toBe(true);
  }
});
