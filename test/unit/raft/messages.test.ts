import { expect, test } from '@jest/globals';
import { nodeId } from '../../../src/common/index.js';
import {
  decodeMessage,
  decodePeerMessage,
  encodeMessage,
  isReadAbove,
  LIMITS,
  MESSAGE_BYTES_MAX,
} from '../../../src/raft/index.js';
import type { Append, CheckpointMessage, Message } from '../../../src/raft/index.js';
import { CHUNK_BYTES } from '../../../src/raft/checkpoints/limits.js';
import { sealEntry, ZERO_HASH } from '../../../src/raft/entry-hash.js';
import type { EvidenceMessage } from '../../../src/raft/evidence/messages.js';
import { entryBytes, PAYLOAD_BYTES_MAX } from '../../../src/raft/limits.js';
import { entriesAfter, seededRandom } from '../../support/clusters/raft-cluster.js';

const head = { from: nodeId('a'), to: nodeId('b'), term: 7 };
const genesis = sealEntry(ZERO_HASH, {
  index: 1,
  term: 1,
  kind: 'genesis',
  timeMs: 5,
  payload: Uint8Array.of(1),
});
const append: Append = {
  type: 'append',
  ...head,
  round: 3,
  prevIndex: 1,
  prevTerm: 1,
  prevHash: genesis.hash,
  entries: entriesAfter(genesis, { term: 2, text: 'x' }, { term: 7, text: '' }),
  commit: 1,
};
const reply = { type: 'append-reply', ...head, round: 3, clockMs: 1_700_000_000_000 } as const;

const acknowledgement = {
  type: 'acknowledgement',
  ...head,
  index: 4,
  hash: genesis.hash,
  clockMs: 1_700_000_000_000,
  incarnation: 1,
  boot: new Uint8Array(16).fill(3),
  order: 0,
  signature: new Uint8Array(64).fill(2),
} as const;

const timeoutNow = {
  type: 'timeout-now',
  ...head,
  target: nodeId('node-3'),
  lastIndex: 9,
  lastTerm: head.term,
} as const;

const good: readonly Message[] = [
  { type: 'vote-request', ...head, pre: true, lastIndex: 9, lastTerm: 6 },
  { type: 'vote-request', ...head, pre: false, lastIndex: 9, lastTerm: 6 },
  { type: 'vote-reply', ...head, pre: false, granted: true, clockMs: 0 },
  append,
  { ...append, prevIndex: 0, prevTerm: 0, prevHash: ZERO_HASH, entries: [genesis] },
  { ...append, entries: [] },
  { ...reply, answer: { refused: undefined, match: 4 } },
  { ...reply, answer: { refused: 'time', match: 4 } },
  { ...reply, answer: { refused: 'conflict', prevIndex: 8, hintIndex: 4, hintTerm: 2 } },
  acknowledgement,
  { ...acknowledgement, incarnation: 2, order: 7, signature: new Uint8Array(64).fill(1) },
  { type: 'read-request', ...head, readId: 2 ** 48 },
  { type: 'read-reply', ...head, readId: 1, index: 12 },
  { type: 'read-reply', ...head, readId: 1, index: undefined },
  { type: 'time-request', ...head },
  { type: 'time-reply', ...head, timeMs: 1_700_000_000_000 },
  timeoutNow,
];

test.each(good.map((message) => [message.type, message] as const))(
  'a %s survives encoding and decoding unchanged',
  (_type, message) => {
    expect(decodeMessage(encodeMessage(message))).toEqual(message);
  },
);

