import { expect, jest, test } from '@jest/globals';
import { TaskState } from '../../src/client/index.js';
import { utf8 } from '../../src/common/index.js';
import { taskIdOf } from '../../src/identity/index.js';
import { opensslVerifies } from '../support/clusters/cluster-signature.js';
import { eventually } from '../support/clusters/cluster-wait.js';
import { startCluster } from '../support/clusters/cluster.js';

jest.setTimeout(60_000);

test('a client whose call ended before its key was made finds the key later by the id of its task', async () => {
  await using cluster = await startCluster({ nodes: 3 });
  const leader = await cluster.leader();
  const [silent] = await cluster.followers();
  const app = await cluster.client('app', { at: [leader] });
  await cluster.whole();

  // Of three participants one is not heard: the task is committed, and cannot end.
  cluster.network.hold(silent);
  const taskId = taskIdOf('spiffe://quorate/app/app', 'make');
  const making = app.generateKey({ keyId: 'treasury', requestId: 'make' }, { timeoutMs: 1_000 });
  await expect(making).rejects.toMatchObject({
    code: 'deadline',
    reason: 'KEY_NOT_READY',
    facts: { task_id: taskId },
  });
  expect((await app.getTask(taskId)).state).toBe(TaskState.OPEN);

  cluster.heal();
  const done = await eventually('the task to end', async () => {
    const task = await app.getTask(taskId);
    return task.state === TaskState.OPEN ? undefined : task;
  });
  expect(done.outcome?.$case).toBe('generatedKey');
  const { key } = await eventually('the certificate to be complete', async () => {
    const judged = await app.getKey('treasury');
    return judged.verdict === 'pending' ? undefined : judged;
  });
  const message = utf8('with it');
  const { signature } = await app.sign({ keyId: 'treasury', message });
  expect(opensslVerifies(key.publicKey, message, signature)).toBe(true);
});

test('an expired request fails for good, and its client finds the failure by the id of its task', async () => {
  await using cluster = await startCluster({ nodes: 3 });
  const leader = await cluster.leader();
  const [silent] = await cluster.followers();
  const app = await cluster.client('app', { at: [leader] });
  await app.generateKey({
    keyId: 'treasury',
    participants: [leader, silent],
    threshold: 2,
    allowNoRedundancy: true,
  });
  await app.sign({ keyId: 'treasury', message: utf8('in time') });

  cluster.network.hold(silent);
  const request = { keyId: 'treasury', message: utf8('too late'), requestId: 'pay' };
  const late = app.sign(request, { timeoutMs: 700 });
  await expect(late).rejects.toMatchObject({ code: 'deadline' });

  const taskId = taskIdOf('spiffe://quorate/app/app', 'pay');
  const task = await eventually('the task to end', async () => {
    const found = await app.getTask(taskId);
    return found.state === TaskState.OPEN ? undefined : found;
  });
  expect(task.outcome).toEqual({ $case: 'failure', value: { reason: 'REQUEST_EXPIRED' } });
  cluster.heal();
  for (const node of cluster.nodes) {
    const here = await cluster.client('app', { at: [node] });
    const again = here.sign(request);
    await expect(again).rejects.toMatchObject({ code: 'deadline', reason: 'REQUEST_EXPIRED' });
  }
});
