import { expect, test } from '@jest/globals';
import { bootId, nodeId, toHex, utf8 } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import { suiteOf } from '../../src/frost/index.js';
import { algorithmJobs } from '../../src/algorithms/index.js';
import { startReplica } from '../../src/node/replica.js';
import type { Replica } from '../../src/node/replica.js';
import { inlineCompute, nodeVerify, systemClock, systemRandom } from '../../src/machine/index.js';
import { METHODS } from '../../src/state/index.js';
import { memoryConsensusStore, memoryShareStore } from '../../src/store/index.js';
import {
  generateRequest,
  identityKeyOf,
  NODES,
  OPERATOR,
  sealOf,
  signRequest,
  testGenesis,
  verify,
} from '../support/builders/ledger.js';

const quiet = { debug() {}, info() {}, warn() {}, error() {}, alarm() {} };

test('three replicas elect a leader, generate a key and sign with it', async () => {
  const replicas = new Map<NodeId, Replica>();
  const boots = new Map(NODES.map((node) => [node, bootId(toHex(systemRandom.bytes(16)))]));
  const genesis = testGenesis();
  for (const self of NODES) {
    const replica = await startReplica(
      {
        genesis,
        boot: boots.get(self) ?? bootId(''),
        wrappingKey: systemRandom.bytes(32),
        suiteOf,
        onFatal: (error) => {
          throw error;
        },
      },
      {
        clock: systemClock,
        compute: inlineCompute(algorithmJobs({ suiteOf, verify: nodeVerify })),
        random: systemRandom,
        verify: { ...verify, final: (...parts) => nodeVerify.final(...parts) },
        signer: {
          node: self,
          publicKey: identityKeyOf(self),
          sign: (bytes) => sealOf(identityKeyOf(self), bytes),
        },
        network: {
          send: (to, channel, bytes) => {
            setImmediate(() => replicas.get(to)?.receive(self, channel, bytes));
          },
        },
        consensus: memoryConsensusStore(),
        shares: memoryShareStore(),
        logger: quiet,
      },
    );
    replicas.set(self, replica);
  }
  for (const [self, replica] of replicas) {
    for (const peer of NODES) {
      if (peer !== self) replica.connected(peer, boots.get(peer) ?? bootId(''));
    }
  }
  const submit = (node: string, method: string, request: Uint8Array) =>
    replicas.get(nodeId(node))?.submit({
      method,
      request,
      requester: OPERATOR,
      expiresInMs: 10_000,
      signal: AbortSignal.timeout(10_000),
    });

  const generated = await submit('node-2', METHODS.generateKey, generateRequest('treasury'));
  expect(generated?.outcome?.$case).toBe('generatedKey');

  const message = utf8('hello');
  for (const [at, node] of NODES.entries()) {
    const signed = await submit(node, METHODS.sign, signRequest('treasury', `sign-${at}`, message));
    const key = replicas.get(nodeId('node-1'))?.local().key('treasury');
    const signature =
      signed?.outcome?.$case === 'signature' ? signed.outcome.value.signature : undefined;
    expect(
      nodeVerify.final(
        'FROST_ED25519_SHA512',
        key?.publicKey ?? message,
        message,
        signature ?? message,
      ),
    ).toBe(true);
  }
  const reader = await replicas.get(nodeId('node-3'))?.read(AbortSignal.timeout(5000));
  expect(reader?.tasks('', 10, false)).toHaveLength(4);
  await Promise.all([...replicas.values()].map((replica) => replica.stop()));
});
