import { expect, test } from '@jest/globals';
import { generateKeyPairSync, sign } from 'node:crypto';
import { clusterId, nodeId } from '../../../src/common/index.js';
import { nodeVerify } from '../../../src/machine/index.js';
import type { Signer } from '../../../src/ports/index.js';
import type { Acknowledgement } from '../../../src/raft/index.js';
import {
  acknowledgementBytes,
  AcknowledgementSigner,
} from '../../../src/raft/signed-acknowledgements.js';

const CLUSTER = clusterId('c1'.repeat(16));
const NODE = nodeId('node-1');

const said: Acknowledgement = {
  type: 'acknowledgement',
  from: NODE,
  to: nodeId('node-2'),
  term: 7,
  index: 9,
  hash: new Uint8Array(32).fill(4),
  clockMs: 1_700_000_000_000,
  incarnation: 1,
  boot: new Uint8Array(16).fill(5),
  order: 0,
  signature: new Uint8Array(64),
};

function signing() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = Uint8Array.from(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32));
  const made = { signatures: 0 };
  const signer: Signer = {
    node: NODE,
    publicKey: key,
    sign: (bytes) => {
      made.signatures += 1;
      return Uint8Array.from(sign(undefined, bytes, privateKey));
    },
  };
  const signs = new AcknowledgementSigner({ signer, clusterId: CLUSTER });
  const holds = (each: Acknowledgement, node = NODE, cluster = CLUSTER): boolean =>
    nodeVerify.identity(key, acknowledgementBytes(cluster, node, each), each.signature);
  return { signs, holds, made };
}

test('an acknowledgement is signed by the identity key, and says the same to all receivers with one signature', () => {
  const { signs, holds, made } = signing();

  const [one, other] = [signs.signed(said), signs.signed({ ...said, to: nodeId('node-3') })];

  expect([one, other].map((each) => holds(each))).toEqual([true, true]);
  expect(other).toEqual({ ...one, to: 'node-3' });
  expect(made.signatures).toBe(1);
});

test.each<[string, Partial<Acknowledgement>]>([
  ['term', { term: 8 }],
  ['index', { index: 10 }],
  ['clock', { clockMs: 1_700_000_000_500 }],
])('an acknowledgement with another %s is signed anew', (_what, change) => {
  const { signs, holds, made } = signing();
  signs.signed(said);

  expect(holds(signs.signed({ ...said, ...change }))).toBe(true);
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
  const { signs, holds } = signing();
  expect(holds({ ...signs.signed(said), ...change })).toBe(false);
});

test('the signature of an acknowledgement holds for no other node or cluster', () => {
  const { signs, holds } = signing();
  const signed = signs.signed(said);
  expect(holds(signed, nodeId('node-2'))).toBe(false);
  expect(holds(signed, NODE, clusterId('c2'.repeat(16)))).toBe(false);
});
