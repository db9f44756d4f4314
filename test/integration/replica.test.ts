import { expect, test } from '@jest/globals';
import { nodeId, utf8 } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import type { LogFields, Logger } from '../../src/ports/index.js';
import { systemClock, VERIFIERS } from '../../src/machine/index.js';
import { decodeMessage } from '../../src/raft/index.js';
import type { Acknowledgement } from '../../src/raft/index.js';
import { acknowledgementBytes } from '../../src/raft/evidence/words.js';
import { generatedKeyOf, METHODS, signatureOf } from '../../src/state/index.js';
import { ledgerSigner } from '../support/builders/accusation.js';
import {
  generateRequest,
  identityKeyOf,
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

test('one request has one task id in the lines of every node that has to do with it', async () => {
  const lines: { node: NodeId; message: string; fields: LogFields }[] = [];
  const logger = (node: NodeId): Logger => {
    const line = (message: string, fields: LogFields = {}): void =>
      void lines.push({ node, message, fields });
    return { debug: line, info: line, warn: line, error: line, alarm: line };
  };
  await using cluster = await ReplicaCluster.start({
    genesis: testGenesis(),
    verify,
    signerOf: ledgerSigner,
    loggerOf: logger,
  });
  const entry = nodeId('node-2');
  await cluster.submit(entry, METHODS.generateKey, generateRequest('treasury'));
  const asked = signRequest('treasury', 'followed', utf8('hello'));
  const signed = signatureOf(await cluster.submit(entry, METHODS.sign, asked));

  const taken = lines.find(({ fields }) => fields['request'] === 'followed');
  expect([taken?.node, taken?.message]).toEqual([entry, 'a request is taken']);
  const task = taken?.fields['task'];
  const nodesOf = (message: string): readonly NodeId[] =>
    lines
      .filter((line) => line.message === message && line.fields['task'] === task)
      .map(({ node }) => node);
  expect(nodesOf('a request is proposed')).not.toEqual([]);
  expect(nodesOf('answered').toSorted()).toEqual(
    expect.arrayContaining([...(signed?.signers ?? [])]),
  );
  expect(nodesOf('a request is answered')).toEqual([entry]);
});

test('replicas sign what they acknowledge to each other with their identity keys', async () => {
  const said: Acknowledgement[] = [];
  const genesis = testGenesis();
  await using cluster = await ReplicaCluster.start({
    genesis,
    verify,
    signerOf: ledgerSigner,
    altered: (_from, channel, bytes) => {
      const message = channel === 'raft' ? decodeMessage(bytes) : undefined;
      if (message?.type === 'acknowledgement') said.push(message);
      return bytes;
    },
  });
  await cluster.submit(nodeId('node-2'), METHODS.generateKey, generateRequest('treasury'));

  expect(new Set(said.map(({ from }) => from)).size).toBeGreaterThan(1);
  for (const each of said) {
    const bytes = acknowledgementBytes(genesis.clusterId, each.from, each);
    expect(verify.identity(identityKeyOf(each.from), bytes, each.signature)).toBe(true);
  }
});

test('with a leader whose clock alone is 400 days fast, requests of an honest lifetime are signed', async () => {
  const fastMs = 400 * 86_400_000;
  const fast = new Set<NodeId>();
  await using cluster = await ReplicaCluster.start({
    genesis: testGenesis(),
    verify,
    signerOf: ledgerSigner,
    clockOf: (node) => ({
      ...systemClock,
      now: () => systemClock.now() + (fast.has(node) ? fastMs : 0),
    }),
  });
  const [one = nodeId('node-1')] = NODES.map(nodeId);
  const generated = await cluster.submit(one, METHODS.generateKey, generateRequest('treasury'));
  expect(generatedKeyOf(generated)).toBeDefined();

  const { leader } = cluster.at(one).status();
  if (leader === undefined) throw new Error('nobody leads');
  fast.add(leader);
  const entry = NODES.map(nodeId).find((node) => node !== leader) ?? one;
  const request = signRequest('treasury', 'in-time', utf8('hello'));
  const signed = await cluster.submit(entry, METHODS.sign, request);

  expect(signatureOf(signed)?.signature).toHaveLength(64);
  expect(cluster.at(entry).status().timeMs).toBeLessThan(Date.now() + 5_000);
});
