import { expect, jest, test } from '@jest/globals';
import { TaskState } from '../../src/client/index.js';
import { utf8 } from '../../src/common/index.js';
import { taskIdOf } from '../../src/identity/index.js';
import { SigningServiceService } from '../../src/wire/services.js';
import { callOnce } from '../support/wire/cluster-call.js';
import { opensslVerifies } from '../support/clusters/cluster-signature.js';
import { eventually, recorded } from '../support/clusters/cluster-wait.js';
import { startCluster } from '../support/clusters/cluster.js';

jest.setTimeout(60_000);

test('a cluster restarted as a whole has every key and outcome, and signs', async () => {
  await using cluster = await startCluster({ nodes: 3 });
  const app = await cluster.client('app');
  const requests = ['one', 'two', 'three'].map((name) => ({
    make: { keyId: `key-${name}`, requestId: `make-${name}` },
    pay: { keyId: `key-${name}`, message: utf8(name), requestId: `pay-${name}` },
  }));
  const before = [];
  for (const { make, pay } of requests) {
    const key = await app.generateKey(make);
    await recorded(app, (await app.sign(pay)).taskId);
    before.push({ key, paid: await app.sign(pay) });
  }
  const tasks = await app.listTasks();

  await Promise.all(cluster.nodes.map((node) => cluster.kill(node)));
  await Promise.all(cluster.nodes.map((node) => cluster.restart(node)));

  const after = [];
  for (const { make, pay } of requests) {
    after.push({ key: await app.generateKey(make), paid: await app.sign(pay) });
  }
  expect(after).toEqual(before);
  expect(await app.listTasks()).toEqual(tasks);
  for (const { key } of before) {
    const message = utf8('after the restart');
    const { signature } = await app.sign({ keyId: key.key.keyId, message });
    expect(opensslVerifies(key.key.publicKey, message, signature)).toBe(true);
  }
});

test('a cluster with a participant down makes no key, and signs with the others', async () => {
  await using cluster = await startCluster({ nodes: 3 });
  const app = await cluster.client('app');
  const { key } = await app.generateKey({ keyId: 'treasury' });
  const [down] = await cluster.followers();

  await cluster.kill(down);
  const message = utf8('two of three');
  const { signature, signers } = await app.sign({ keyId: 'treasury', message });
  const another = app.generateKey({ keyId: 'another' }, { timeoutMs: 1_500 });

  expect(opensslVerifies(key.publicKey, message, signature)).toBe(true);
  expect(signers).not.toContain(down);
  await expect(another).rejects.toMatchObject({
    code: 'no-quorum',
    reason: 'PARTICIPANT_UNREACHABLE',
  });
  expect((await app.listTasks({ state: TaskState.OPEN })).items).toEqual([]);
});

test('a nonce from before a restart is gone, and the signature is made with another', async () => {
  await using cluster = await startCluster({ nodes: 3 });
  const leader = await cluster.leader();
  const [signer] = await cluster.followers();
  const app = await cluster.client('app', { at: [leader] });
  const { key } = await app.generateKey({
    keyId: 'treasury',
    participants: [leader, signer],
    threshold: 2,
    allowNoRedundancy: true,
  });
  await app.sign({ keyId: 'treasury', message: utf8('a first one') });

  // The entry that names the signer's nonce is committed, and the signer has not heard of it when it dies.
  cluster.network.hold(leader, signer);
  const message = utf8('with another nonce');
  const signing = app.sign({ keyId: 'treasury', message, requestId: 'pay' });
  const taskId = taskIdOf('spiffe://quorate/app/app', 'pay');
  await eventually('the first attempt to be committed', async () => {
    const { attempts } = await app.getTask(taskId, { timeoutMs: 1_000 });
    return attempts.length > 0;
  });
  await cluster.kill(signer);
  await cluster.restart(signer);
  const { signature } = await signing;

  expect(opensslVerifies(key.publicKey, message, signature)).toBe(true);
  const { attempts, state } = await recorded(app, taskId);
  expect(state).toBe(TaskState.DONE);
  expect(attempts.length).toBeGreaterThan(1);
});

test('a node asked to stop first answers the calls under way', async () => {
  await using cluster = await startCluster({ nodes: 3 });
  const leader = await cluster.leader();
  const [entry, signer] = await cluster.followers();
  const app = await cluster.client('app', { at: [entry] });
  const { key } = await app.generateKey({
    keyId: 'treasury',
    participants: [leader, signer],
    threshold: 2,
    allowNoRedundancy: true,
  });
  const message = utf8('the last one here');
  const tls = await cluster.credentials('app');
  const ask = (requestId: string) =>
    callOnce(
      cluster.network.door(entry).address,
      tls,
      SigningServiceService.sign,
      {
        requestId,
        keyId: 'treasury',
        payload: { $case: 'message', value: message },
        derivationPath: [],
        hash: 0,
      },
      20_000,
    );

  cluster.network.hold(signer, leader);
  const underWay = ask('pay');
  const taskId = taskIdOf('spiffe://quorate/app/app', 'pay');
  const elsewhere = await cluster.client('app', { at: [leader] });
  await eventually('the request to be under way', () => elsewhere.getTask(taskId));
  const stopping = cluster.stop(entry);
  await expect(ask('too-late')).rejects.toMatchObject({ code: 'no-quorum' });
  cluster.network.release(signer);

  const { signature } = await underWay;
  expect(opensslVerifies(key.publicKey, message, signature)).toBe(true);
  await stopping;
});