const [entry] = append.entries;
const entries = (change: object) => (entry ? [{ ...entry, ...change }] : []);
const bad: readonly (readonly [string, Message])[] = [
  ['term 0', { ...append, term: 0 }],
  ['an id that is none', { ...append, from: nodeId('A b') }],
  ['no receiver', { ...append, to: nodeId('') }],
  ['a short previous hash', { ...append, prevHash: new Uint8Array(31) }],
  ['a previous index without a term', { ...append, prevTerm: 0 }],
  ['a previous term without an index', { ...append, prevIndex: 0, entries: [] }],
  ['a previous term after its own', { ...append, prevTerm: 8, entries: [] }],
  ['a gap in its entries', { ...append, entries: entries({ index: 3 }) }],
  ['an entry of a term after its own', { ...append, entries: entries({ term: 8 }) }],
  ['an entry of a term before its predecessor', { ...append, prevTerm: 3 }],
  ['a genesis that is not the first', { ...append, entries: entries({ kind: 'genesis' }) }],
  ['a short hash', { ...append, entries: entries({ hash: new Uint8Array(31) }) }],
  [
    'a long payload',
    { ...append, entries: entries({ payload: new Uint8Array(PAYLOAD_BYTES_MAX + 1) }) },
  ],
  ['a number beyond what is exact', { ...append, commit: 2 ** 53 }],
  [
    'a vote for an empty log',
    { type: 'vote-request', ...head, pre: false, lastIndex: 0, lastTerm: 0 },
  ],
  [
    'a vote in a term already in the log',
    { type: 'vote-request', ...head, pre: false, lastIndex: 2, lastTerm: 7 },
  ],
  ['an acknowledgement of nothing', { ...acknowledgement, index: 0 }],
  ['an acknowledgement with a short hash', { ...acknowledgement, hash: new Uint8Array(31) }],
  ['a short boot', { ...acknowledgement, boot: new Uint8Array(15) }],
  ['a short signature', { ...acknowledgement, signature: new Uint8Array(63) }],
  ['an acknowledgement without a signature', { ...acknowledgement, signature: new Uint8Array(0) }],
  ['an order beyond what is exact', { ...acknowledgement, order: 2 ** 53 }],
  ['a word for its own sender', { ...timeoutNow, target: head.from }],
  ['a word for an id that is none', { ...timeoutNow, target: nodeId('A b') }],
  ['a word of an empty log', { ...timeoutNow, lastIndex: 0 }],
  ['a word of a log without an entry of its term', { ...timeoutNow, lastTerm: head.term - 1 }],
  ['a read without an id', { type: 'read-request', ...head, readId: 0 }],
];

test.each(bad)('a message with %s is malformed', (_text, message) => {
  expect(decodeMessage(encodeMessage(message))).toBeUndefined();
});

test('the fullest append fits into a message', () => {
  const count = Math.floor(LIMITS.appendBytesMax / entryBytes({ payload: new Uint8Array(1) }));
  const many = Array.from({ length: Math.min(count, LIMITS.appendEntriesMax) }, () => ({
    term: 2 ** 40,
    text: 'x',
    timeMs: 2 ** 52,
  }));
  const term = 2 ** 40;
  const full = { ...append, term, entries: entriesAfter(genesis, ...many) };
  const payload = new Uint8Array(PAYLOAD_BYTES_MAX);
  const long = sealEntry(genesis.hash, {
    index: 2,
    term,
    kind: 'command',
    timeMs: 2 ** 52,
    payload,
  });

  for (const message of [full, { ...append, term, entries: [long] }]) {
    expect(encodeMessage(message).length).toBeLessThanOrEqual(MESSAGE_BYTES_MAX);
    expect(decodeMessage(encodeMessage(message))).toEqual(message);
  }
});

test('the decoder throws on no bytes, and reads none that would be encoded otherwise', () => {
  const random = seededRandom(11);
  const die = (sides: number) => (random.bytes(1)[0] ?? 0) % sides;
  for (let count = 0; count < 3000; count++) {
    const bytes = encodeMessage(good[count % good.length] ?? append).slice();
    for (let change = die(4); change >= 0; change--) bytes[die(bytes.length)] = die(256);
    const message = decodeMessage(bytes);
    expect(message === undefined ? bytes : encodeMessage(message)).toEqual(bytes);
  }
});

const mark = {
  index: 9,
  term: 6,
  timeMs: 1_700_000_000_000,
  hash: genesis.hash,
  stateHash: new Uint8Array(32).fill(4),
  membersHash: new Uint8Array(32).fill(5),
};
const signature = new Uint8Array(64).fill(6);
const snapshot = {
  certificate: { mark, signatures: [{ node: nodeId('node-1'), signature }] },
  bytes: 2 ** 33,
  chain: new Uint8Array(32).fill(7),
};
const chunk = {
  type: 'snapshot-chunk',
  ...head,
  index: 9,
  offset: 2 * CHUNK_BYTES,
  bytes: new Uint8Array(CHUNK_BYTES).fill(1),
  hash: new Uint8Array(32).fill(2),
} as const;
const request = {
  type: 'snapshot-request',
  ...head,
  index: 9,
  stateHash: mark.stateHash,
  offset: 0,
} as const;
const said = { type: 'checkpoint-signature', ...head, mark, signature, wanted: true } as const;
const offer = { type: 'snapshot-offer', ...head, snapshot } as const;

test.each<CheckpointMessage>([
  said,
  { ...said, wanted: false },
  offer,
  request,
  { ...request, offset: 7 * CHUNK_BYTES },
  chunk,
  { ...chunk, bytes: Uint8Array.of(1) },
  { type: 'snapshot-held', ...head, index: 3 },
])(
  'a message of checkpoints survives encoding and decoding, and is none for the core: $type',
  (each) => {
    const bytes = encodeMessage(each);
    expect(bytes.length).toBeLessThanOrEqual(MESSAGE_BYTES_MAX);
    expect(decodePeerMessage(bytes)).toEqual(each);
    expect(decodeMessage(bytes)).toBeUndefined();
  },
);

