import { expect, jest, test } from '@jest/globals';
import type { NodeId } from '../../src/common/index.js';
import { utf8 } from '../../src/common/index.js';
import { UNHEARD_MS } from '../../src/tasks/limits.js';
import { KeyServiceService, SigningServiceService } from '../../src/wire/services.js';
import { callOnce } from '../support/wire/cluster-call.js';
import { opensslVerifies } from '../support/clusters/cluster-signature.js';
import { eventually } from '../support/clusters/cluster-wait.js';
import { startCluster } from '../support/clusters/cluster.js';
import type { TestCluster } from '../support/clusters/cluster.js';

jest.setTimeout(60_000);

/** How a node itself answers, without anybody asking another one. */
async function aloneAt(cluster: TestCluster, node: NodeId) {
  const tls = await cluster.credentials('app');
  const { address } = cluster.network.door(node);
  const message = { $case: 'message' as const, value: utf8('alone') };
  return {
    write: () =>
      callOnce(
        address,
        tls,
        SigningServiceService.sign,
        { requestId: 'alone', keyId: 'treasury', payload: message, derivationPath: [], hash: 0 },
        20_000,
      ),
    read: () => callOnce(address, tls, KeyServiceService.getKey, { keyId: 'treasury' }, 20_000),
  };
}

test('a node cut off from the others answers UNAVAILABLE to writes and reads, and catches up when healed', async () => {
  await using cluster = await startCluster({ nodes: 3 });
  const [lonely, other] = await cluster.followers();
  const app = await cluster.client('app', { at: [other, await cluster.leader()] });
  const { key } = await app.generateKey({ keyId: 'treasury' });

  cluster.partition([[lonely], cluster.nodes.filter((node) => node !== lonely)]);
  const alone = await aloneAt(cluster, lonely);
  const refused = Promise.allSettled([alone.write(), alone.read()]);
  const message = utf8('without it');
  const signed = await app.sign({ keyId: 'treasury', message, requestId: 'majority' });
  const [write, read] = await refused;

  expect(opensslVerifies(key.publicKey, message, signed.signature)).toBe(true);
  expect(write).toMatchObject({
    reason: { code: 'no-quorum', reason: 'NO_LEADER', details: { retryAfterMs: 500 } },
  });
  expect(read).toMatchObject({ reason: { code: 'no-quorum' } });
  const healed = await cluster.client('app', { at: [lonely] });
  const { leaderId, members } = await healed.getCluster();
  expect(leaderId).toBe('');
  expect(members.filter(({ reachable }) => reachable).map(({ nodeId }) => nodeId)).toEqual([
    lonely,
  ]);

  cluster.heal();
  const again = await eventually('the node to catch up', () =>
    healed.sign({ keyId: 'treasury', message, requestId: 'majority' }),
  );
  expect(again.signature).toEqual(signed.signature);
  expect((await app.listTasks()).items.map(({ requestId }) => requestId)).not.toContain('alone');
});

test('a leader cut off from the others steps down, and the majority elects another and signs', async () => {
  await using cluster = await startCluster({ nodes: 3 });
  const former = await cluster.leader();
  const majority = await cluster.followers();
  const app = await cluster.client('app', { at: majority });
  const { key } = await app.generateKey({ keyId: 'treasury' });

  cluster.partition([[former], majority]);
  const message = utf8('with another leader');
  const signed = await app.sign({ keyId: 'treasury', message, requestId: 'majority' });
  const alone = await aloneAt(cluster, former);

  expect(opensslVerifies(key.publicKey, message, signed.signature)).toBe(true);
  expect(signed.signers.toSorted()).toEqual(majority.toSorted());
  expect(majority).toContain(await cluster.leader());
  await expect(alone.read()).rejects.toMatchObject({ code: 'no-quorum' });

  cluster.heal();
  const healed = await cluster.client('app', { at: [former] });
  const again = await eventually('the former leader to catch up', () =>
    healed.sign({ keyId: 'treasury', message, requestId: 'majority' }),
  );
  expect(again.signature).toEqual(signed.signature);
});

test('nodes without any connection do nothing, and go on together when the network heals', async () => {
  await using cluster = await startCluster({ nodes: 3 });
  const app = await cluster.client('app');
  await app.generateKey({ keyId: 'treasury' });

  cluster.partition(cluster.nodes.map((node) => [node]));
  const reads = await Promise.allSettled(
    cluster.nodes.map(async (node) => (await aloneAt(cluster, node)).read()),
  );
  for (const read of reads) expect(read).toMatchObject({ reason: { code: 'no-quorum' } });

  cluster.heal();
  const message = utf8('together again');
  const { signature, publicKey } = await app.sign({ keyId: 'treasury', message });
  expect(opensslVerifies(publicKey, message, signature)).toBe(true);
});

test('a node that is sent to and answers nothing is named at once when a key is to be made', async () => {
  await using cluster = await startCluster({ nodes: 3 });
  const leader = await cluster.leader();
  const [silent] = await cluster.followers();
  const app = await cluster.client('app', { at: [leader] });

  cluster.network.hold(silent);
  await eventually('the leader to miss its answers over streams that are open', async () => {
    const { members } = await app.getCluster();
    const member = members.find((each) => each.nodeId === silent);
    const unheard = Number(member?.replication?.heardAgoMs) >= UNHEARD_MS;
    return (unheard && member?.reachable) || undefined;
  });
  const refused = app.generateKey({ keyId: 'treasury' }, { timeoutMs: 1_500 });

  await expect(refused).rejects.toMatchObject({
    code: 'no-quorum',
    reason: 'PARTICIPANT_UNREACHABLE',
    details: { facts: { node: silent } },
  });
  expect((await app.listTasks()).items).toEqual([]);
});
