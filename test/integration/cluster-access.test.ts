import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { nodeId, utf8 } from '../../src/common/index.js';
import { createAuthority } from '../../src/pki/index.js';
import type { Credential } from '../../src/pki/index.js';
import { KeyServiceService, PeerServiceService } from '../../src/wire/services.js';
import { callOnce, firstAnswer } from '../support/wire/cluster-call.js';
import { startCluster } from '../support/clusters/cluster.js';
import type { TestCluster } from '../support/clusters/cluster.js';

jest.setTimeout(60_000);

const message = utf8('pay');

let cluster: TestCluster;
let publicKey: Uint8Array;
beforeAll(async () => {
  cluster = await startCluster({ nodes: 3 });
  const owner = await cluster.client('app', { name: 'owner' });
  publicKey = (await owner.generateKey({ keyId: 'treasury' })).key.publicKey;
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

test('an auditor may read, and neither make keys nor sign', async () => {
  const auditor = await cluster.client('auditor');

  expect((await auditor.getKey('treasury')).key.keyId).toBe('treasury');
  expect((await auditor.listTasks()).items).toHaveLength(1);
  const forbidden = { code: 'forbidden', reason: 'ROLE_NOT_PERMITTED' };
  await expect(auditor.generateKey({ keyId: 'mine' })).rejects.toMatchObject(forbidden);
  const signing = auditor.sign({ keyId: 'treasury', message, publicKey });
  await expect(signing).rejects.toMatchObject(forbidden);
});

test('an app may sign with its own keys only, and sees its own tasks only', async () => {
  const other = await cluster.client('app', { name: 'other' });

  const signing = other.sign({ keyId: 'treasury', message, publicKey });

  await expect(signing).rejects.toMatchObject({ code: 'forbidden' });
  expect((await other.listTasks()).items).toEqual([]);
});

test('an application signs with a key that an operator made for it, once it accepts the operator’s keys', async () => {
  const operator = await cluster.client('operator', { name: 'alice' });
  const allowedSigners = ['spiffe://quorate/app/payments'];
  await operator.generateKey({ keyId: 'payments', allowedSigners });

  const stranger = await cluster.client('app', { name: 'payments' });
  await expect(stranger.sign({ keyId: 'payments', message })).rejects.toMatchObject({
    reason: 'KEY_OF_OTHER_REQUESTER',
    facts: { requester: 'spiffe://quorate/operator/alice' },
  });
  const requesters = ['spiffe://quorate/operator/alice'];
  const app = await cluster.client('app', { name: 'payments', requesters });
  expect((await app.sign({ keyId: 'payments', message })).signature).toHaveLength(64);
});

test.each(['tee', 'mesh'] as const)('a %s certificate is no client’s certificate', async (role) => {
  const node = await cluster.client(role, { name: 'node-9' });

  const reading = node.getKey('treasury');

  await expect(reading).rejects.toMatchObject({ code: 'forbidden', reason: 'ROLE_NOT_PERMITTED' });
});

/** The error of a call with a certificate of `authority`: as a node ends it, and as the SDK does without asking. */
async function refusals(authority: Credential): Promise<readonly unknown[]> {
  const [node = nodeId('')] = cluster.nodes;
  const tls = await cluster.credentials('operator', { authority });
  const { address } = cluster.network.door(node);
  const sdk = await cluster.client('operator', { authority });
  const raw = callOnce(address, tls, KeyServiceService.getKey, { keyId: 'treasury' }, 2_000);
  const ended = await Promise.allSettled([raw, sdk.getKey('treasury')]);
  return ended.map((each) => (each.status === 'rejected' ? each.reason : undefined));
}

const NO_CONNECTION = [
  { code: 'no-quorum', reason: 'UNREACHABLE' },
  { code: 'unauthenticated', reason: 'CERTIFICATE_OF_ANOTHER_AUTHORITY' },
];

test('the authority of nodes certifies no client, and the port for clients does not know it', async () => {
  expect(await refusals(cluster.authority('peer'))).toMatchObject(NO_CONNECTION);
});

test('a certificate of another authority gets no connection, whatever it claims', async () => {
  const authority = await createAuthority('Quorate', 1);
  expect(await refusals(authority)).toMatchObject(NO_CONNECTION);
});

test('the peer port refuses clients and nodes that are no members', async () => {
  const [at, from] = cluster.nodes;
  if (at === undefined || from === undefined) throw new Error('there are three nodes');
  const { address } = cluster.network.link(from, at);
  const knock = async (role: 'operator' | 'tee', name: string, by: 'peer' | 'requester') => {
    const authority = cluster.authority(by);
    const tls = await cluster.credentials(role, { name, authority });
    return firstAnswer(address, tls, PeerServiceService.tasks);
  };

  await expect(knock('operator', 'operator', 'requester')).rejects.toMatchObject({
    code: 'no-quorum',
    reason: 'UNREACHABLE',
  });
  await expect(knock('tee', from, 'requester')).rejects.toMatchObject({ reason: 'UNREACHABLE' });
  await expect(knock('operator', 'operator', 'peer')).rejects.toMatchObject({
    code: 'forbidden',
    reason: 'ROLE_NOT_PERMITTED',
  });
  await expect(knock('tee', 'node-9', 'peer')).rejects.toMatchObject({
    code: 'forbidden',
    reason: 'NOT_A_MEMBER',
  });
});
