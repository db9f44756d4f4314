import { afterEach, expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import type { ClientReadableStream } from '@grpc/grpc-js';
import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { nodeId } from '../../../src/common/index.js';
import {
  encode,
  HealthCheckRequest,
  HealthCheckResponse,
  HealthListRequest,
  HealthListResponse,
} from '../../../src/wire/index.js';
import { certificateNaming } from './naming.js';
import { Caller, channelFor, Fixture, SOON_MS, until } from './server-fixture.js';

const CHECK = '/grpc.health.v1.Health/Check';
const LIST = '/grpc.health.v1.Health/List';
const WATCH = '/grpc.health.v1.Health/Watch';
const UNKNOWN = 'quorate.v1.None';
const [SERVING, NOT_SERVING, SERVICE_UNKNOWN] = [1, 2, 3];

let fixture: Fixture;
afterEach(() => fixture.close());

/** The status, or minus the code of a call that failed. */
async function check(caller: Caller, service = ''): Promise<number> {
  const seen = await caller.call(CHECK, encode(HealthCheckRequest, { service }));
  return seen.response === undefined ? -seen.code : statusIn(seen.response);
}

function statusIn(bytes: Uint8Array): number {
  return HealthCheckResponse.decode(bytes).status;
}

type Watch = {
  readonly call: ClientReadableStream<number>;
  readonly told: readonly number[];
  readonly ended: Promise<status>;
};

function watch(caller: Caller, service = ''): Watch {
  const call = caller.client.makeServerStreamRequest(
    WATCH,
    (bytes: Uint8Array) => Buffer.from(bytes),
    statusIn,
    encode(HealthCheckRequest, { service }),
    { deadline: Date.now() + 30_000 },
  );
  const told: number[] = [];
  call.on('data', (each: number) => told.push(each));
  call.on('error', () => undefined);
  const ended = new Promise<status>((resolve) => call.on('status', ({ code }) => resolve(code)));
  return { call, told, ended };
}

/** Has the server look at its backend now. */
function refresh(changes: Partial<Fixture['backend']['state']> = {}): void {
  fixture.backend.state = { ...fixture.backend.state, ...changes };
  fixture.server.attach(fixture.backend);
}

test('health is SERVING on a node with a leader, caught up, until it drains', async () => {
  fixture = await Fixture.open();
  const app = await fixture.as('app');
  const refreshed = (changes: Parameters<typeof refresh>[0] = {}): Promise<number> => {
    refresh(changes);
    return check(app, 'quorate.v1.KeyService');
  };

  expect(await refreshed()).toBe(SERVING);
  expect(await check(app)).toBe(SERVING);
  expect(await refreshed({ leader: undefined })).toBe(NOT_SERVING);
  expect(await refreshed({ leader: nodeId('node-2'), caughtUp: false })).toBe(NOT_SERVING);
  expect(await refreshed({ caughtUp: true })).toBe(SERVING);
  fixture.server.drain();
  expect(await check(app)).toBe(NOT_SERVING);
});

test('a check and a list tell what the node is at that moment', async () => {
  fixture = await Fixture.open();
  const app = await fixture.as('app');
  refresh();
  expect(await check(app)).toBe(SERVING);
  // The node changes, and nothing tells the server.
  fixture.backend.state = { ...fixture.backend.state, leader: undefined };
  const checked = await check(app);
  fixture.backend.state = { ...fixture.backend.state, leader: nodeId('node-2') };
  const seen = await app.call(LIST, encode(HealthListRequest, {}));
  const { statuses } = HealthListResponse.decode(seen.response ?? new Uint8Array(0));

  expect(checked).toBe(NOT_SERVING);
  expect([...statuses.values()].every((each) => each.status === SERVING)).toBe(true);
});

test('a check of a service that is not served is NOT_FOUND', async () => {
  fixture = await Fixture.open();
  const seen = await (
    await fixture.as('app')
  ).call(CHECK, encode(HealthCheckRequest, { service: UNKNOWN }));
  expect(seen).toMatchObject({ code: status.NOT_FOUND, reason: 'SERVICE_NOT_FOUND' });
});

test('a list of health has every service and the server as a whole', async () => {
  fixture = await Fixture.open();
  refresh();
  const seen = await (await fixture.as('auditor')).call(LIST, encode(HealthListRequest, {}));
  const { statuses } = HealthListResponse.decode(seen.response ?? new Uint8Array(0));
  const names = ['ClusterService', 'KeyService', 'SigningService', 'TaskService'];
  expect(new Set(statuses.keys())).toEqual(
    new Set(['', ...names.map((name) => `quorate.v1.${name}`)]),
  );
  expect([...statuses.values()].every((each) => each.status === SERVING)).toBe(true);
});

test('health requests that no encoder writes are INVALID_ARGUMENT', async () => {
  fixture = await Fixture.open();
  const app = await fixture.as('app');
  const bytes = Uint8Array.of(0x0a, 50, 1);
  for (const path of [CHECK, LIST])
    expect(await app.call(path, bytes)).toMatchObject({
      code: status.INVALID_ARGUMENT,
      reason: 'INVALID_ENCODING',
    });
  const call = app.client.makeServerStreamRequest(
    WATCH,
    (each: Uint8Array) => Buffer.from(each),
    statusIn,
    bytes,
  );
  call.on('error', () => undefined);
  call.resume();
  const code = await new Promise((resolve) => call.on('status', (end) => resolve(end.code)));
  expect(code).toBe(status.INVALID_ARGUMENT);
});

test('a certificate without an identity of ours gets no health', async () => {
  fixture = await Fixture.open();
  const tls = await certificateNaming(fixture.authorities.ours, []);
  const caller = new Caller(fixture.address, channelFor(tls));
  expect(await check(caller)).toBe(-status.UNAUTHENTICATED);
  expect(await watch(caller).ended).toBe(status.UNAUTHENTICATED);
  caller.close();
});

test('a watch is told the status at once and every change, until the node stops', async () => {
  fixture = await Fixture.open();
  refresh();
  const { told, ended } = watch(await fixture.as('app'), 'quorate.v1.KeyService');
  await until(() => told.length === 1);
  refresh({ leader: undefined });
  await until(() => told.length === 2);
  refresh({ leader: nodeId('node-2') });
  await until(() => told.length === 3);
  await fixture.server.stop(SOON_MS);

  expect(told).toEqual([SERVING, NOT_SERVING, SERVING, NOT_SERVING]);
  expect(await ended).toBe(status.OK);
});

test('a watch of a service that is not served is told so once and stays open', async () => {
  fixture = await Fixture.open();
  refresh();
  const app = await fixture.as('app');
  const unknown = watch(app, UNKNOWN);
  const known = watch(app);
  await until(() => unknown.told.length === 1 && known.told.length === 1);
  refresh({ leader: undefined });
  await until(() => known.told.length === 2);

  expect(unknown.told).toEqual([SERVICE_UNKNOWN]);
  unknown.call.cancel();
  expect(await unknown.ended).toBe(status.CANCELLED);
});

test('watches of one caller are limited, and so are those of all callers', async () => {
  const pace = { streamsOpenPerCallerMax: 2, streamsOpenMax: 3 };
  fixture = await Fixture.open({ bounds: { pace } });
  refresh();
  const [app, other] = [await fixture.as('app'), await fixture.as('app', 'other')];
  const open = [watch(app), watch(app, UNKNOWN)];
  await until(() => open.every(({ told }) => told.length === 1));

  expect(await watch(app).ended).toBe(status.RESOURCE_EXHAUSTED);
  open.push(watch(other));
  await until(() => open.every(({ told }) => told.length === 1));
  expect(await watch(other).ended).toBe(status.RESOURCE_EXHAUSTED);
  expect(await check(app)).toBe(SERVING);

  open[0]?.call.cancel();
  // The node hears of it a moment later.
  while (!(await isTold(watch(other))));
});

/** Whether a watch is told anything before it ends. */
async function isTold({ call, ended }: Watch): Promise<boolean> {
  return Promise.race([once(call, 'data').then(() => true), ended.then(() => false)]);
}

/** Bytes that are reachable, after a full collection. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}

test('attack: 2,000 cancelled watches of long random names leave nothing', async () => {
  const pace = { callsPerSecond: 1e6, callsBurst: 1e6 };
  fixture = await Fixture.open({ bounds: { pace } });
  refresh();
  const app = await fixture.as('app');
  const round = async (names: number): Promise<void> => {
    for (let first = 0; first < names; first += 25)
      await Promise.all(
        Array.from({ length: 25 }, async (_, at) => {
          const { call, ended } = watch(app, `${first + at}`.padStart(20_000, 'x'));
          call.once('data', () => call.cancel());
          await ended;
        }),
      );
  };
  await round(500);
  const before = heapBytes();

  await round(2_000);

  // The names alone are 40 MB.
  expect(heapBytes() - before).toBeLessThan(5_000_000);
  // A connection of so many resets is cut, and calls fail until the client has dialled again.
  while ((await check(app)) !== SERVING);
  expect(await check(app)).toBe(SERVING);
}, 60_000);
