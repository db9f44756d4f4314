import { expect, test } from '@jest/globals';
import { nodeId, utf8 } from '../../src/common/index.js';
import { VERIFIERS } from '../../src/machine/index.js';
import { generatedKeyOf, METHODS, signatureOf } from '../../src/state/index.js';
import { ledgerSigner } from '../support/builders/accusation.js';
import {
  generateRequest,
  NODES,
  signRequest,
  testGenesis,
  verify,
} from '../support/builders/ledger.js';
import { ReplicaCluster } from '../support/clusters/replica-cluster.js';
import { Algorithm } from '../../src/wire/index.js';

test('three replicas elect a leader, generate a key and sign with it', async () => {
  await using cluster = await ReplicaCluster.start({
    genesis: testGenesis(),
    verify,
    signerOf: ledgerSigner,
  });

  const request = generateRequest('treasury');
  const generated = await cluster.submit(nodeId('node-2'), METHODS.generateKey, request);
  expect(generatedKeyOf(generated)).toBeDefined();

  const message = utf8('hello');
  for (const [at, node] of NODES.entries()) {
    const asked = signRequest('treasury', `sign-${at}`, message);
    const signed = await cluster.submit(node, METHODS.sign, asked);
    const key = cluster.at(nodeId('node-1')).local().key('treasury');
    const signature = signatureOf(signed)?.signature;
    expect(
      VERIFIERS[Algorithm.FROST_ED25519_SHA512].verify(
        key?.publicKey ?? message,
        message,
        signature ?? message,
      ),
    ).toBe(true);
  }
  const reader = await cluster.at(nodeId('node-3')).read(AbortSignal.timeout(5000));
  expect(reader.tasks('', 10, false)).toHaveLength(4);
});
