import { expect, jest, test } from '@jest/globals';
import type { QuorateClient, SignInput } from '../../src/client/index.js';
import { toHex } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import { SigningServiceService } from '../../src/wire/services.js';
import { callOnce } from '../support/wire/cluster-call.js';
import { opensslVerifies } from '../support/clusters/cluster-signature.js';
import { eventually, recorded } from '../support/clusters/cluster-wait.js';
import { startCluster } from '../support/clusters/cluster.js';
import type { TestCluster } from '../support/clusters/cluster.js';

jest.setTimeout(60_000);

/** So long that it shows on a wire, whatever else is said there. */
const LONG = new Uint8Array(30_000).fill(7);
const PAY: SignInput = { keyId: 'treasury', message: LONG, requestId: 'pay' };

/** Waits until `from` has said so much to everybody in `to` that the long message must have been in it. */
async function said(cluster: TestCluster, from: NodeId, to: readonly NodeId[]): Promise<void> {
  const wires = to.map((node) => cluster.network.link(from, node));
  const before = wires.map((wire) => wire.saidBytes);
  await eventually(`${from} to say the request to ${to.join(' and ')}`, () =>
    wires.every((wire, at) => wire.saidBytes - (before[at] ?? 0) > LONG.length),
  );
}

/** A client compares the public key that its caller knows with the cluster's once, by a read that needs a majority. */
async function firstSignature(app: QuorateClient, publicKey: Uint8Array): Promise<void> {
  await app.sign({ keyId: PAY.keyId, message: new Uint8Array(1), publicKey });
}

/** Checks that the log has one task for the request with one result, a signature by `publicKey`, on every node. */
async function expectOneResult(cluster: TestCluster, publicKey: Uint8Array): Promise<void> {
  const app = await cluster.client('app');
  const { taskId } = await eventually('an answer', () => app.sign(PAY));
  await recorded(app, taskId);
  const signatures = new Set<string>();
  for (const node of cluster.nodes) {
    const here = await cluster.client('app', { at: [node] });
    const { signature } = await eventually(`${node} to answer`, () => here.sign(PAY));
    expect(opensslVerifies(publicKey, LONG, signature)).toBe(true);
    signatures.add(toHex(signature));
  }
  expect(signatures.size).toBe(1);
  const { items: tasks } = await app.listTasks();
  expect(tasks.filter(({ requestId }) => requestId === PAY.requestId)).toHaveLength(1);
}

test('a request in the log of a dying leader alone gets one result when it is sent again', async () => {
  await using cluster = await startCluster({ nodes: 3 });
  const leader = await cluster.leader();
  const followers = await cluster.followers();
  const app = await cluster.client('app', { at: [leader, ...followers] });
  const { key } = await app.generateKey({ keyId: 'treasury' });
  await firstSignature(app, key.publicKey);

  cluster.network.hold(leader);
  const heard = said(cluster, leader, followers);
  const signing = app.sign({ ...PAY, publicKey: key.publicKey });
  await heard;
  await cluster.kill(leader);
  const { signature } = await signing;

  await cluster.restart(leader);
  expect(opensslVerifies(key.publicKey, LONG, signature)).toBe(true);
  await expectOneResult(cluster, key.publicKey);
});

test('a request that a dying leader has replicated gets one result when it is sent again', async () => {
  await using cluster = await startCluster({ nodes: 3 });
  const leader = await cluster.leader();
  const followers = await cluster.followers();
  const app = await cluster.client('app', { at: [leader, ...followers] });
  const { key } = await app.generateKey({ keyId: 'treasury' });
  await firstSignature(app, key.publicKey);

  for (const follower of followers) cluster.network.hold(follower, leader);
  const heard = said(cluster, leader, followers);
  const signing = app.sign({ ...PAY, publicKey: key.publicKey });
  await heard;
  await cluster.kill(leader);
  const { signature } = await signing;

  await cluster.restart(leader);
  expect(opensslVerifies(key.publicKey, LONG, signature)).toBe(true);
  await expectOneResult(cluster, key.publicKey);
});

test('a client of another node gets its answer when the leader dies in the middle of the request', async () => {
  await using cluster = await startCluster({ nodes: 3 });
  const leader = await cluster.leader();
  const [entry, other] = await cluster.followers();
  const app = await cluster.client('app', { at: [entry] });
  const { key } = await app.generateKey({ keyId: 'treasury' });

  cluster.network.hold(leader);
  const heard = said(cluster, leader, [other]);
  const signing = callOnce(
    cluster.network.door(entry).address,
    await cluster.credentials('app'),
    SigningServiceService.sign,
    {
      requestId: 'pay',
      keyId: 'treasury',
      payload: { $case: 'message', value: LONG },
      derivationPath: [],
      hash: 0,
    },
    20_000,
  );
  await heard;
  await cluster.kill(leader);
  const { signature } = await signing;

  await cluster.restart(leader);
  expect(opensslVerifies(key.publicKey, LONG, signature)).toBe(true);
  await expectOneResult(cluster, key.publicKey);
});

test('a key generation interrupted by the leader’s death makes the key once', async () => {
  await using cluster = await startCluster({ nodes: 3 });
  const leader = await cluster.leader();
  const followers = await cluster.followers();
  const app = await cluster.client('app', { at: [leader, ...followers] });
  const request = { keyId: 'treasury', requestId: 'make' };

  const before = cluster.network.link(leader, followers[0]).saidBytes;
  const making = app.generateKey(request, { timeoutMs: 30_000 });
  await eventually('the leader to say something of it', () => {
    const { saidBytes } = cluster.network.link(leader, followers[0]);
    return saidBytes - before > 2_000;
  });
  await cluster.kill(leader);
  await cluster.restart(leader);
  const { key } = await making;

  for (const node of cluster.nodes) {
    const here = await cluster.client('app', { at: [node] });
    const again = await eventually(`${node} to answer`, () => here.generateKey(request));
    expect(again.key).toEqual(key);
  }
  const message = new Uint8Array(3);
  const { signature } = await app.sign({ keyId: 'treasury', message });
  expect(opensslVerifies(key.publicKey, message, signature)).toBe(true);
});
