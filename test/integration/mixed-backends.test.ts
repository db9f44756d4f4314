import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Algorithm, verifySignature } from '../../src/client/index.js';
import { utf8 } from '../../src/common/index.js';
import { startCluster } from '../support/clusters/cluster.js';
import type { TestCluster } from '../support/clusters/cluster.js';

/** Nodes that compute curves with different libraries are one cluster: each signs with each other. */
jest.setTimeout(120_000);

const KINDS = ['native', 'wasm', 'javascript'] as const;
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3 });
  for (const [at, node] of cluster.nodes.entries()) {
    await cluster.stop(node);
    await cluster.restart(node, undefined, { QUORATE_CRYPTO_BACKEND: KINDS[at] ?? 'auto' });
  }
  await cluster.whole();
});
afterAll(() => cluster[Symbol.asyncDispose]());

test('each node says what it was told to compute with', async () => {
  const seen = await Promise.all(
    cluster.nodes.map(async (node) => {
      const operator = await cluster.client('operator', { at: [node] });
      const { curveBackends } = await operator.getCluster();
      return curveBackends.map(({ backend }) => backend);
    }),
  );
  expect(seen).toEqual([
    ['sodium-native', 'secp256k1', 'node:crypto'],
    ['libsodium-sumo', 'tiny-secp256k1', 'node:crypto'],
    ['@noble/curves', '@noble/curves', '@noble/curves'],
  ]);
});

const SIGNATURES = 20;
/** Who has signed in any of the tests below. */
const signers = new Set<string>();

test.each([
  'FROST_ED25519_SHA512',
  'FROST_SECP256K1_SHA256',
  'FROST_SECP256K1_TAPROOT',
  'FROST_P256_SHA256',
] as const)('nodes with different libraries make a key of %s and sign with it', async (name) => {
  const app = await cluster.client('app');
  const keyId = name.toLowerCase().replaceAll('_', '-');
  const { key, verdict } = await app.generateKey({ keyId, algorithm: Algorithm[name] });
  expect(verdict).toBe('active');

  for (let at = 0; at < SIGNATURES; at++) {
    const message = utf8(`payment ${at}`);
    const signed = await app.sign({ keyId, message });
    expect(verifySignature(key, message, signed.signature)).toBe(true);
    for (const signer of signed.signers) signers.add(signer);
  }
});

test('each node has signed with another', () => {
  // The leader takes whose commitments are ready: with one key it can be the same two nodes for a minute.
  expect([...signers].sort()).toEqual(cluster.nodes);
});
