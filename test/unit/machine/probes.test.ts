import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import {
  PROBE_CONNECTIONS_MAX,
  PROBE_HEADER_BYTES_MAX,
  PROBE_MS_MAX,
  ProbeServer,
} from '../../../src/machine/probes.js';

jest.setTimeout(20_000);

/** Well beyond what a connection may last, on a slow machine. */
const SOON_MS = 5 * PROBE_MS_MAX;

let started: boolean;
let ready: boolean;
let server: ProbeServer;
let port: number;
const sockets: Socket[] = [];
beforeEach(async () => {
  [started, ready] = [false, false];
  server = new ProbeServer('127.0.0.1:0', { isStarted: () => started, isReady: () => ready });
  port = Number((await server.listen()).split(':').at(-1));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.stop();
});

function dial(): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  sockets.push(socket);
  return socket;
}

/** Resolves when it is gone, by a reset or in good order. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}

/** All that comes back for these bytes, until the connection ends. */
async function said(bytes: string): Promise<string> {
  const socket = dial();
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  socket.write(bytes);
  await closed(socket);
  return Buffer.concat(parts).toString();
}

const get = (path: string, method = 'GET', more = ''): Promise<string> =>
  said(`${method} ${path} HTTP/1.1\r\nHost: any\r\n${more}\r\n`);
const statusOf = async (answer: Promise<string>): Promise<number> =>
  Number(/^HTTP\/1\.1 (\d{3}) /.exec(await answer)?.[1]);

test('a node is live from the beginning, started when it takes part, and ready when it is', async () => {
  expect(await statusOf(get('/live'))).toBe(200);
  expect([await statusOf(get('/startup')), await statusOf(get('/ready'))]).toEqual([503, 503]);

  started = true;
  expect([await statusOf(get('/startup')), await statusOf(get('/ready'))]).toEqual([200, 503]);
  ready = true;
  expect(await statusOf(get('/ready', 'HEAD'))).toBe(200);
  ready = false;
  expect([await statusOf(get('/ready')), await statusOf(get('/live'))]).toEqual([503, 200]);
});

test('an answer has no body, no name of a program, and ends its connection', async () => {
  const [head = '', body] = (await get('/live')).split('\r\n\r\n');

  expect(body).toBe('');
  const names = head
    .split('\r\n')
    .slice(1)
    .map((line) => line.split(':')[0]);
  expect(new Set(names)).toEqual(
    new Set(['Cache-Control', 'Connection', 'Content-Length', 'Date']),
  );
  expect(head).toContain('Connection: close');
});

test('no other path is there, and no body is taken', async () => {
  for (const path of [
    '/',
    '/metrics',
    '/live/',
    '/live?x=1',
    '/../ready',
    '*',
    'http://any/live',
  ]) {
    expect(await statusOf(get(path))).toBe(404);
  }
  expect(await statusOf(get('/live', 'POST'))).toBe(405);
  expect(await statusOf(get('/live', 'POST', 'Content-Length: 5\r\n'))).toBe(413);
  expect(await statusOf(get('/live', 'GET', 'Transfer-Encoding: chunked\r\n'))).toBe(413);
  for (const bytes of [
    'no request at all\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    `GET /live HTTP/1.1\r\nHost: any\r\nX: ${'a'.repeat(PROBE_HEADER_BYTES_MAX)}\r\n\r\n`,
    'GET /live HTTP/1.1\r\nHost: any\r\nExpect: 100-continue\r\n\r\n',
    'GET /live HTTP/1.1\r\nHost: any\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    'CONNECT any:1 HTTP/1.1\r\nHost: any\r\n\r\n',
  ]) {
    expect(await said(bytes)).toBe('');
  }
});

test('connections are bounded in number and in time, whatever comes over them', async () => {
  const began = performance.now();
  const silent = Array.from({ length: PROBE_CONNECTIONS_MAX }, () => dial());
  const slow = silent[0];
  slow?.write('GET /live HTTP/1.1\r\n');
  await Promise.all(silent.map((socket) => once(socket, 'connect')));
  const trickle = setInterval(() => slow?.write('X: 1\r\n'), 100);

  const beyond = await get('/live');
  await Promise.all(silent.map((socket) => closed(socket.resume())));
  clearInterval(trickle);

  expect(beyond).toBe('');
  expect(performance.now() - began).toBeLessThan(SOON_MS);
  expect(await statusOf(get('/live'))).toBe(200);
});

test('a server that stops cuts what is open', async () => {
  const socket = dial();
  await once(socket, 'connect');
  const gone = closed(socket.resume());

  await server.stop();
  await gone;
  expect(socket.closed).toBe(true);
});
