import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { QuorateClient, TaskState } from '../../../src/client/index.js';
import type { TaskProgress } from '../../../src/client/index.js';
import type { Genesis } from '../../../src/identity/index.js';
import { createPublicServer } from '../../../src/rpc/index.js';
import type { TlsFiles } from '../../../src/rpc/index.js';
import { AttemptRecord } from '../../../src/wire/index.js';
import type { TaskRecord } from '../../../src/wire/index.js';
import {
  authorities,
  FakeBackend,
  genesisFor,
  MemoryLogger,
  taskRecord,
  tlsFor,
  until,
} from '../rpc/server-fixture.js';
import type { Authorities } from '../rpc/server-fixture.js';

const ID = 'a'.repeat(26);

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

function connect(...nodes: readonly Node[]): QuorateClient {
  const endpoints = nodes.map(({ address }) => address);
  const client = QuorateClient.connect({ ...tls, endpoints, clusterFile: genesis.bytes });
  closing.push(() => client.close());
  return client;
}

/** Shows the task of that id on all nodes, as log that all have applied. */
function setTask(nodes: readonly Node[], changes: Partial<TaskRecord> = {}): void {
  for (const { backend } of nodes) backend.tasks.set(ID, taskRecord(ID, changes));
}

const FAILED: Pick<TaskRecord, 'outcome'> = {
  outcome: { $case: 'failed', value: { reason: 'X', evidence: [] } },
};
const attempt = AttemptRecord.fromPartial({ sessionId: new Uint8Array(32) });

/** What a watch tells, as it comes. */
function collect(told: AsyncIterable<TaskProgress>): {
  readonly told: TaskProgress[];
  readonly end: Promise<unknown>;
} {
  const all: TaskProgress[] = [];
  const read = async (): Promise<void> => {
    for await (const each of told) all.push(each);
  };
  return { told: all, end: read().catch((error: unknown) => error) };
}

const revisionsOf = (told: readonly TaskProgress[]): bigint[] =>
  told.map(({ revision }) => revision);

test('a watch goes on at the next node when its own stops, and tells nothing twice', async () => {
  const nodes = [await openNode('node-1'), await openNode('node-2')];
  const [first, second] = nodes;
  setTask(nodes);
  const { told, end } = collect(connect(...nodes).watchTask(ID));
  await until(() => told.length === 1);

  first?.server.drain();
  await until(() => (second?.backend.readCount ?? 0) > 0);
  setTask(nodes, { attempts: [attempt] });
  await until(() => told.length === 2);
  setTask(nodes, { attempts: [attempt], ...FAILED });

  expect(await end).toBeUndefined();
  expect(told.map(({ task }) => task.state)).toEqual([
    TaskState.OPEN,
    TaskState.OPEN,
    TaskState.FAILED,
  ]);
  expect(new Set(revisionsOf(told)).size).toBe(3);
});

test('a watch goes on when its connection is cut', async () => {
  const nodes = [await openNode('node-1'), await openNode('node-2')];
  setTask(nodes);
  const { told, end } = collect(connect(...nodes).watchTask(ID));
  await until(() => told.length === 1);

  await nodes[0]?.server.stop(0);
  setTask(nodes, FAILED);

  expect(await end).toBeUndefined();
  expect(told.map(({ task }) => task.state)).toEqual([TaskState.OPEN, TaskState.FAILED]);
});

test('a refusal that is about the request ends a watch', async () => {
  const node = await openNode('node-1');

  expect(await collect(connect(node).watchTask(ID)).end).toMatchObject({
    code: 'forbidden',
    reason: 'TASK_NOT_YOURS',
  });
  expect(await collect(connect(node).watchTask('x')).end).toMatchObject({ reason: 'INVALID_ID' });
});

test('a watch that no node takes up is given up after the time that its caller gives', async () => {
  const node = await openNode('node-1');
  setTask([node]);
  const { told, end } = collect(connect(node).watchTask(ID, { resumeMs: 200 }));
  await until(() => told.length === 1);

  node.server.drain();

  expect(await end).toMatchObject({ code: 'no-quorum', reason: 'NODE_STOPPING' });
});

test('a caller that stops, and a client that is closed, end a watch', async () => {
  const node = await openNode('node-1');
  setTask([node]);
  const client = connect(node);
  const stop = new AbortController();
  const stopped = collect(client.watchTask(ID, { signal: stop.signal }));
  const closed = collect(client.watchTask(ID));
  await until(() => stopped.told.length + closed.told.length === 2);

  stop.abort();
  expect(await stopped.end).toMatchObject({ code: 'cancelled' });
  client.close();
  expect(await closed.end).toMatchObject({ code: 'cancelled', reason: 'CLIENT_CLOSED' });
  expect(await collect(client.watchTask(ID)).end).toMatchObject({ reason: 'CLIENT_CLOSED' });
});

test('a caller that leaves the loop leaves no stream behind', async () => {
  const node = await openNode('node-1');
  setTask([node]);
  const client = connect(node);
  for (let turn = 0; turn < 40; turn++)
    for await (const { task } of client.watchTask(ID)) {
      expect(task.taskId).toBe(ID);
      break;
    }
});

test('the cluster is told when it changes', async () => {
  const node = await openNode('node-1');
  const leaders: string[] = [];
  for await (const { cluster, upkeep } of connect(node).watchCluster({ intervalMs: 1_000 })) {
    leaders.push(cluster.leaderId);
    expect(upkeep.refreshing).toBe(0);
    if (leaders.length === 2) break;
    node.backend.state = { ...node.backend.state, leader: undefined };
  }
  expect(leaders).toEqual(['node-2', '']);
});
