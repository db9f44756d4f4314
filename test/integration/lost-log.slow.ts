import { expect, jest, test } from '@jest/globals';
import { nodeId, toHex, utf8 } from '../../src/common/index.js';
import type { LogIndex, NodeId } from '../../src/common/index.js';
import type { ConsensusStore } from '../../src/ports/index.js';
import { decodePeerMessage, encodeMessage } from '../../src/raft/index.js';
import { wordsFromBytes } from '../../src/raft/evidence/codec.js';
import { acknowledgementBytes } from '../../src/raft/evidence/words.js';
import type { SignedAcknowledgement, SignedWords } from '../../src/raft/evidence/words.js';
import { METHODS, signatureOf } from '../../src/state/index.js';
import { memoryConsensusStore, memoryShareStore } from '../../src/store/index.js';
import { ledgerSigner } from '../support/builders/accusation.js';
import {
  generateRequest,
  NODES,
  signRequest,
  testGenesis,
  verify,
} from '../support/builders/ledger.js';
import { eventually } from '../support/clusters/cluster-wait.js';
import { copiedLog } from '../support/clusters/copied-log.js';
import { ReplicaCluster } from '../support/clusters/replica-cluster.js';
import type { ReplicaClusterParts } from '../support/clusters/replica-cluster.js';
import { quietLogger } from '../unit/raft/driver-cluster.js';

/* Whole nodes one of which has lost something: docs/decisions/0069-an-old-disk-is-convicted.md. */

jest.setTimeout(120_000);

const [ONE = nodeId('node-1'), TWO = nodeId('node-2'), THREE = nodeId('node-3')] = NODES;
const KEY = 'treasury';

async function withKey(more: Partial<ReplicaClusterParts> = {}): Promise<ReplicaCluster> {
  const cluster = await ReplicaCluster.start({
    genesis: testGenesis(),
    verify,
    signerOf: ledgerSigner,
    ...more,
  });
  await cluster.ready(ONE);
  await cluster.submit(ONE, METHODS.generateKey, generateRequest(KEY));
  return cluster;
}

async function sign(cluster: ReplicaCluster, node: NodeId, name: string): Promise<string> {
  const task = await cluster.submit(node, METHODS.sign, signRequest(KEY, name, utf8(name)));
  return toHex(signatureOf(task)?.signature ?? new Uint8Array(0));
}

const partOf = (cluster: ReplicaCluster, node: NodeId): string => cluster.at(node).status().part;

/** A node's process ends, and another one begins with this log, and all else that the node had. */
async function restartOn(
  cluster: ReplicaCluster,
  node: NodeId,
  store: ConsensusStore,
): Promise<void> {
  await cluster.stop(node);
  cluster.replaceLog(node, store);
  await cluster.restart(node);
}

/** How far `voter` has acknowledged its log, as another node has durably. */
async function storedOf(cluster: ReplicaCluster, node: NodeId, voter: NodeId): Promise<LogIndex> {
  const bytes = (await cluster.logOf(node).load()).notes.get(`words/${voter}`);
  return (bytes && wordsFromBytes(bytes)?.acknowledgement?.index) ?? 0;
}

test.each([
  ['an emptied log, and its identity and key shares put back', async () => memoryConsensusStore()],
  ['an old copy of its log', copiedLog],
])('a node with %s signs nothing, says why, and the others go on', async (_what, lostOf) => {
  await using cluster = await withKey();
  const lost = await lostOf(cluster.logOf(THREE));
  const { length } = [...(await lost.load()).entries];
  // Words that its peers have not stored convict nobody, and they store them with what they write next.
  let signed = 0;
  await eventually('both others have stored a word on what it loses', async () => {
    await sign(cluster, ONE, `before-${signed++}`);
    const stored = [ONE, TWO].map((node) => storedOf(cluster, node, THREE));
    return Math.min(...(await Promise.all(stored))) > length;
  });

  await restartOn(cluster, THREE, lost);
  await eventually('the node is convicted', () => partOf(cluster, THREE) === 'log-lost');

  await expect(sign(cluster, THREE, 'through-it')).rejects.toMatchObject({
    code: 'no-quorum',
    reason: 'NODE_LOG_LOST',
  });
  await cluster.ready(ONE);
  expect(await sign(cluster, ONE, 'after')).not.toBe('');
  // With one of the other two away there is no majority: this node's vote and share are no help.
  await cluster.stop(TWO);
  const signal = AbortSignal.timeout(500);
  await expect(cluster.at(ONE).read(signal)).rejects.toMatchObject({ code: 'no-quorum' });
  await cluster.restart(TWO);
  await cluster.ready(ONE);
  await cluster.stop(THREE);
  await cluster.restart(THREE);
  expect(partOf(cluster, THREE)).toBe('log-lost');
  expect(await sign(cluster, TWO, 'and-again')).not.toBe('');
});

/** A voter's acknowledgement of what nobody has, signed by `by`. */
function madeUp(by: NodeId, speaker: NodeId): SignedAcknowledgement {
  const place = { term: 99, index: 999, hash: new Uint8Array(32), clockMs: 1_700_000_000_000 };
  const said = { ...place, incarnation: 1, boot: new Uint8Array(16).fill(9), order: 0 };
  const bytes = acknowledgementBytes(testGenesis().clusterId, speaker, said);
  return { ...said, signature: ledgerSigner(by).sign(bytes) };
}

test.each<[string, Partial<SignedWords>]>([
  ['words that it has made up itself', { acknowledgement: madeUp(TWO, THREE) }],
  ['words that it has signed itself', { acknowledgement: madeUp(TWO, TWO) }],
])(
  'a node to which a peer shows %s is not convicted, and tells of the peer',
  async (_what, words) => {
    const alarms: unknown[] = [];
    await using cluster = await withKey({
      altered: (from, channel, bytes) => {
        const message = channel === 'raft' && from === TWO ? decodePeerMessage(bytes) : undefined;
        if (message?.type !== 'records') return bytes;
        return encodeMessage({ ...message, words: { ...message.words, ...words } });
      },
      loggerOf: (node) => ({
        ...quietLogger,
        alarm: (line, fields) => {
          if (node === THREE) alarms.push([line, fields?.['peer']]);
        },
      }),
    });
    await sign(cluster, ONE, 'before');

    await cluster.stop(THREE);
    await cluster.restart(THREE);
    await eventually('the peer is told of', () => alarms.length > 0);

    expect(alarms).toContainEqual(['A peer shows a word that this node has not signed', TWO]);
    expect(partOf(cluster, THREE)).toBe('takes');
    await cluster.ready(THREE);
    expect(await sign(cluster, THREE, 'after')).not.toBe('');
  },
);

test('a node whose share is gone, of which it has said that it is ready, takes part in consensus', async () => {
  const shares = memoryShareStore();
  await using cluster = await withKey({
    sharesOf: (node) => Promise.resolve(node === THREE ? shares : memoryShareStore()),
  });
  await sign(cluster, ONE, 'before');
  await cluster.stop(THREE);
  for (const id of (await shares.list({ limit: 100 })).items) await shares.delete(id);
  await cluster.restart(THREE);
  await cluster.ready(THREE);

  // Of three nodes these two are a majority only together.
  await cluster.stop(TWO);
  await cluster.ready(ONE);
  expect(partOf(cluster, THREE)).toBe('takes');
});
