import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { QuorateClient, QuorateError, ServerFault, TaskState } from '../../../src/client/index.js';
import type { ConnectOptions } from '../../../src/client/index.js';
import { ClusterError, utf8 } from '../../../src/common/index.js';
import { createPublicServer } from '../../../src/rpc/index.js';
import { CONCURRENT_STREAMS_MAX } from '../../../src/rpc/limits.js';
import type { Submission } from '../../../src/tasks/index.js';
import { Algorithm, encode, GenerateKeyRequest, SignRequest } from '../../../src/wire/index.js';
import type { TaskRecord } from '../../../src/wire/index.js';
import {
  authorities,
  FakeBackend,
  generatedKeyResult,
  genesisFor,
  keyRecord,
  MemoryLogger,
  NODES,
  signatureResult,
  taskRecord,
  tlsFor,
  until,
} from '../rpc/server-fixture.js';
import type { Authorities } from '../rpc/server-fixture.js';
import type { Genesis } from '../../../src/client/index.js';
import { certifiedKey, pair, signBy } from './certified.js';

const nodes = NODES.map(pair);
const key = pair();
const message = utf8('pay 3');

let both: Authorities;
let genesis: Genesis;
let options: Omit<ConnectOptions, 'endpoints'>;
beforeAll(async () => {
  both = await authorities();
  genesis = genesisFor(both, { keys: nodes.map(({ publicKey }) => publicKey) });
  // The backends of this file generate keys for which a node vouches.
  options = {
    ...(await tlsFor(both, 'app', 'app')),
    clusterFile: genesis.bytes,
    require: 'vouched',
  };
});

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function openNode(
  name: string = NODES[0],
): Promise<{ backend: FakeBackend; address: string; stop(): Promise<void> }> {
  const backend = new FakeBackend(genesis);
  const server = createPublicServer({
    listen: '127.0.0.1:0',
    tls: await tlsFor(both, name === 'app' ? 'app' : 'tee', name),
    genesis,
    backend,
    logger: new MemoryLogger(),
  });
  const address = await server.listen();
  closing.push(() => server.stop(0));
  return { backend, address, stop: () => server.stop(0) };
}

function connect(
  endpoints: readonly string[],
  changes: Partial<ConnectOptions> = {},
): QuorateClient {
  const client = QuorateClient.connect({ ...options, endpoints, ...changes });
  closing.push(() => client.close());
  return client;
}

/** A backend that generates a key in one process, for tests only. */
function generates(backend: FakeBackend): void {
  backend.onSubmit = ({ request }: Submission) => {
    const { keyId } = GenerateKeyRequest.decode(request);
    backend.keys.set(keyId, certifiedKey(genesis, nodes, key, request));
    const value = { publicKey: key.publicKey, keyVersion: 1 };
    return Promise.resolve(taskRecord('t', { keyId, ...generatedKeyResult(value) }));
  };
}

/** A backend that signs in one process, for tests only. */
function signs(backend: FakeBackend, by = key): void {
  backend.onSubmit = ({ request }) => Promise.resolve(signed(request, by));
}
function signed(request: Uint8Array, by: typeof key): TaskRecord {
  const { payload } = SignRequest.decode(request);
  const value = {
    signature: signBy(by, payload?.value ?? new Uint8Array()),
    publicKey: by.publicKey,
    keyVersion: 1,
    signers: ['node-1', 'node-2'],
    derivationPath: [],
  };
  return taskRecord('t', signatureResult(value));
}