test.each<[string, CheckpointMessage]>([
  ['a mark of nothing', { ...said, mark: { ...mark, index: 0 } }],
  ['a mark without a term', { ...said, mark: { ...mark, term: 0 } }],
  ['a short hash', { ...said, mark: { ...mark, hash: new Uint8Array(31) } }],
  ['a short state hash', { ...said, mark: { ...mark, stateHash: new Uint8Array(0) } }],
  ['a short signature', { ...said, signature: new Uint8Array(63) }],
  ['an endless state', { ...offer, snapshot: { ...snapshot, bytes: 2 ** 36 + 1 } }],
  ['an empty state', { ...offer, snapshot: { ...snapshot, bytes: 0 } }],
  ['a short chain', { ...offer, snapshot: { ...snapshot, chain: new Uint8Array(31) } }],
  [
    'more signatures than there can be voters',
    {
      ...offer,
      snapshot: {
        ...snapshot,
        certificate: {
          mark,
          signatures: Array.from({ length: 21 }, () => ({ node: nodeId('n'), signature })),
        },
      },
    },
  ],
  [
    'a signer without a name',
    {
      ...offer,
      snapshot: {
        ...snapshot,
        certificate: { mark, signatures: [{ node: nodeId(''), signature }] },
      },
    },
  ],
  ['a place within a chunk', { ...request, offset: 5 }],
  ['a place beyond every state', { ...request, offset: CHUNK_BYTES * 2 ** 30 }],
  ['no bytes', { ...chunk, bytes: new Uint8Array(0) }],
  ['a chunk that is too long', { ...chunk, bytes: new Uint8Array(CHUNK_BYTES + 1) }],
  ['a short hash of a chunk', { ...chunk, hash: new Uint8Array(0) }],
  ['nothing that is held', { type: 'snapshot-held', ...head, index: 0 }],
])('a message of checkpoints with %s is malformed', (_what, each) => {
  expect(decodePeerMessage(encodeMessage(each))).toBeUndefined();
});

const boot = new Uint8Array(16).fill(8);
const speaker = { incarnation: 1, boot, order: 0, signature };
const place = { index: 9, hash: genesis.hash, clockMs: 1_700_000_000_000 };
const vote = { term: 6, candidate: nodeId('node-2'), ...speaker };
const words = {
  acknowledgement: { term: 6, ...place, ...speaker },
  vote,
  checkpoint: { mark, signature },
};
const noWords = { acknowledgement: undefined, vote: undefined, checkpoint: undefined };
const voteWord = { ...head, type: 'vote', candidate: nodeId('node-2'), ...speaker } as const;
const asks = { type: 'records-request', ...head, boot } as const;
const records = { type: 'records', ...head, boot, words } as const;

test.each<EvidenceMessage>([
  voteWord,
  asks,
  records,
  { ...records, words: noWords },
  { ...records, words: { ...noWords, vote } },
])(
  'a message about promises survives encoding and decoding, and is none for the core: $type',
  (each) => {
    const bytes = encodeMessage(each);
    expect(bytes.length).toBeLessThanOrEqual(1024);
    expect(decodePeerMessage(bytes)).toEqual(each);
    expect(decodeMessage(bytes)).toBeUndefined();
  },
);

test.each<[string, EvidenceMessage]>([
  ['a vote for no name', { ...voteWord, candidate: nodeId('') }],
  ['a vote without a signature', { ...voteWord, signature: new Uint8Array(0) }],
  ['a vote of a short run', { ...voteWord, boot: new Uint8Array(15) }],
  ['an order beyond what is exact', { ...voteWord, order: 2 ** 53 }],
  ['a short run that asks', { ...asks, boot: new Uint8Array(0) }],
  ['a short run that is shown', { ...records, boot: new Uint8Array(17) }],
  [
    'words that cannot be read',
    { ...records, words: { ...words, acknowledgement: { ...words.acknowledgement, index: 0 } } },
  ],
])('a message about promises with %s is malformed', (_what, each) => {
  expect(decodePeerMessage(encodeMessage(each))).toBeUndefined();
});

test('messages that bring a snapshot, or are about promises that are kept, are read above the own level, and no others', () => {
  const read = [offer, chunk, asks, records].map(encodeMessage);
  const others = [...good, said, request, voteWord].map(encodeMessage);

  expect(read.every(isReadAbove)).toBe(true);
  expect([...others, new Uint8Array(0), new Uint8Array(9).fill(1)].some(isReadAbove)).toBe(false);
});
