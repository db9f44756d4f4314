import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TlsOptions } from 'node:tls';
import { QuorateClient } from '../../../src/client/index.js';
import type { ConnectOptions, Genesis } from '../../../src/client/index.js';
import { utf8 } from '../../../src/common/index.js';
import { METHODS } from '../../../src/state/index.js';
import { encode, GetClusterResponse, SignRequest, SignResponse } from '../../../src/wire/index.js';
import { ScriptedNode } from '../../support/adversary/scripted-node.js';
import { Wire } from '../../support/wire/cluster-wire.js';
import { authorities, genesisFor, tlsFor } from '../rpc/server-fixture.js';
import type { Authorities } from '../rpc/server-fixture.js';
import { pair, signBy } from './certified.js';

const GET_CLUSTER = '/quorate.v1.ClusterService/GetCluster';
const key = pair();
const payment = { keyId: 'demo', message: utf8('pay 3'), publicKey: key.publicKey };

let both: Authorities;
let genesis: Genesis;
let options: Omit<ConnectOptions, 'endpoints'>;
beforeAll(async () => {
  both = await authorities();
  genesis = genesisFor(both);
  options = { ...(await tlsFor(both, 'app', 'app')), clusterFile: genesis.bytes };
});

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function openNode(): Promise<ScriptedNode> {
  const node = await ScriptedNode.open(await tlsFor(both, 'tee', 'node-1'), {
    [METHODS.sign]: async ({ request }) => {
      const { payload } = SignRequest.decode(request);
      const signature = signBy(key, payload?.value ?? new Uint8Array(0));
      return encode(SignResponse, { ...SignResponse.fromPartial({ taskId: 't' }), signature });
    },
    [GET_CLUSTER]: async () =>
      encode(GetClusterResponse, GetClusterResponse.fromPartial({ cluster: { nodeId: 'node-1' } })),
  });
  closing.push(() => node[Symbol.asyncDispose]());
  return node;
}

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A port that takes connections and says nothing: what a frozen process looks like. */
async function openSilent(): Promise<{ readonly address: string; readonly sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.resume();
    sockets.push(socket);
  });
  return { address: await listening(server), sockets };
}

function connect(endpoints: readonly string[], changes: Partial<ConnectOptions> = {}) {
  const client = QuorateClient.connect({ ...options, endpoints, ...changes });
  closing.push(() => client.close());
  return client;
}

async function errorOf(call: Promise<unknown>): Promise<Error | undefined> {
  return call.then(
    () => undefined,
    (error: unknown) => error as Error,
  );
}

describe('a node that is frozen', () => {
  test('close destroys a socket that is still connecting', async () => {
    const { address, sockets } = await openSilent();
    const client = connect([address]);
    const call = errorOf(client.getCluster());
    while (sockets.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const [socket] = sockets;

    client.close();

    expect(await call).toMatchObject({ code: 'cancelled', reason: 'CLIENT_CLOSED' });
    // The far end sees it at once, not when an attempt to connect has run out of time.
    if (socket?.closed !== true) await once(socket as Socket, 'close');
    expect(await errorOf(client.getCluster())).toMatchObject({ reason: 'CLIENT_CLOSED' });
  });

  test('a frozen node costs one attempt to connect, and the next is asked', async () => {
    const { address } = await openSilent();
    const node = await openNode();
    expect(await connect([address, node.address]).getCluster()).toMatchObject({ nodeId: 'node-1' });
  });

  test('a node that freezes while a client uses it is left for another one, which gets the same bytes', async () => {
    const [first, second] = [await openNode(), await openNode()];
    const wire = await Wire.open();
    closing.push(() => wire.close());
    wire.lead(first.address);
    const client = connect([wire.address, second.address]);
    await client.sign(payment);

    wire.hold();
    await client.sign({ ...payment, requestId: 'r' });
    await client.sign(payment);

    expect(first.received).toHaveLength(1);
    expect(second.received.map(({ request }) => SignRequest.decode(request).requestId)[0]).toBe(
      'r',
    );
    expect(second.received).toHaveLength(2);
  });
});

test('a call does not go through a proxy that the environment names', async () => {
  const proxy = await openSilent();
  const node = await openNode();
  const before = process.env['https_proxy'];
  process.env['https_proxy'] = `http://${proxy.address}`;
  closing.push(() => {
    if (before === undefined) delete process.env['https_proxy'];
    else process.env['https_proxy'] = before;
  });

  await connect([node.address]).getCluster();

  expect(proxy.sockets).toHaveLength(0);
});

/** The server name that a client sends to a TLS server which then turns it away. */
async function namesSeen(host: string): Promise<unknown> {
  const { cert, key: privateKey, ca } = await tlsFor(both, 'tee', 'node-1');
  const tls: TlsOptions = { cert, key: privateKey, ca, ALPNProtocols: ['h2'] };
  const names: unknown[] = [];
  const server = createTlsServer(tls, (socket) => {
    names.push(socket.servername);
    socket.on('error', () => undefined);
    socket.destroy();
  });
  const address = await listening(server);
  const client = connect([address.replace('127.0.0.1', host)]);
  const error = await errorOf(client.getCluster({ timeoutMs: 1_000 }));
  expect(error).toMatchObject({ reason: 'UNREACHABLE' });
  expect(error?.message).toMatch(/closed the connection right after the handshake/);
  return names[0];
}

describe('server name indication', () => {
  test('a DNS name of an endpoint is sent, so that routers can choose by it', async () => {
    expect(await namesSeen('localhost')).toBe('localhost');
  });

  test('an address is not sent as a name', async () => {
    expect(await namesSeen('127.0.0.1')).toBe(false);
  });
});

test('a node that is not there is named with the reason', async () => {
  const { address } = await openSilent();
  const gone = createServer();
  const goneAddress = await listening(gone);
  gone.close();
  await once(gone, 'close');

  const error = await errorOf(connect([goneAddress, address]).getCluster({ timeoutMs: 300 }));

  expect(error?.message).toMatch(
    new RegExp(
      `^0 of 2 nodes reachable: ${goneAddress} refused the connection, ${address} did not answer in \\d+ ms$`,
    ),
  );
});

test('a node of another authority, and one that speaks no TLS, are told for what they are', async () => {
  const { ours, foreign } = both;
  const tls = { ...(await tlsFor({ ours: foreign }, 'tee', 'node-1')), ca: ours.certificate };
  const stranger = await ScriptedNode.open(tls, {});
  closing.push(() => stranger[Symbol.asyncDispose]());
  const plain = createServer((socket) => {
    socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  const address = await listening(plain);

  expect(await errorOf(connect([stranger.address]).getCluster())).toMatchObject({
    name: 'QuorateError',
    reason: 'SERVER_UNTRUSTED',
    message: `${stranger.address} shows a certificate that no authority of your CA file has issued`,
  });
  expect(await errorOf(connect([address]).getCluster())).toMatchObject({
    reason: 'UNREACHABLE',
    message: `${address} does not speak TLS 1.3 at this port`,
  });
});

test('an answer that is longer than any of ours is no answer', async () => {
  const node = await ScriptedNode.open(await tlsFor(both, 'tee', 'node-1'), {
    [GET_CLUSTER]: async () => new Uint8Array(4 * 1024 * 1024 + 1),
  });
  closing.push(() => node[Symbol.asyncDispose]());
  expect(await errorOf(connect([node.address]).getCluster())).toMatchObject({
    code: 'overloaded',
  });
});
