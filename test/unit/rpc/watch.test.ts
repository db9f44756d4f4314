import { afterEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { connect } from 'node:http2';
import type { IncomingHttpHeaders } from 'node:http2';
import { status } from '@grpc/grpc-js';
import type { ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import { ClusterError, nodeId } from '../../../src/common/index.js';
import { callHeaders, framed, statusWords } from '../../../src/rpc/index.js';
import { Watch } from '../../../src/rpc/watch.js';
import {
  encode,
  TaskState,
  WatchClusterRequest,
  WatchTaskRequest,
  WatchTaskResponse,
} from '../../../src/wire/index.js';
import { Fixture, seen, SOON_MS, taskRecord, tlsFor, until } from './server-fixture.js';
import type { Caller, Seen } from './server-fixture.js';

const WATCH = '/quorate.v1.TaskService/WatchTask';
const WATCH_CLUSTER = '/quorate.v1.ClusterService/WatchCluster';
const ID = 'a'.repeat(26);

let fixture: Fixture;
afterEach(() => fixture.close());

type Watching = {
  readonly call: ClientReadableStream<Uint8Array>;
  readonly told: Uint8Array[];
  readonly end: Promise<Seen>;
};

function watch(caller: Caller, path: string, request: Uint8Array): Watching {
  const call = caller.client.makeServerStreamRequest(
    path,
    (bytes: Uint8Array) => Buffer.from(bytes),
    (bytes) => new Uint8Array(bytes),
    request,
    { deadline: Date.now() + 60_000 },
  );
  const told: Uint8Array[] = [];
  call.on('data', (bytes: Uint8Array) => told.push(bytes));
  const end = new Promise<Seen>((resolve) => {
    let failure: ServiceError | null = null;
    call.on('error', (error: ServiceError) => (failure = error));
    call.on('status', () => setImmediate(() => resolve(seen(failure))));
  });
  return { call, told, end };
}

const watchTask = (caller: Caller, afterRevision = 0n): Watching =>
  watch(caller, WATCH, encode(WatchTaskRequest, { taskId: ID, afterRevision }));

/** Opens a watch again and again, until it is not refused for want of a place. Polls: a place has no event. */
async function granted(open: () => Watching): Promise<Watching> {
  for (const end = Date.now() + 5 * SOON_MS; Date.now() < end;) {
    const watching = open();
    let isEnded = false;
    void watching.end.then(() => (isEnded = true));
    await until(() => isEnded || watching.told.length > 0);
    if (watching.told.length > 0) return watching;
    expect((await watching.end).reason).toBe('TOO_MANY_STREAMS');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('no place became free');
}

const states = ({ told }: Watching): (TaskState | undefined)[] =>
  told.map((bytes) => WatchTaskResponse.decode(bytes).task?.state);

test('a task is told until it has an outcome, and the stream ends with OK', async () => {
  fixture = await Fixture.open();
  fixture.backend.tasks.set(ID, taskRecord(ID));
  const watching = watchTask(await fixture.as('app'));

  await until(() => watching.told.length === 1);
  fixture.backend.tasks.set(
    ID,
    taskRecord(ID, { outcome: { $case: 'failed', value: { reason: 'X', evidence: [] } } }),
  );

  expect((await watching.end).code).toBe(status.OK);
  expect(states(watching)).toEqual([TaskState.OPEN, TaskState.FAILED]);
});

test('a request that is wrong ends the stream with its reason', async () => {
  fixture = await Fixture.open();
  const app = await fixture.as('app');

  const ends = [
    watchTask(app),
    watch(app, WATCH, Uint8Array.of(1)),
    watch(app, WATCH_CLUSTER, encode(WatchClusterRequest, { intervalMs: 1 })),
  ].map(({ end }) => end);
  expect((await Promise.all(ends)).map(({ reason }) => reason)).toEqual([
    'TASK_NOT_YOURS',
    'INVALID_ENCODING',
    'INVALID_INTERVAL',
  ]);
});

test('a node that drains ends its watches, and takes none, with a status that sends clients elsewhere', async () => {
  fixture = await Fixture.open();
  fixture.backend.tasks.set(ID, taskRecord(ID));
  const app = await fixture.as('app');
  const both = [
    watchTask(app),
    watch(app, WATCH_CLUSTER, encode(WatchClusterRequest, { intervalMs: 0 })),
  ];
  await until(() => both.every(({ told }) => told.length === 1));

  fixture.server.drain();

  for (const { end } of [...both, watchTask(app)])
    expect(await end).toMatchObject({ code: status.UNAVAILABLE, reason: 'NODE_STOPPING' });
});

test('watches are streams: a caller has as many as it may have streams, and a place again when one ends', async () => {
  fixture = await Fixture.open({ bounds: { pace: { streamsOpenPerCallerMax: 2 } } });
  fixture.backend.tasks.set(ID, taskRecord(ID));
  const app = await fixture.as('app');
  const [first, second] = [watchTask(app), watchTask(app)];
  await until(() => first.told.length + second.told.length === 2);

  expect(await watchTask(app).end).toMatchObject({
    code: status.RESOURCE_EXHAUSTED,
    reason: 'TOO_MANY_STREAMS',
  });
  first.call.cancel();
  await first.end;
  (await granted(() => watchTask(app))).call.cancel();
});

test('a client that takes no message is dropped with a reason that it reads later, and its place is free', async () => {
  fixture = await Fixture.open({
    bounds: { slowReaderMs: 300, pace: { streamsOpenPerCallerMax: 1 } },
  });
  // Larger than what flow control lets through unread.
  const keyId = 'k'.repeat(2 * 1024 * 1024);
  fixture.backend.tasks.set(ID, taskRecord(ID, { keyId }));
  const app = await fixture.as('app');
  // A stream of HTTP/2 that nothing is read of: what gRPC libraries read ahead differs.
  const session = connect(`https://${fixture.address}`, {
    ...(await tlsFor(fixture.authorities, 'app', 'app')),
    checkServerIdentity: () => undefined,
  });
  const slow = session.request(callHeaders('localhost', WATCH));
  slow.end(framed(encode(WatchTaskRequest, { taskId: ID, afterRevision: 0n })));
  await once(slow, 'response');
  const otherId = 'b'.repeat(26);
  fixture.backend.tasks.set(otherId, taskRecord(otherId));
  const request = encode(WatchTaskRequest, { taskId: otherId, afterRevision: 0n });

  // The only place of this caller is taken until the slow one is dropped.
  const next = await granted(() => watch(app, WATCH, request));
  const trailers = once(slow, 'trailers') as Promise<IncomingHttpHeaders[]>;
  slow.resume();

  const [last] = await trailers;
  expect(last?.['grpc-status']).toBe(String(status.RESOURCE_EXHAUSTED));
  expect(statusWords(last ?? {})).toBe('The client has taken no message for too long');
  expect(next.told).toHaveLength(1);
  session.destroy();
});

test('a caller that has used up its share of the node’s time costs nothing more, and is told later', () => {
  let hasShare = false;
  let looks = 0;
  const written: object[] = [];
  const open = new Watch(
    { write: (message: object) => written.push(message) } as never,
    {
      intervalMs: 1_000,
      next: () => {
        looks += 1;
        return { message: { looks }, isLast: false };
      },
    },
    {
      measure: (step: () => unknown) => step(),
      requireShare: () => {
        if (!hasShare) throw new ClusterError('overloaded', 'too costly');
      },
    } as never,
    { over: () => undefined, fail: () => undefined },
  );

  open.look(0);
  open.look(5_000);
  expect([looks, written]).toEqual([0, []]);
  hasShare = true;
  open.look(5_250);
  expect([looks, written]).toEqual([1, [{ looks: 1 }]]);
});

test('one message waits at most, and two are apart by the interval', () => {
  const written: (() => void)[] = [];
  const ends: unknown[] = [];
  const open = new Watch(
    { write: (_: object, taken: () => void) => written.push(taken) } as never,
    { intervalMs: 1_000, next: () => ({ message: {}, isLast: false }) },
    { measure: (step: () => unknown) => step(), requireShare: () => undefined } as never,
    { over: () => undefined, fail: (error) => ends.push(error) },
    30_000,
  );

  open.look(0);
  open.look(10_000);
  expect(written).toHaveLength(1);
  written[0]?.();
  open.look(10_001);
  written[1]?.();
  open.look(11_000);
  expect(written).toHaveLength(2);
  open.look(11_001);
  expect(written).toHaveLength(3);
  open.look(41_001);
  expect(ends).toEqual([]);
  open.look(41_002);
  expect(ends).toEqual([expect.objectContaining({ code: 'overloaded', reason: 'SLOW_READER' })]);
});

test('every role that reads may watch, and no node', async () => {
  fixture = await Fixture.open();
  const [operator, node] = [await fixture.as('operator'), await fixture.as('tee', 'node-2')];
  const request = encode(WatchClusterRequest, { intervalMs: 0 });
  const shown = watch(operator, WATCH_CLUSTER, request);

  await until(() => shown.told.length === 1);
  expect((await watch(node, WATCH_CLUSTER, request).end).reason).toBe('ROLE_NOT_PERMITTED');
  fixture.backend.state = { ...fixture.backend.state, leader: nodeId('node-3') };
  await until(() => shown.told.length === 2);
  shown.call.cancel();
});
