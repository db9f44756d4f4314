import { expect, jest, test } from '@jest/globals';
import { nodeId } from '../../src/common/index.js';
import { keyDestroyedOf, METHODS, resharingOf } from '../../src/state/index.js';
import { DestroyKeyRequest, encode, RetireKeyRequest } from '../../src/wire/index.js';
import { NODES } from '../support/builders/ledger.js';
import { eventually } from '../support/clusters/cluster-wait.js';
import { KEY, ReshareCluster, versionOf } from '../support/clusters/reshare-cluster.js';

/* What comes with time: a refresh of its own, and the end of a key. Time is moved by hand. */

jest.setTimeout(600_000);

const [ONE = nodeId(''), TWO = nodeId(''), THREE = nodeId('')] = NODES;
const HOUR_MS = 3_600_000;
const seconds = (ms: number) => ({ seconds: BigInt(ms / 1000), nanos: 0 });

test('a key is refreshed by itself when its time has come, once, and again after its interval', async () => {
  await using cluster = await ReshareCluster.start(NODES);
  const { publicKey } = await cluster.generate(ONE, { reshareInterval: seconds(HOUR_MS) });
  const dueOf = async () => Number(resharingOf(await cluster.key(ONE)).dueMs);

  for (const version of [2, 3]) {
    const dueMs = await dueOf();
    const waitMs = dueMs - cluster.timeMs(ONE);
    expect(waitMs).toBeGreaterThan(0);
    expect((await cluster.key(ONE)).version).toBe(version - 1);
    await cluster.pass(waitMs);
    await eventually('the refresh', async () => (await cluster.key(ONE)).version === version);
    expect((await cluster.sign(TWO)).keyVersion).toBe(version);
    await cluster.keep({ [ONE]: 1, [TWO]: 1, [THREE]: 1 });
    expect(await dueOf()).toBe(dueMs + HOUR_MS);
    const tasks = cluster.replicas.at(ONE).local().tasks('', 99, false);
    const made = tasks.filter(({ kind }) => kind === 'refresh').map(versionOf);
    expect(made.filter((each) => each === version)).toHaveLength(1);
  }

  expect((await cluster.key(TWO)).publicKey).toEqual(publicKey);
});

test('a key is destroyed: each node erases its share, says so in the log, and nobody signs with it again', async () => {
  await using cluster = await ReshareCluster.start(NODES);
  await cluster.generate(ONE);
  expect(versionOf(await cluster.reshare(ONE))).toBe(2);
  await cluster.sign(ONE);
  const recoveryWindow = seconds(60_000);
  const retire = encode(RetireKeyRequest, { requestId: 'retire', keyId: KEY, recoveryWindow });
  await cluster.asked(ONE, METHODS.retireKey, retire);
  const destroy = (requestId: string, confirmKeyId = KEY) => {
    const request = encode(DestroyKeyRequest, { requestId, keyId: KEY, confirmKeyId });
    return cluster.asked(ONE, METHODS.destroyKey, request);
  };
  await expect(destroy('other', 'payments')).rejects.toMatchObject({
    reason: 'CONFIRMATION_DIFFERS',
  });
  await expect(destroy('early')).rejects.toMatchObject({ reason: 'KEY_RECOVERABLE' });
  await cluster.keep({ [ONE]: 1, [TWO]: 1, [THREE]: 1 });

  await cluster.pass(60_001);
  // A node that is away has its share still, so the task waits for its word, whoever leads.
  const away = NODES.find((node) => node !== cluster.leader() && node !== ONE) ?? TWO;
  await cluster.replicas.stop(away);
  const destroyed = destroy('late');
  await cluster.keep(Object.fromEntries(NODES.map((node) => [node, node === away ? 1 : 0])));
  const [open] = cluster.replicas.at(ONE).local().tasks('', 9, true);
  expect(open?.outcome).toBeUndefined();
  expect(open?.kind).toBe('destroy-key');
  await cluster.replicas.restart(away);

  const done = await destroyed;
  expect(keyDestroyedOf(done)?.nodes.toSorted()).toEqual([...NODES]);
  await cluster.keep({ [ONE]: 0, [TWO]: 0, [THREE]: 0 });
  await expect(cluster.sign(ONE)).rejects.toMatchObject({ reason: 'KEY_DESTROYED' });
  await expect(cluster.reshare(ONE)).rejects.toMatchObject({ reason: 'KEY_DESTROYED' });
});
