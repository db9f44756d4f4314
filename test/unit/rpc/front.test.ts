import { afterEach, expect, test } from '@jest/globals';
import { Server, status } from '@grpc/grpc-js';
import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { encode, GetKeyRequest, SignRequest } from '../../../src/wire/index.js';
import { nodeId } from '../../../src/common/index.js';
import { createPeerServer } from '../../../src/rpc/index.js';
import { FIRST_BYTE_MS_MAX, RESETS_BURST } from '../../../src/rpc/limits.js';
import { Alarms } from '../../../src/alarms/index.js';
import { Front } from '../../../src/rpc/front/front.js';
import { networkOf } from '../../../src/rpc/front/network-of.js';
import { serverCredentials } from '../../../src/rpc/tls.js';
import {
  callHeaders,
  END_HEADERS,
  frame,
  FrameConnection,
  headerBlock,
  HEADERS,
  PING,
  PRIORITY,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from '../../support/wire/http2-frames.js';
import { keyRecord, MemoryLogger, selfOf, Fixture, tlsFor, until } from './server-fixture.js';

const GET_KEY = '/quorate.v1.KeyService/GetKey';
const SIGN = '/quorate.v1.SigningService/Sign';
const request = encode(GetKeyRequest, { keyId: 'demo' });

let fixture: Fixture;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await fixture.close();
});

async function open(bounds: NonNullable<Parameters<typeof Fixture.open>[0]>['bounds'] = {}) {
  fixture = await Fixture.open({ bounds });
  fixture.backend.keys.set('demo', keyRecord('demo'));
}

/** A connection that says nothing by itself. */
async function dial(localAddress = '127.0.0.1', address = fixture.address): Promise<Socket> {
  const socket = connect({
    host: '127.0.0.1',
    port: Number(address.split(':')[1]),
    localAddress,
  });
  sockets.push(socket);
  socket.on('error', () => undefined);
  socket.resume();
  await once(socket, 'connect');
  return socket;
}

/** The owner of the key, or another client that may see it. */
async function isServed(name = 'app'): Promise<boolean> {
  const client = await fixture.as(name === 'app' ? 'app' : 'operator', name);
  return (await client.call(GET_KEY, request)).code === status.OK;
}

test('33: a connection that sends nothing is closed', async () => {
  await open();
  const silent = await dial();
  await once(silent, 'close');
  expect(await isServed()).toBe(true);
});

test('33: a TLS handshake that does not end is closed', async () => {
  await open();
  const handshaking = await dial();
  const beganMs = performance.now();
  handshaking.write(Buffer.from([0x16, 3, 1]));
  await once(handshaking, 'close');
  // By the limit of handshakes, not by that of first bytes.
  expect(performance.now() - beganMs).toBeGreaterThan(FIRST_BYTE_MS_MAX);
  expect(await isServed()).toBe(true);
});

test('33: the peer port limits connections, too', async () => {
  await open();
  const peers = createPeerServer({
    listen: '127.0.0.1:0',
    tls: await tlsFor(fixture.authorities, 'tee', 'node-1'),
    genesis: fixture.genesis,
    self: selfOf(nodeId('node-1'), 1),
    logger: new MemoryLogger(),
  });
  const silent = await dial('127.0.0.1', await peers.listen());
  await once(silent, 'close');
  await peers.stop();
  expect(silent.destroyed).toBe(true);
});

test('33: a TLS connection that sends no HTTP/2 is closed at the idle limit', async () => {
  await open({ idleMs: 50 });
  const tls = await tlsFor(fixture.authorities, 'app', 'app');
  const connection = await FrameConnection.open(fixture.address, tls, false);
  expect(await connection.ended).toMatchObject({ bytesSent: 0 });
});

test('connections of one address are limited until one of them is closed', async () => {
  await open({ front: { connectionsPerAddressMax: 2, firstByteMs: 60_000 } });
  const first = await dial();
  await dial();
  await once(await dial(), 'close');
  // Another address is not asked to wait.
  const other = await dial('127.0.0.2');
  other.write('x');

  first.destroy();
  await until(() => fixture.server.connectionCount() === 2);
  const next = await dial();
  await until(() => fixture.server.connectionCount() === 3);
  expect(next.destroyed).toBe(false);
});

