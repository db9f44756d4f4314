import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import {
  Algorithm,
  derivePublicKey,
  TaskKind,
  TaskState,
  verifySignature,
} from '../../src/client/index.js';
import { nodeId, utf8 } from '../../src/common/index.js';
import { opensslVerifies } from '../support/clusters/cluster-signature.js';
import { recorded } from '../support/clusters/cluster-wait.js';
import { startCluster } from '../support/clusters/cluster.js';
import type { TestCluster } from '../support/clusters/cluster.js';

jest.setTimeout(60_000);

/** One for all tests. Each has keys of its own, and an app that sees no other's tasks. */
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3 });
});
afterAll(() => cluster[Symbol.asyncDispose]());

test('a cluster makes a key and signs at every node, and OpenSSL verifies', async () => {
  const app = await cluster.client('app', { name: 'all-nodes' });

  const { key, verdict } = await app.generateKey({ keyId: 'all-nodes' });
  expect(verdict).toBe('active');

  for (const node of cluster.nodes) {
    const here = await cluster.client('app', { name: 'all-nodes', at: [node] });
    const message = utf8(`pay from ${node}`);
    const { signature, signers } = await here.sign({ keyId: 'all-nodes', message });

    expect(signers).toHaveLength(2);
    expect(opensslVerifies(key.publicKey, message, signature)).toBe(true);
  }
});

test('a client whose node freezes has the same request done by another node, and once', async () => {
  const app = await cluster.client('app', { name: 'frozen' });
  const { key } = await app.generateKey({ keyId: 'frozen' });
  const [first = nodeId('')] = cluster.nodes;
  const door = cluster.network.door(first);
  const message = utf8('pay');

  // The connection stays, and nothing more of what the client says arrives.
  door.hold();
  const { signature } = await app.sign({ keyId: 'frozen', message });
  door.release();

  expect(opensslVerifies(key.publicKey, message, signature)).toBe(true);
  const { items } = await app.listTasks({ keyId: 'frozen' });
  // Newest first: one task for the signature.
  expect(items.map(({ kind }) => kind)).toEqual([TaskKind.SIGN, TaskKind.GENERATE_KEY]);
});

test.each([
  'FROST_ED25519_SHA512',
  'FROST_SECP256K1_SHA256',
  'FROST_SECP256K1_TAPROOT',
  'FROST_P256_SHA256',
] as const)(
  'a cluster makes a key of %s, signs with it and with a derived key, which the client computes itself',
  async (name) => {
    const app = await cluster.client('app');
    const algorithm = Algorithm[name];
    const keyId = name.toLowerCase().replaceAll('_', '-');

    const { key, verdict } = await app.generateKey({ keyId, algorithm });
    const message = utf8('pay');
    const request = { keyId, message, requestId: `derived-${keyId}`, path: [0, 5] };
    const root = await app.sign({ keyId, message });
    const derived = await app.sign(request);

    expect({ verdict, algorithm: key.algorithm }).toEqual({ verdict: 'active', algorithm });
    const publicKey = derivePublicKey(key, [0, 5]) ?? new Uint8Array();
    expect(root.publicKey).toEqual(key.publicKey);
    expect(derived.publicKey).toEqual(publicKey);
    expect(verifySignature(key, message, root.signature)).toBe(true);
    expect(verifySignature({ algorithm, publicKey }, message, derived.signature)).toBe(true);
    expect(verifySignature(key, message, derived.signature)).toBe(false);
    expect(verifySignature({ algorithm, publicKey }, utf8('more'), derived.signature)).toBe(false);

    // The state remembers the path, and computes with no points; and the path is part of the request.
    const { outcome } = await recorded(app, derived.taskId);
    expect(outcome).toMatchObject({
      value: { publicKey: key.publicKey, derivationPath: [0, 5] },
    });
    await expect(app.sign({ ...request, path: [0, 6] })).rejects.toMatchObject({
      code: 'already-exists',
    });
    const { taskId, signature } = await app.sign(request);
    expect(taskId).toBe(derived.taskId);
    expect(verifySignature({ algorithm, publicKey }, message, signature)).toBe(true);
  },
);

