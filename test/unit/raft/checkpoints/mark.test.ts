import { expect, test } from '@jest/globals';
import { generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { clusterId, nodeId } from '../../../../src/common/index.js';
import type { NodeId } from '../../../../src/common/index.js';
import { nodeVerify, rawPublicKey } from '../../../../src/machine/index.js';
import {
  isCertified,
  markBytes,
  membersHash,
  signaturesNeeded,
} from '../../../../src/raft/checkpoints/mark.js';
import type { Certificate, Electorate, Mark } from '../../../../src/raft/checkpoints/mark.js';

const NODES = ['node-1', 'node-2', 'node-3'].map(nodeId);
const STRANGER = nodeId('node-4');
const pairs = new Map<NodeId, KeyObject>();
const keys = new Map<NodeId, Uint8Array>();
for (const node of [...NODES, STRANGER]) {
  const { privateKey } = generateKeyPairSync('ed25519');
  pairs.set(node, privateKey);
  keys.set(node, rawPublicKey(privateKey));
}

const CLUSTER = clusterId('ab'.repeat(16));
const electorateOf = (...nodes: readonly NodeId[]): Electorate => ({
  clusterId: CLUSTER,
  keys: new Map(nodes.map((node) => [node, keys.get(node) ?? new Uint8Array(32)])),
});
const ELECTORATE = electorateOf(...NODES);
const mark: Mark = {
  index: 77,
  term: 4,
  timeMs: 1_700_000_000_000,
  hash: new Uint8Array(32).fill(1),
  stateHash: new Uint8Array(32).fill(2),
  membersHash: membersHash(ELECTORATE),
};

function signed(node: NodeId, what: Mark = mark, cluster = CLUSTER) {
  const key = pairs.get(node);
  if (key === undefined) throw new Error(`no key of ${node}`);
  const signature = new Uint8Array(sign(null, markBytes(cluster, node, what), key));
  return { node, signature };
}

const [one = STRANGER, two = STRANGER, three = STRANGER] = NODES;
const certificate: Certificate = { mark, signatures: [signed(one), signed(three)] };
const holds = (each: Certificate, needed = 2, electorate = ELECTORATE): boolean =>
  isCertified(electorate, needed, each, (...claim) => nodeVerify.identity(...claim));

test('the words of a majority on one mark are a certificate', () => {
  expect(holds(certificate)).toBe(true);
  expect(holds({ mark, signatures: NODES.map((node) => signed(node)) })).toBe(true);
  expect(holds({ mark, signatures: NODES.map((node) => signed(node)) }, 3)).toBe(true);
});

test('a certificate needs a majority, and as many as the highest threshold', () => {
  expect([0, 2, 3].map((threshold) => signaturesNeeded(ELECTORATE, threshold))).toEqual([2, 2, 3]);
});

const altered = (part: keyof Mark): Mark => ({
  ...mark,
  [part]: typeof mark[part] === 'number' ? mark[part] + 1 : new Uint8Array(32).fill(9),
});

test.each<[string, Certificate, number?, Electorate?]>([
  ['too few', { mark, signatures: [signed(one)] }],
  ['none', { mark, signatures: [] }],
  ['too few for the highest threshold', certificate, 3],
  ['one voter twice', { mark, signatures: [signed(one), signed(one)] }],
  ['another order', { mark, signatures: [signed(three), signed(one)] }],
  ['a node that is no member', { mark, signatures: [signed(one), signed(STRANGER)] }],
  [
    'a signature under another name',
    {
      mark,
      signatures: [signed(one), { ...signed(one), node: two }],
    },
  ],
  [
    'an altered signature',
    {
      mark,
      signatures: [signed(one), { node: two, signature: new Uint8Array(64).fill(3) }],
    },
  ],
  [
    'a word for another cluster',
    {
      mark,
      signatures: [signed(one), signed(two, mark, clusterId('cd'.repeat(16)))],
    },
  ],
  ...(['index', 'term', 'timeMs', 'hash', 'stateHash', 'membersHash'] as const).map(
    (part): [string, Certificate] => [
      `another ${part} than was signed`,
      { mark: altered(part), signatures: certificate.signatures },
    ],
  ),
  ['another list of members', certificate, 2, electorateOf(one, three, STRANGER)],
])('a certificate with %s does not hold', (_what, each, needed = 2, electorate = ELECTORATE) => {
  expect(holds(each, needed, electorate)).toBe(false);
});

test('the hash of the members is another with another node, key or number of nodes', () => {
  const swapped: Electorate = {
    clusterId: CLUSTER,
    keys: new Map(
      NODES.map((node, at) => [node, keys.get(NODES[(at + 1) % 3] ?? one) ?? new Uint8Array(32)]),
    ),
  };
  const hashes = [ELECTORATE, swapped, electorateOf(one, two), electorateOf(one, two, STRANGER)]
    .map(membersHash)
    .map((hash) => Buffer.from(hash).toString('hex'));
  expect(new Set(hashes).size).toBe(4);
  expect(membersHash(electorateOf(three, one, two))).toEqual(membersHash(ELECTORATE));
});