test('connections of a port are limited, from all addresses together', async () => {
  await open({ front: { connectionsMax: 2, firstByteMs: 60_000 } });
  await dial('127.0.0.1');
  await dial('127.0.0.2');
  await once(await dial('127.0.0.3'), 'close');
  expect(fixture.server.connectionCount()).toBe(2);
});

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::ffff:10.0.0.7', '10.0.0.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:db8::9', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
])('connections from %s count for %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test.each([
  ['PING', frame(PING, 0, 0, Buffer.alloc(8))],
  ['SETTINGS', frame(SETTINGS, 0, 0)],
  ['WINDOW_UPDATE', frame(WINDOW_UPDATE, 0, 0, Buffer.from([0, 0, 0, 0]).fill(0).fill(1, 3))],
  ['PRIORITY', frame(PRIORITY, 0, 1, Buffer.from([0, 0, 0, 3, 1]))],
  ['frames of an unknown type', frame(0xbb, 0, 0, Buffer.alloc(100))],
])('53: a flood of %s ends its connection, and no other client notices', async (_, flood) => {
  await open();
  const tls = await tlsFor(fixture.authorities, 'app', 'mallory');
  const connection = await FrameConnection.open(fixture.address, tls);
  const chunk = Buffer.concat(Array.from({ length: 512 }, () => flood));

  // A gigabyte: whoever takes all of that has no limit.
  const [isCut] = await Promise.all([connection.flood(chunk, 2 ** 30), isServed()]);

  expect(isCut).toBe(true);
  expect(await isServed()).toBe(true);
  expect(fixture.backend.submissions).toEqual([]);
});

test('53: streams that are opened and reset at once end their connection', async () => {
  await open();
  const tls = await tlsFor(fixture.authorities, 'app', 'mallory');
  const connection = await FrameConnection.open(fixture.address, tls);
  const block = headerBlock(callHeaders(GET_KEY));
  const reset = Buffer.from([0, 0, 0, 8]);
  for (let opened = 0; opened < 1_000_000 && !connection.isOver; opened += 50) {
    const frames = Array.from({ length: 50 }, (_, at) => {
      const stream = 2 * (opened + at) + 1;
      return [frame(HEADERS, END_HEADERS, stream, block), frame(RST_STREAM, 0, stream, reset)];
    });
    await connection.write(Buffer.concat(frames.flat()));
  }

  await connection.ended;
  expect(fixture.backend.entered).toBe(0);
  expect(await isServed()).toBe(true);
});

test('52: a caller above its rate is RESOURCE_EXHAUSTED with a time to retry; others are served', async () => {
  await open({ pace: { callsPerSecond: 0.5, callsBurst: 2 } });
  const app = await fixture.as('app');
  expect([await isServed(), await isServed()]).toEqual([true, true]);
  const before = fixture.backend.entered;

  const third = await app.call(GET_KEY, request);

  expect(third).toMatchObject({ code: status.RESOURCE_EXHAUSTED, reason: 'CALLS_TOO_FAST' });
  expect(third.retryMs).toBeGreaterThan(0);
  expect(third.retryMs).toBeLessThanOrEqual(2_000);
  expect(fixture.backend.entered).toBe(before);
  expect(await isServed('other')).toBe(true);
});

test('52: a caller with too many open calls is RESOURCE_EXHAUSTED until one of them ends', async () => {
  await open({ pace: { callsOpenPerCallerMax: 1 } });
  const app = await fixture.as('app');
  fixture.backend.onSubmit = () => new Promise(() => undefined);
  const payload = { $case: 'message' as const, value: new Uint8Array(1) };
  const sign = encode(SignRequest, {
    requestId: 'a',
    keyId: 'demo',
    payload,
    derivationPath: [],
    hash: 0,
  });
  const waiting = app.call(SIGN, sign, { timeoutMs: 300 });
  await until(() => fixture.backend.submissions.length === 1);

  expect(await app.call(GET_KEY, request)).toMatchObject({
    code: status.RESOURCE_EXHAUSTED,
    reason: 'TOO_MANY_CALLS',
    retryMs: 1_000,
  });
  expect(await isServed('other')).toBe(true);

  expect((await waiting).code).toBe(status.DEADLINE_EXCEEDED);
  expect(await isServed()).toBe(true);
});