test('a repeated request gets identical bytes from one task at every node, once its outcome is recorded', async () => {
  const app = await cluster.client('app', { name: 'repeated' });
  const generate = { keyId: 'repeated', requestId: 'make-treasury' };
  const sign = { keyId: 'repeated', message: utf8('once'), requestId: 'pay-1' };

  const made = await app.generateKey(generate);
  const { taskId } = await app.sign(sign);
  await recorded(app, taskId);
  const signed = await app.sign(sign);
  expect(signed.taskId).toBe(taskId);
  const before = (await app.listTasks()).items;

  for (const node of cluster.nodes) {
    const here = await cluster.client('app', { name: 'repeated', at: [node] });
    expect(await here.generateKey(generate)).toEqual(made);
    expect(await here.sign(sign)).toEqual(signed);
  }
  const { items: tasks } = await app.listTasks();
  expect(tasks.map(({ requestId }) => requestId).toSorted()).toEqual(['make-treasury', 'pay-1']);
  // However many a slow machine needed: repetitions open none.
  expect(tasks).toEqual(before);
});

test('repetitions of a request that race at all nodes get one task, and signatures of the same message', async () => {
  const app = await cluster.client('app', { name: 'race' });
  const { key } = await app.generateKey({ keyId: 'race' });
  const clients = await Promise.all(
    cluster.nodes.map((at) => cluster.client('app', { name: 'race', at: [at] })),
  );
  const sign = { keyId: 'race', message: utf8('race'), requestId: 'race' };

  const answers = await Promise.all([...clients, ...clients].map((client) => client.sign(sign)));

  const [taskId = '', ...others] = new Set(answers.map((answer) => answer.taskId));
  expect(others).toEqual([]);
  for (const { signature } of answers) {
    expect(opensslVerifies(key.publicKey, sign.message, signature)).toBe(true);
  }
  await recorded(app, taskId);
  const after = await Promise.all(clients.map((client) => client.sign(sign)));
  for (const answer of after) expect(answer).toEqual(after[0]);
  const { items: tasks } = await app.listTasks();
  expect(tasks.filter(({ requestId }) => requestId === 'race')).toHaveLength(1);
});

test('another request under the same id is ALREADY_EXISTS, and the first outcome stays', async () => {
  const app = await cluster.client('app', { name: 'reused' });
  await app.generateKey({ keyId: 'reused' });
  const request = { keyId: 'reused', message: utf8('pay 1'), requestId: 'pay' };
  const first = await app.sign(request);

  for (const node of cluster.nodes) {
    const here = await cluster.client('app', { name: 'reused', at: [node] });
    const altered = here.sign({ ...request, message: utf8('pay 1000') });
    await expect(altered).rejects.toMatchObject({ code: 'already-exists' });
  }
  const { state } = await recorded(app, first.taskId);
  expect(state).toBe(TaskState.DONE);
  const { taskId, signature } = await app.sign(request);
  expect(taskId).toBe(first.taskId);
  expect(opensslVerifies(first.publicKey, request.message, signature)).toBe(true);
});

test('another key under the same request id, and another request for the same key, are refused', async () => {
  const app = await cluster.client('app', { name: 'other-key' });
  const listed = async () => (await app.listKeys()).items.map(({ keyId }) => keyId);
  const before = await listed();
  const request = { keyId: 'other-key', requestId: 'make' };
  const made = await app.generateKey(request);

  for (const node of cluster.nodes) {
    const here = await cluster.client('app', { name: 'other-key', at: [node] });
    for (const altered of [
      { ...request, threshold: 3, allowNoRedundancy: true },
      { ...request, keyId: 'petty-cash' },
      { ...request, requestId: 'make-again' },
    ]) {
      await expect(here.generateKey(altered)).rejects.toMatchObject({ code: 'already-exists' });
    }
  }
  expect(await app.generateKey(request)).toEqual(made);
  expect((await listed()).filter((keyId) => !before.includes(keyId))).toEqual(['other-key']);
});

test('the same request id from two requesters makes two requests', async () => {
  const app = await cluster.client('app', { name: 'app-1' });
  const other = await cluster.client('app', {
    name: 'app-2',
    requesters: ['spiffe://quorate/app/app-1'],
  });
  await app.generateKey({
    keyId: 'shared',
    allowedSigners: ['spiffe://quorate/app/app-2'],
  });

  const one = await app.sign({ keyId: 'shared', message: utf8('1'), requestId: 'pay' });
  const two = await other.sign({ keyId: 'shared', message: utf8('2'), requestId: 'pay' });

  expect(one.taskId).not.toBe(two.taskId);
});
