import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { Algorithm, QuorateClient } from '../../../src/client/index.js';
import type { SignStream } from '../../../src/client/index.js';
import { STREAMED_WAITING_MAX } from '../../../src/client/limits.js';
import { ClusterError, toHex, utf8 } from '../../../src/common/index.js';
import type { Genesis } from '../../../src/identity/index.js';
import { createPublicServer } from '../../../src/rpc/index.js';
import type { TlsFiles } from '../../../src/rpc/index.js';
import type { Submission } from '../../../src/tasks/index.js';
import { SignRequest } from '../../../src/wire/index.js';
import type { TaskRecord } from '../../../src/wire/index.js';
import {
  authorities,
  FakeBackend,
  genesisFor,
  MemoryLogger,
  signatureResult,
  taskRecord,
  tlsFor,
  until as soon,
} from '../rpc/server-fixture.js';
import type { Authorities } from '../rpc/server-fixture.js';
import { pair, signBy } from './certified.js';

const key = pair();

/** Whether a claim holds in time is not what is tested here: a slow machine has as long as it takes. */
const until = (claim: () => boolean): Promise<void> => soon(claim, 20_000);

let both: Authorities;
let genesis: Genesis;
let tls: TlsFiles;
beforeAll(async () => {
  both = await authorities();
  genesis = genesisFor(both);
  tls = await tlsFor(both, 'app', 'app');
});

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

type Node = {
  readonly address: string;
  readonly backend: FakeBackend;
  readonly server: ReturnType<typeof createPublicServer>;
};

async function openNode(name: string): Promise<Node> {
  const backend = new FakeBackend(genesis);
  backend.onSubmit = (submission) => Promise.resolve(signed(submission));
  const server = createPublicServer({
    listen: '127.0.0.1:0',
    tls: await tlsFor(both, 'tee', name),
    genesis,
    logger: new MemoryLogger(),
    backend,
  });
  const address = await server.listen();
  closing.push(() => server.stop(0));
  return { address, backend, server };
}

function open(...nodes: readonly Node[]): SignStream {
  const endpoints = nodes.map(({ address }) => address);
  const client = QuorateClient.connect({ ...tls, endpoints, clusterFile: genesis.bytes });
  const stream = client.signStream();
  closing.push(() => client.close());
  closing.push(() => stream.close());
  return stream;
}

/** The task of a Sign that is done, with a signature that verifies. */
function signed({ request }: Pick<Submission, 'request'>): TaskRecord {
  const { payload, requestId } = SignRequest.decode(request);
  return taskRecord(
    requestId,
    signatureResult({
      signature: signBy(key, payload?.value ?? new Uint8Array(0)),
      publicKey: key.publicKey,
      keyVersion: 1,
      signers: [],
      derivationPath: [],
      recoveryId: undefined,
    }),
  );
}

function input(words: string, requestId?: string) {
  const { publicKey } = key;
  const algorithm = Algorithm.FROST_ED25519_SHA512;
  return { keyId: 'demo', message: utf8(words), publicKey, algorithm, requestId };
}

const never = (): Promise<never> => new Promise(() => undefined);

test('many signatures are made at once on one stream, each the answer of its own message', async () => {
  const node = await openNode('node-1');
  const stream = open(node);
  // The key is asked for once.
  await stream.sign(input('warm up'));

  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, at) => stream.sign(input(`pay ${at}`))),
  );

  // The client verifies each: an answer of another message would not be one.
  expect(new Set(answers.map(({ signature }) => toHex(signature))).size).toBe(100);
  expect(node.backend.submissions).toHaveLength(101);
});