async function errorOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('generateKey', () => {
  test('generateKey names all voters and a majority, and judges the returned key', async () => {
    const { backend, address } = await openNode();
    generates(backend);

    const made = await connect([address]).generateKey({ keyId: 'demo' });

    expect(made).toMatchObject({ verdict: 'vouched', key: { keyId: 'demo', threshold: 2 } });
    const [submission] = backend.submissions;
    expect(GenerateKeyRequest.decode(submission?.request ?? new Uint8Array())).toMatchObject({
      threshold: 2,
      participants: [...NODES],
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  test('generateKey refuses a key that answers another request', async () => {
    const { backend, address } = await openNode();
    generates(backend);
    const client = connect([address]);
    await client.generateKey({ keyId: 'demo', requestId: 'first' });
    const value = { publicKey: key.publicKey, keyVersion: 1 };
    backend.onSubmit = () => Promise.resolve(taskRecord('t', generatedKeyResult(value)));

    const { verdict } = await client.generateKey({ keyId: 'demo', requestId: 'second' });

    expect(verdict).toBe('unverified');
  });

  test('generateKey that runs out of time names the task to ask for', async () => {
    const { backend, address } = await openNode();
    backend.onSubmit = () => new Promise(() => undefined);
    const client = connect([address]);
    await client.getCluster();
    const work = errorOf(
      client.generateKey({ keyId: 'demo', requestId: 'r' }, { timeoutMs: 2_000 }),
    );
    await until(() => backend.submissions.length === 1);
    const { taskIdOf } = await import('../../../src/identity/index.js');
    const taskId = taskIdOf('spiffe://quorate/app/app', 'r');
    backend.tasks.set(taskId, taskRecord(taskId));

    expect(await work).toMatchObject({
      code: 'deadline',
      reason: 'KEY_NOT_READY',
      facts: { task_id: taskId },
    });
  });

  test('generateKey without participants or a cluster file refuses to guess a threshold', async () => {
    const { address } = await openNode();
    const client = connect([address], { clusterFile: undefined });
    expect(await errorOf(client.generateKey({ keyId: 'demo' }))).toMatchObject({
      code: 'invalid-request',
      details: { field: 'threshold' },
    });
  });
});

describe('sign', () => {
  test('sign returns a signature that verifies under the key that the cluster shows', async () => {
    const { backend, address } = await openNode();
    generates(backend);
    const client = connect([address]);
    await client.generateKey({ keyId: 'demo' });
    signs(backend);

    const answer = await client.sign({ keyId: 'demo', message });
    await client.sign({ keyId: 'demo', message });

    expect(answer).toMatchObject({ keyVersion: 1, signers: ['node-1', 'node-2'] });
    expect(new Uint8Array(answer.publicKey)).toEqual(key.publicKey);
    // The key is asked for once.
    expect(backend.readCount).toBe(1);
  });

  test('sign returns no signature of another key', async () => {
    const { backend, address } = await openNode();
    generates(backend);
    const client = connect([address]);
    await client.generateKey({ keyId: 'demo' });
    signs(backend, pair());

    expect(await errorOf(client.sign({ keyId: 'demo', message }))).toMatchObject({
      code: 'protocol-abort',
      reason: 'RESULT_INVALID',
    });
  });

  test('sign with a public key that its caller knows needs no certificate, and compares the key before it asks', async () => {
    const { backend, address } = await openNode();
    backend.keys.set('demo', keyRecord('demo', { publicKey: key.publicKey }));
    const client = connect([address], { clusterFile: undefined });
    const { publicKey } = key;
    signs(backend);

    expect(await client.sign({ keyId: 'demo', message, publicKey })).toMatchObject({ taskId: 't' });
    await client.sign({ keyId: 'demo', message, publicKey });
    expect(backend.readCount).toBe(1);

    const other = pair().publicKey;
    expect(await errorOf(client.sign({ keyId: 'demo', message, publicKey: other }))).toMatchObject({
      code: 'invalid-request',
      reason: 'PUBLIC_KEY_DIFFERS',
    });
    expect(backend.submissions).toHaveLength(2);
    signs(backend, pair());
    expect(await errorOf(client.sign({ keyId: 'demo', message, publicKey }))).toMatchObject({
      reason: 'RESULT_INVALID',
    });
  });

  test('sign along a path accepts no signature of the key itself or of another path', async () => {
    const { backend, address } = await openNode();
    const client = connect([address]);
    const publicPolynomial = [key.publicKey, key.publicKey];
    const request = encode(
      GenerateKeyRequest,
      GenerateKeyRequest.fromPartial({
        requestId: 'r',
        keyId: 'demo',
        algorithm: Algorithm.FROST_ED25519_SHA512,
        threshold: 2,
        participants: [...NODES],
      }),
    );
    const record = certifiedKey(genesis, nodes, key, request, { ready: { publicPolynomial } });
    backend.keys.set('demo', record);
    signs(backend);

    expect(await client.sign({ keyId: 'demo', message, path: [] })).toMatchObject({ taskId: 't' });
    for (const path of [[0], [0, 5]])
      expect(await errorOf(client.sign({ keyId: 'demo', message, path }))).toMatchObject({
        reason: 'RESULT_INVALID',
      });
    const asked = backend.submissions.map(
      (each) => SignRequest.decode(each.request).derivationPath,
    );
    expect(asked).toEqual([[], [0], [0, 5]]);
  });

  test('sign refuses a key whose certificate contradicts the cluster file, or cannot be checked', async () => {
    const { backend, address } = await openNode();
    backend.keys.set('demo', keyRecord('demo', { publicKey: key.publicKey }));
    signs(backend);

    for (const clusterFile of [genesis.bytes, undefined]) {
      const error = await errorOf(
        connect([address], { clusterFile }).sign({ keyId: 'demo', message }),
      );
      expect(error).toMatchObject({
        code: 'protocol-abort',
        reason: 'KEY_UNVERIFIED',
        facts: { verdict: 'unverified' },
      });
    }
    // Nobody was asked to sign what would not be returned.
    expect(backend.submissions).toHaveLength(0);
    const trusting = connect([address], { clusterFile: undefined, require: 'unverified' });
    expect(await trusting.sign({ keyId: 'demo', message })).toMatchObject({ taskId: 't' });
  });

  test('sign fetches a key anew that was not trusted, and remembers a trusted key', async () => {
    const { backend, address } = await openNode();
    generates(backend);
    const client = connect([address]);
    await client.generateKey({ keyId: 'demo' });
    const whole = backend.keys.get('demo');
    if (whole === undefined) throw new Error('no key');
    signs(backend);

    backend.keys.set('demo', { ...whole, installed: [] });
    const error = await errorOf(client.sign({ keyId: 'demo', message }));
    backend.keys.set('demo', whole);
    await client.sign({ keyId: 'demo', message });

    expect(error).toMatchObject({ reason: 'KEY_UNVERIFIED', facts: { verdict: 'pending' } });
  });

  test('unless told otherwise, a client that signs its requests takes no key on a node’s word, and one that does not takes it', async () => {
    const { backend, address } = await openNode();
    generates(backend);
    await connect([address]).generateKey({ keyId: 'demo' });
    signs(backend);
    const sign = (changes: Partial<ConnectOptions>) =>
      errorOf(
        connect([address], { require: undefined, ...changes }).sign({ keyId: 'demo', message }),
      );

    expect(await sign({})).toMatchObject({
      reason: 'KEY_UNVERIFIED',
      facts: { verdict: 'vouched' },
    });
    expect(backend.submissions).toHaveLength(1);
    expect(await sign({ signer: 'none' })).toBeUndefined();
  });
});

describe('finding a node', () => {
  test('the client tries the next node when one is unreachable, with the same request id', async () => {
    const gone = await openNode();
    await gone.stop();
    const refusing = await openNode();
    const { backend, address } = await openNode();
    signs(backend);
    const client = connect([gone.address, refusing.address, address]);

    await client.sign({ keyId: 'demo', message, publicKey: key.publicKey });

    const ids = [...refusing.backend.submissions, ...backend.submissions].map(
      ({ request }) => SignRequest.decode(request).requestId,
    );
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  test('the client stays with the node that answered', async () => {
    const gone = await openNode();
    await gone.stop();
    const { address } = await openNode();
    const client = connect([gone.address, address]);

    await client.getCluster();
    await client.getCluster();

    expect((await client.getCluster()).nodeId).toBe('node-1');
  });

  test('the client repeats a call until its time is over, then says why', async () => {
    const { backend, address } = await openNode();

    const error = await errorOf(
      connect([address]).sign(
        { keyId: 'demo', message, publicKey: key.publicKey },
        { timeoutMs: 600 },
      ),
    );

    expect(error).toMatchObject({ reason: 'NO_QUORUM' });
    expect(backend.submissions.length).toBeGreaterThan(1);
  });

  test('the client reports a node’s refusal rather than another node’s silence', async () => {
    const gone = await openNode();
    await gone.stop();
    const { backend, address } = await openNode();
    backend.onSubmit = () =>
      Promise.reject(new ClusterError('no-quorum', 'Too few', { reason: 'SIGNERS_UNREACHABLE' }));
    const request = { keyId: 'demo', message, publicKey: key.publicKey };

    for (const endpoints of [
      [gone.address, address],
      [address, gone.address],
    ]) {
      const error = await errorOf(connect(endpoints).sign(request, { timeoutMs: 1_000 }));
      expect(error).toMatchObject({
        reason: 'SIGNERS_UNREACHABLE',
        message: `Too few; 1 of 2 nodes reachable: ${gone.address} refused the connection`,
      });
    }
  });

  test('the client does not repeat a call that was refused', async () => {
    const { backend, address } = await openNode();
    backend.onSubmit = () =>
      Promise.reject(
        new ClusterError('forbidden', 'Not yours', {
          reason: 'KEY_NOT_YOURS',
          facts: { key_id: 'demo' },
        }),
      );

    const error = await errorOf(
      connect([address]).sign({ keyId: 'demo', message, publicKey: key.publicKey }),
    );

    expect(error).toBeInstanceOf(QuorateError);
    expect(error).toMatchObject({
      code: 'forbidden',
      reason: 'KEY_NOT_YOURS',
      message: 'Not yours',
      retryable: false,
      facts: { key_id: 'demo' },
    });
    expect(backend.submissions).toHaveLength(1);
  });

  test('the client does not talk to a server that is no node', async () => {
    const { backend, address } = await openNode('app');

    const error = await errorOf(connect([address]).getCluster());

    // At once: no second attempt would end otherwise.
    expect(error).toMatchObject({ code: 'unauthenticated', reason: 'SERVER_UNTRUSTED' });
    expect((error as Error).message).toMatch(
      /is no node: its certificate names spiffe:\/\/quorate\/app\/app$/,
    );
    expect(backend.entered).toBe(0);
  });
});

test('more calls than a connection carries at once wait for their turn', async () => {
  const { address } = await openNode();
  const client = connect([address]);
  const calls = Array.from({ length: CONCURRENT_STREAMS_MAX * 3 }, () => client.getCluster());
  const answers = await Promise.all(calls);
  expect(new Set(answers.map(({ nodeId }) => nodeId))).toEqual(new Set(['node-1']));
});

test('a signal stops a call, and an aborted signal prevents it', async () => {
  const { backend, address } = await openNode();
  backend.onRead = () => new Promise(() => undefined);
  const controller = new AbortController();
  const client = connect([address]);
  const call = errorOf(client.listKeys({}, { signal: controller.signal }));
  await until(() => backend.readCount === 1);

  controller.abort(new Error('enough'));

  expect(await call).toMatchObject({ code: 'cancelled', cause: { message: 'enough' } });
  expect(await errorOf(client.listKeys({}, { signal: controller.signal }))).toMatchObject({
    code: 'cancelled',
  });
  expect(backend.readCount).toBe(1);
});

test('only failures before any effect allow the same call again', () => {
  const retryable = (['no-quorum', 'not-leader', 'overloaded', 'deadline', 'forbidden'] as const)
    .map((code) => new QuorateError(code, 'x'))
    .filter((error) => error.retryable);

  expect(retryable.map(({ code }) => code)).toEqual(['no-quorum', 'not-leader', 'overloaded']);
});

test('a call that outlives its time fails with DEADLINE', async () => {
  const { backend, address } = await openNode();
  backend.onRead = () => new Promise(() => undefined);
  const error = await errorOf(connect([address]).listKeys({}, { timeoutMs: 200 }));
  expect(error).toMatchObject({ code: 'deadline', retryable: false });
});

test('an internal error of the server shows its id and is no QuorateError', async () => {
  const { backend, address } = await openNode();
  backend.onRead = () => Promise.reject(new TypeError('x'));
  const error = await errorOf(connect([address]).listKeys());
  expect(error).toBeInstanceOf(ServerFault);
  expect(error).not.toBeInstanceOf(QuorateError);
  expect((error as ServerFault).errorId).toMatch(/^[0-9a-f-]{36}$/);
});

test('a refusal names the field at fault', async () => {
  const { address } = await openNode();
  const error = await errorOf(connect([address]).getKey('No Id'));
  expect(error).toMatchObject({ code: 'invalid-request', details: { field: 'key_id' } });
});

test('the client reads lists page by page until the limit', async () => {
  const { backend, address } = await openNode();
  for (const id of ['a', 'b', 'c'])
    backend.keys.set(id, keyRecord(id, { request: new Uint8Array(1_200_000) }));
  const client = connect([address]);

  expect((await client.listKeys()).items.map(({ keyId }) => keyId)).toEqual(['a', 'b', 'c']);
  const part = await client.listKeys({ limit: 2 });
  expect(part.items.map(({ keyId }) => keyId)).toEqual(['a', 'b']);
  expect(part.moreCount).toBe(1);
  const rest = await client.listKeys({ pageToken: part.nextPageToken });
  expect(rest.items.map(({ keyId }) => keyId)).toEqual(['c']);
  expect(rest).toMatchObject({ nextPageToken: '', moreCount: 0 });
});

test('the client walks a list as long as its reader goes on, a page at a time', async () => {
  const { backend, address } = await openNode();
  for (let at = 0; at < 1_002; at++) backend.keys.set(`key-${at}`, keyRecord(`key-${at}`));
  const label = { key: 'team', value: 'shop' };
  for (let at = 0; at < 3; at++) {
    const taskId = 'abc'.charAt(at).repeat(26);
    backend.tasks.set(taskId, taskRecord(taskId, { createTimeMs: BigInt(at) }));
    backend.keys.set(`shop-${at}`, keyRecord(`shop-${at}`, { labels: [label] }));
  }
  const client = connect([address]);

  expect(await idsOf(client.keys(), 'keyId')).toHaveLength(1_005);
  expect(await idsOf(client.keys({ labels: [label] }), 'keyId')).toEqual([
    'shop-0',
    'shop-1',
    'shop-2',
  ]);
  expect(await idsOf(client.keys({ prefix: 'shop-', limit: 2 }), 'keyId')).toEqual([
    'shop-0',
    'shop-1',
  ]);
  expect((await idsOf(client.tasks(), 'taskId')).map((id) => id[0])).toEqual(['c', 'b', 'a']);
  backend.readCount = 0;
  for await (const { keyId } of client.keys()) if (keyId !== '') break;
  expect(backend.readCount).toBe(1);
});

test('a call waits for a node that has too much to do, as long as it has time', async () => {
  const { backend, address } = await openNode();
  backend.keys.set('a', keyRecord('a'));
  const client = connect([address]);

  let refusals = 0;
  backend.onRead = () => (++refusals <= 2 ? busy(1)() : Promise.resolve());
  expect((await client.listKeys()).items).toHaveLength(1);
  expect(refusals).toBe(3);
  refusals = 0;
  expect((await client.getKey('a')).key.keyId).toBe('a');
  expect(refusals).toBe(3);
  backend.onRead = busy(60_000);
  expect(await errorOf(client.listKeys({}, { timeoutMs: 5_000 }))).toMatchObject({
    reason: 'TOO_MANY_LISTS',
  });
});

test('a list that goes on with an empty part is no answer', async () => {
  const { backend, address } = await openNode();
  backend.listKeys = () => Promise.resolve({ records: [], next: 'a', moreCount: 1 });

  expect(await errorOf(connect([address]).listKeys())).toMatchObject({ reason: 'RESULT_INVALID' });
});

test('the client shows one task and lists tasks', async () => {
  const { backend, address } = await openNode();
  const taskId = 'a'.repeat(26);
  backend.tasks.set(taskId, taskRecord(taskId));
  const client = connect([address]);

  expect((await client.getTask(taskId)).state).toBe(TaskState.OPEN);
  expect((await client.listTasks({ state: TaskState.OPEN, limit: 5 })).items).toHaveLength(1);
});

function busy(retryAfterMs: number): () => Promise<never> {
  return () =>
    Promise.reject(
      new ClusterError('overloaded', 'Later', { reason: 'TOO_MANY_LISTS', retryAfterMs }),
    );
}

async function idsOf<K extends string>(
  items: AsyncIterable<Readonly<Record<K, string>>>,
  id: K,
): Promise<string[]> {
  const ids: string[] = [];
  for await (const item of items) ids.push(item[id]);
  return ids;
}
