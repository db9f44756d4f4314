import { expect, test } from '@jest/globals';
import { generateKeyPairSync, sign } from 'node:crypto';
import { clusterId, nodeId, utf8 } from '../../../../src/common/index.js';
import {
  destroyedBytes,
  installedBytes,
  preparedBytes,
  presignatureReadyBytes,
  readyBytes,
  voucherBytes,
} from '../../../../src/identity/facts.js';
import { nodeVerify } from '../../../../src/machine/index.js';
import { Signing } from '../../../../src/raft/evidence/signing.js';
import { Algorithm } from '../../../../src/wire/index.js';

/* What a node signs besides its words on its log: dropped shares, erased ones and vouchers can convict nobody with it. */

const CLUSTER = clusterId('c1'.repeat(16));
const NODE = nodeId('node-1');
const HASH = new Uint8Array(32).fill(4);

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const key = Uint8Array.from(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32));
const signer = {
  node: NODE,
  publicKey: key,
  sign: (bytes: Uint8Array) => Uint8Array.from(sign(undefined, bytes, privateKey)),
};
const electorate = { clusterId: CLUSTER, keys: new Map([[NODE, key]]) };
const signing = new Signing(
  { signer, verify: (...claim) => nodeVerify.identity(...claim), electorate },
  new Uint8Array(16).fill(5),
);

const sharing = {
  sessionId: HASH,
  requestHash: HASH,
  keyId: 'treasury',
  algorithm: Algorithm.FROST_ED25519_SHA512,
  threshold: 2,
  participants: [{ nodeId: NODE, identityKey: key }],
  baseVersion: 0,
  version: 1,
  publicPolynomial: [],
  publicKey: HASH,
  chainCode: HASH,
  digest: HASH,
};
const preparation = { sessionId: HASH, setId: HASH, generation: 1, members: [NODE], digest: HASH };
const request = utf8('request');

test.each<[string, Uint8Array]>([
  ['a voucher', voucherBytes(CLUSTER, '/quorate.v1.Keys/Sign', 'spiffe://a/b', 1_000, request)],
  ['`ready`, whose share was dropped since', readyBytes(CLUSTER, sharing)],
  ['`installed`, whose share was erased since', installedBytes(CLUSTER, sharing)],
  ['`prepared`', preparedBytes(CLUSTER, preparation)],
  ['`ready` of a presignature', presignatureReadyBytes(HASH)],
  ['`destroyed`', destroyedBytes(CLUSTER, sharing)],
])('a signature for something else is no word of a node on its log: %s', (_what, bytes) => {
  const signature = signer.sign(bytes);
  const speaker = { incarnation: 1, boot: new Uint8Array(16), order: 0, signature };
  const place = { index: 99, term: 9, hash: HASH };
  const mark = { ...place, timeMs: 1_000, stateHash: HASH, membersHash: HASH };

  expect(nodeVerify.identity(key, bytes, signature)).toBe(true);
  for (const words of [
    { acknowledgement: { ...place, clockMs: 1_000, ...speaker } },
    { vote: { term: 9, candidate: NODE, ...speaker } },
    { checkpoint: { mark, signature } },
  ])
    expect(signing.isSigned(NODE, words)).toBe(false);
});