test('a stopping server cuts endless calls, endless handshakes and silent connections', async () => {
  await open({ front: { firstByteMs: 60_000 } });
  const app = await fixture.as('app');
  fixture.backend.onSubmit = () => new Promise(() => undefined);
  const payload = { $case: 'message' as const, value: new Uint8Array(1) };
  const call = app.call(
    SIGN,
    encode(SignRequest, { requestId: 'a', keyId: 'demo', payload, derivationPath: [], hash: 0 }),
    {
      timeoutMs: 60_000,
    },
  );
  await until(() => fixture.backend.submissions.length === 1);
  const silent = await dial();
  const handshaking = await dial();
  handshaking.write(Buffer.from([0x16, 3, 1]));
  await until(() => fixture.server.connectionCount() === 3);

  await fixture.server.stop(0);

  expect(fixture.server.connectionCount()).toBe(0);
  expect([status.UNAVAILABLE, status.CANCELLED, status.INTERNAL]).toContain((await call).code);
  for (const socket of [silent, handshaking]) if (!socket.closed) await once(socket, 'close');
});

test('a stopping server lets a call in flight have its answer', async () => {
  await open();
  const app = await fixture.as('app');
  const answer = new EventEmitter();
  fixture.backend.onRead = async () => void (await once(answer, 'now'));
  const call = app.call(GET_KEY, request);
  await until(() => fixture.backend.readCount === 1);

  const stopped = fixture.server.stop(10_000);
  answer.emit('now');

  expect((await call).code).toBe(status.OK);
  await stopped;
});

test('grpc-js accepts connections injected by other code: the experimental call that the front needs', async () => {
  await open();
  const tls = await tlsFor(fixture.authorities, 'tee', 'node-1');
  const server = new Server();
  const injector = server.createConnectionInjector(serverCredentials(tls, {}));
  expect(Object.keys(injector).sort()).toEqual(['destroy', 'drain', 'injectConnection']);
  injector.destroy();
  server.forceShutdown();
});

test('a port tells when the first connection comes and when none is left, again and again', async () => {
  const logger = new MemoryLogger();
  const told: boolean[] = [];
  const front = new Front({
    limits: { connectionsPerAddressMax: 2, floods: 'cut' },
    logger,
    alarms: new Alarms({ elapsed: () => 0 }, logger),
    handOn: () => undefined,
    attended: (isAttended) => told.push(isAttended),
  });
  const address = await front.listen('127.0.0.1:0');
  for (const round of [1, 2]) {
    const [one, two] = [await dial(undefined, address), await dial(undefined, address)];
    await until(() => front.connectionCount === 2);
    one.destroy();
    await until(() => front.connectionCount === 1);
    expect(told).toHaveLength(2 * round - 1);
    two.destroy();
    await until(() => front.connectionCount === 0);
  }
  await front.close();
  expect(told).toEqual([true, false, true, false]);
});

test('53: a connection is cut with the first stream too many that asks for nothing, and not only at the next look', async () => {
  const logger = new MemoryLogger();
  const front = new Front({
    limits: { connectionsPerAddressMax: 2, floods: 'cut' },
    logger,
    alarms: new Alarms({ elapsed: () => 0 }, logger),
    handOn: () => undefined,
  });
  const address = await front.listen('127.0.0.1:0');
  const socket = await dial(undefined, address);
  await until(() => front.connectionCount === 1);
  const connection = front.connectionOf({
    remoteAddress: '127.0.0.1',
    remotePort: socket.localPort,
  });
  if (connection === undefined) throw new Error('the front does not know the connection');

  for (let each = 0; each < RESETS_BURST; each++) front.streamOpened(connection);
  const before = connection.isOver;
  // As long as this may take, more are let through.
  for (let each = 0; each < RESETS_BURST && !connection.isOver; each++)
    front.streamOpened(connection);

  expect([before, connection.isOver]).toEqual([false, true]);
  await once(socket, 'close');
  await front.close();
});
