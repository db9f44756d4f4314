import { expect, test } from '@jest/globals';
import { generateKeyPairSync, sign } from 'node:crypto';
import { clusterId, nodeId } from '../../../../src/common/index.js';
import { nodeVerify } from '../../../../src/machine/index.js';
import type { Verify } from '../../../../src/ports/index.js';
import type { Acknowledgement } from '../../../../src/raft/index.js';
import { Signing } from '../../../../src/raft/evidence/signing.js';
import type { SignedVote } from '../../../../src/raft/evidence/words.js';

const CLUSTER = clusterId('c1'.repeat(16));
const NODE = nodeId('node-1');
const OTHER = nodeId('node-2');
const BOOT = new Uint8Array(16).fill(5);

const said: Acknowledgement = {
  type: 'acknowledgement',
  from: NODE,
  to: OTHER,
  term: 7,
  index: 9,
  hash: new Uint8Array(32).fill(4),
  clockMs: 1_700_000_000_000,
  incarnation: 1,
  boot: BOOT,
  order: 0,
  signature: new Uint8Array(64),
};

/** Verifies as a node does. */
const verify: Verify['identity'] = (...claim) => nodeVerify.identity(...claim);

function signing() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = Uint8Array.from(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32));
  const made = { signatures: 0 };
  const signer = {
    node: NODE,
    publicKey: key,
    sign: (bytes: Uint8Array) => {
      made.signatures += 1;
      return Uint8Array.from(sign(undefined, bytes, privateKey));
    },
  };
  const of = (cluster = CLUSTER, node = NODE): Signing => {
    const electorate = { clusterId: cluster, keys: new Map([[node, key]]) };
    return new Signing({ signer, verify, electorate }, BOOT);
  };
  return { signs: of(), made, of };
}

test('an acknowledgement is signed by the identity key, and says the same to all receivers with one signature', () => {
  const { signs, made } = signing();

  const [one, other] = [said, { ...said, to: nodeId('node-3') }].map((each) =>
    signs.acknowledgement(each),
  );

  expect(signs.isSigned(NODE, { acknowledgement: one })).toBe(true);
  expect(other).toEqual({ ...one, to: 'node-3' });
  expect(made.signatures).toBe(1);
});

test.each<[string, Partial<Acknowledgement>]>([
  ['term', { term: 8 }],
  ['index', { index: 10 }],
  ['clock', { clockMs: 1_700_000_000_500 }],
])('an acknowledgement with another %s is signed anew', (_what, change) => {
  const { signs, made } = signing();
  signs.acknowledgement(said);

  const acknowledgement = signs.acknowledgement({ ...said, ...change });

  expect(signs.isSigned(NODE, { acknowledgement })).toBe(true);
  expect(made.signatures).toBe(2);
});

test.each<[string, Partial<Acknowledgement>]>([
  ['term', { term: 8 }],
  ['index', { index: 10 }],
  ['hash', { hash: new Uint8Array(32).fill(6) }],
  ['clock', { clockMs: 1_700_000_000_500 }],
  ['incarnation', { incarnation: 2 }],
  ['boot', { boot: new Uint8Array(16).fill(6) }],
  ['order', { order: 1 }],
  ['signature', { signature: new Uint8Array(64) }],
])('the signature of an acknowledgement holds for no other %s', (_what, change) => {
  const { signs } = signing();
  const acknowledgement = { ...signs.acknowledgement(said), ...change };
  expect(signs.isSigned(NODE, { acknowledgement })).toBe(false);
});

test('a vote is signed with the run that it was made in', () => {
  const { signs } = signing();
  const vote = signs.vote(7, OTHER);

  expect(vote).toMatchObject({ term: 7, candidate: OTHER, incarnation: 1, boot: BOOT, order: 0 });
  expect(signs.isSigned(NODE, { vote })).toBe(true);
});

test.each<[string, Partial<SignedVote>]>([
  ['term', { term: 8 }],
  ['candidate', { candidate: NODE }],
  ['incarnation', { incarnation: 2 }],
  ['boot', { boot: new Uint8Array(16).fill(6) }],
  ['order', { order: 1 }],
  ['signature', { signature: new Uint8Array(64) }],
])('the signature of a vote holds for no other %s', (_what, change) => {
  const { signs } = signing();
  expect(signs.isSigned(NODE, { vote: { ...signs.vote(7, OTHER), ...change } })).toBe(false);
});

test('a signature holds for no other node or cluster, and one of nobody for none', () => {
  const { signs, of } = signing();
  const acknowledgement = signs.acknowledgement(said);
  const vote = signs.vote(7, OTHER);
  for (const word of [{ acknowledgement }, { vote }]) {
    expect(of(CLUSTER, OTHER).isSigned(OTHER, word)).toBe(false);
    expect(of(clusterId('c2'.repeat(16))).isSigned(NODE, word)).toBe(false);
    expect(signs.isSigned(OTHER, word)).toBe(false);
  }
});

test('of two words both must be signed', () => {
  const { signs } = signing();
  const acknowledgement = signs.acknowledgement(said);
  const vote = signs.vote(7, OTHER);
  expect(signs.isSigned(NODE, { acknowledgement, vote })).toBe(true);
  const forged = { ...vote, term: 8 };
  expect(signs.isSigned(NODE, { acknowledgement, vote: forged })).toBe(false);
});
