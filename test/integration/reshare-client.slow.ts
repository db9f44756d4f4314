import { expect, jest, test } from '@jest/globals';
import { TaskState, verifySignature } from '../../src/client/index.js';
import { utf8 } from '../../src/common/index.js';
import { startCluster } from '../support/clusters/cluster.js';
import { eventually } from '../support/clusters/cluster-wait.js';

/** What an application and an operator do with the library, on whole nodes: share keys anew, and cancel that. */
jest.setTimeout(600_000);

test('a client shares a key anew among other nodes with another threshold, while it signs', async () => {
  await using cluster = await startCluster({ nodes: 4, unsigned: false });
  const [one = '', two = '', three = '', four = ''] = cluster.nodes;
  const app = await cluster.client('app', { name: 'shop' });
  const { key } = await app.generateKey({
    keyId: 'treasury',
    participants: [one, two, three],
    threshold: 2,
  });
  const message = utf8('pay the rent');
  const reshared = app.reshareKey({
    keyId: 'treasury',
    participants: [two, three, four],
    threshold: 3,
    allowNoRedundancy: true,
    reshareIntervalMs: 7_200_000,
  });
  const versions: number[] = [];
  while (versions.at(-1) !== 2) {
    const { signature, keyVersion } = await app.sign({ keyId: 'treasury', message });
    expect(verifySignature(key, { message }, signature)).toBe(true);
    versions.push(keyVersion);
  }
  expect(versions).toEqual(versions.toSorted((a, b) => a - b));

  const { key: after, verdict } = await reshared;
  expect([after.version, after.threshold, verdict]).toEqual([2, 3, 'active']);
  expect(after.participants).toEqual([two, three, four]);
  expect(after.publicKey).toEqual(key.publicKey);
  expect(Number(after.reshareInterval?.seconds)).toBe(7200);
  const { signers } = await app.sign({ keyId: 'treasury', message });
  expect(signers.toSorted()).toEqual([two, three, four]);

  // What is not named stays as it is.
  const again = await app.reshareKey({ keyId: 'treasury', allowNoRedundancy: true });
  expect([again.key.version, again.key.threshold, again.verdict]).toEqual([3, 3, 'active']);
  expect(again.key.participants).toEqual(after.participants);
});

test('a client cancels a reshare that waits for messages between its nodes, and the version before stays in use', async () => {
  await using cluster = await startCluster({ nodes: 4, unsigned: false });
  const leader = await cluster.leader();
  const [deaf = leader, ...others] = cluster.nodes.filter((node) => node !== leader);
  const holders = [leader, ...others].toSorted();
  const app = await cluster.client('app', { name: 'shop' });
  const stranger = await cluster.client('app', { name: 'other' });
  const message = utf8('pay the rent');
  await app.generateKey({ keyId: 'treasury', participants: holders, threshold: 2 });
  await cluster.whole();
  // The leader hears all of them, and these never hear one another: no attempt comes to its end.
  for (const other of others) {
    cluster.network.hold(deaf, other);
    cluster.network.hold(other, deaf);
  }
  const participants = [...cluster.nodes];
  const reshared = app.reshareKey({ keyId: 'treasury', participants, threshold: 2 });
  const failed = reshared.then(
    () => undefined,
    (error: unknown) => error,
  );

  const taskId = await eventually('the task to be open', async () => {
    const { key: shown } = await app.getKey('treasury');
    return shown.reshareTaskId === '' ? undefined : shown.reshareTaskId;
  });
  await expect(stranger.cancelTask({ taskId })).rejects.toMatchObject({ reason: 'TASK_NOT_YOURS' });
  expect((await app.sign({ keyId: 'treasury', message })).keyVersion).toBe(1);
  await app.cancelTask({ taskId });

  expect(await failed).toMatchObject({ reason: 'TASK_CANCELLED' });
  expect((await app.getTask(taskId)).state).toBe(TaskState.CANCELLED);
  await expect(app.cancelTask({ taskId })).rejects.toMatchObject({ reason: 'TASK_CLOSED' });
  expect((await app.sign({ keyId: 'treasury', message })).keyVersion).toBe(1);
  const { key, verdict } = await app.getKey('treasury');
  expect([key.version, key.reshareTaskId, verdict]).toEqual([1, '', 'active']);

  cluster.heal();
  await cluster.whole();
  const { key: next } = await app.reshareKey({ keyId: 'treasury', participants, threshold: 2 });
  expect([next.version, next.participants.length]).toEqual([2, 4]);
  expect((await app.sign({ keyId: 'treasury', message })).keyVersion).toBe(2);
});