test('a request without an answer when its node stops or breaks off is sent to another one, the same bytes and signature', async () => {
  for (const end of ['drain', 'cut'] as const) {
    const [first, second] = [await openNode('node-1'), await openNode('node-2')];
    first.backend.onSubmit = never;
    const stream = open(first, second);
    const asked = ['one', 'two', 'three'].map((id) => stream.sign(input(id, id)));
    await until(() => first.backend.submissions.length === 3);

    // A node that only drains works on: its own stop ends what it cannot finish.
    if (end === 'drain') first.server.drain();
    await first.server.stop(0);

    await Promise.all(asked);
    const of = ({ backend }: Node) =>
      backend.submissions.map(({ request, authorization }) => [
        toHex(request),
        toHex(authorization?.signature ?? new Uint8Array(0)),
        authorization?.expireTimeMs,
      ]);
    expect(of(second)).toEqual(of(first));
  }
});

test('a failure of one request fails that one alone', async () => {
  const node = await openNode('node-1');
  node.backend.onSubmit = (submission) =>
    SignRequest.decode(submission.request).requestId === 'bad'
      ? Promise.reject(new ClusterError('wrong-state', 'retired', { reason: 'KEY_RETIRED' }))
      : Promise.resolve(signed(submission));
  const stream = open(node);

  const [bad, good] = await Promise.allSettled([
    stream.sign(input('x', 'bad')),
    stream.sign(input('y', 'good')),
  ]);

  expect(bad).toMatchObject({ status: 'rejected', reason: { reason: 'KEY_RETIRED' } });
  expect(good.status).toBe('fulfilled');
});

test('a refusal for now is asked again, with the same request, within the time of the call', async () => {
  const node = await openNode('node-1');
  let refused = 0;
  node.backend.onSubmit = (submission) => {
    refused += 1;
    return refused < 3
      ? Promise.reject(new ClusterError('no-quorum', 'no leader'))
      : Promise.resolve(signed(submission));
  };

  await open(node).sign(input('x', 'id'));

  const ids = node.backend.submissions.map(({ request }) => SignRequest.decode(request).requestId);
  expect(ids).toEqual(['id', 'id', 'id']);
});

test('a signature that does not verify is no answer', async () => {
  const node = await openNode('node-1');
  node.backend.onSubmit = ({ request }) => {
    const record = signed({ request });
    const other = signBy(key, utf8('something else'));
    const { outcome } = signatureResult({
      signature: other,
      publicKey: key.publicKey,
      keyVersion: 1,
      signers: [],
      derivationPath: [],
      recoveryId: undefined,
    });
    return Promise.resolve({ ...record, outcome });
  };

  await expect(open(node).sign(input('x'))).rejects.toMatchObject({ reason: 'RESULT_INVALID' });
});

test('a request ends with its time, its signal or its stream, and the others go on', async () => {
  const node = await openNode('node-1');
  const stream = open(node);
  await stream.sign(input('warm up'));
  node.backend.onSubmit = never;
  const stop = new AbortController();
  const ends = Promise.allSettled([
    stream.sign(input('a'), { timeoutMs: 200 }),
    stream.sign(input('b'), { signal: stop.signal }),
    stream.sign(input('c')),
  ]);
  await until(() => node.backend.submissions.length === 4);
  stop.abort();
  await new Promise((resolve) => setTimeout(resolve, 250));
  stream.close();

  const reasons = (await ends).map((each) => (each.status === 'rejected' ? each.reason : each));
  expect(reasons).toMatchObject([
    { code: 'deadline' },
    { code: 'cancelled' },
    { code: 'cancelled' },
  ]);
  await expect(stream.sign(input('d'))).rejects.toMatchObject({ reason: 'CLIENT_CLOSED' });
});

test('more requests than may wait are refused', async () => {
  const node = await openNode('node-1');
  const stream = open(node);
  await stream.sign(input('warm up'));
  node.backend.onSubmit = never;
  const asked = Array.from({ length: STREAMED_WAITING_MAX + 1 }, (_, at) =>
    stream.sign(input(String(at))).catch((error: unknown) => error),
  );

  expect(await Promise.race(asked)).toMatchObject({ code: 'overloaded', reason: 'STREAM_FULL' });
  stream.close();
  await Promise.all(asked);
});
