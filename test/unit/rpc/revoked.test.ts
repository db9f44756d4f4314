import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { status } from '@grpc/grpc-js';
import { nodeId } from '../../../src/common/index.js';
import {
  contextOptions,
  createPublicServer,
  namesOfCertificate,
  PeerNetwork,
  RevokedCertificates,
} from '../../../src/rpc/index.js';
import type { TlsFiles } from '../../../src/rpc/index.js';
import { GetClusterRequest } from '../../../src/wire/index.js';
import {
  authorities,
  Caller,
  channelFor,
  FakeBackend,
  genesisFor,
  MemoryLogger,
  selfOf,
  tlsFor,
  until as within,
} from './server-fixture.js';
import type { Authorities } from './server-fixture.js';

/** A machine may be busy: what is waited for has no event of its own, and comes. */
const until = (claim: () => boolean) => within(claim, WAIT_MS);
const WAIT_MS = 25_000;
const GET = '/quorate.v1.ClusterService/GetCluster';
const get = GetClusterRequest.encode({}).finish();
const CUT = 'Cut a connection whose certificate is revoked';

const closing: (() => unknown)[] = [];
let both: Authorities;
let revoked: RevokedCertificates;
let logger: MemoryLogger;
beforeEach(async () => {
  both = await authorities();
  revoked = new RevokedCertificates();
  logger = new MemoryLogger();
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function listening() {
  const genesis = genesisFor(both);
  const server = createPublicServer({
    listen: '127.0.0.1:0',
    tls: await tlsFor(both, 'tee', 'node-1'),
    genesis,
    logger,
    backend: new FakeBackend(genesis),
    revoked,
  });
  const address = await server.listen();
  closing.push(() => server.stop(0));
  return { server, address };
}

function callerBy(address: string, tls: TlsFiles): Caller {
  const caller = new Caller(address, channelFor(tls));
  closing.push(() => caller.close());
  return caller;
}

const namesIn = ({ cert }: TlsFiles) => namesOfCertificate(new X509Certificate(cert));
const cuts = () => logger.lines.filter(({ message }) => message === CUT).length;

test.each([
  ['its serial number', 0],
  ['its key', 1],
])(
  'a connection ends when its certificate is revoked by %s, and others go on',
  async (_, which) => {
    const { server, address } = await listening();
    const [bad, good] = [
      await tlsFor(both, 'operator', 'ann'),
      await tlsFor(both, 'operator', 'bob'),
    ];
    const [thief, owner] = [callerBy(address, bad), callerBy(address, good)];
    expect((await thief.call(GET, get, { timeoutMs: WAIT_MS })).code).toBe(status.OK);
    expect((await owner.call(GET, get, { timeoutMs: WAIT_MS })).code).toBe(status.OK);
    const open = server.connectionCount();

    revoked.add(namesIn(bad).slice(which, which + 1));
    await until(() => server.connectionCount() < open);
    expect(cuts()).toBe(1);
    expect((await owner.call(GET, get, { timeoutMs: WAIT_MS })).code).toBe(status.OK);
    // It may dial again: its handshake is good, and its connection is cut before it is answered.
    const again = await thief.call(GET, get, { timeoutMs: WAIT_MS });
    expect([status.UNAVAILABLE, status.UNAUTHENTICATED]).toContain(again.code);
  },
);

test('a call that comes with the handshake of a revoked certificate is not answered, and the connection is cut', async () => {
  const { server, address } = await listening();
  const bad = await tlsFor(both, 'operator', 'ann');
  revoked.add(namesIn(bad));
  const [host = '', port] = address.split(':');
  const socket = connect({
    ...contextOptions(bad),
    host,
    port: Number(port),
    ALPNProtocols: ['h2'],
  });
  socket.on('error', () => undefined);
  socket.resume();
  await once(socket, 'close');
  await until(() => server.connectionCount() === 0);
  expect(cuts()).toBe(1);
});

test('the key of an authority takes with it all that it has issued', async () => {
  const { server, address } = await listening();
  const caller = callerBy(address, await tlsFor(both, 'operator', 'ann'));
  expect((await caller.call(GET, get, { timeoutMs: WAIT_MS })).code).toBe(status.OK);
  revoked.add(namesOfCertificate(new X509Certificate(both.ours.certificate)).slice(1));
  await until(() => server.connectionCount() === 0);
});

test('a session of TLS is not resumed over a revocation', async () => {
  const { address } = await listening();
  const tls = await tlsFor(both, 'operator', 'ann');
  const [host = '', port] = address.split(':');
  const options = { ...contextOptions(tls), host, port: Number(port), ALPNProtocols: ['h2'] };
  const dial = async (session?: Buffer) => {
    const socket = connect({ ...options, ...(session && { session }) });
    socket.on('error', () => undefined);
    const given = new Promise<Buffer>((resolve) => socket.once('session', resolve));
    await once(socket, 'secureConnect');
    const isReused = socket.isSessionReused();
    return { socket, given, isReused };
  };
  const first = await dial();
  const session = await first.given;
  first.socket.destroy();
  // As long as nothing is revoked, it is.
  const again = await dial(session);
  expect(again.isReused).toBe(true);
  again.socket.destroy();
  const other = await tlsFor(both, 'operator', 'bob');
  revoked.add(namesIn(other));
  const second = await dial(session);
  expect(second.isReused).toBe(false);
  second.socket.destroy();
});

test('a node ends its streams to a peer whose certificate is revoked, and takes the next one that it shows', async () => {
  const genesis = genesisFor(both);
  const certificates = [
    await tlsFor(both, 'tee', 'node-2'),
    await tlsFor(both, 'tee', 'node-2'),
  ] as const;
  const shown: TLSSocket[] = [];
  const peer = createServer({
    ...contextOptions(certificates[0]),
    requestCert: true,
    ALPNProtocols: ['h2'],
  });
  peer.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => undefined);
    shown.push(socket);
  });
  peer.listen(0, '127.0.0.1');
  await once(peer, 'listening');
  closing.push(() => {
    for (const socket of shown) socket.destroy();
    peer.close();
  });
  const { port } = peer.address() as AddressInfo;
  const network = new PeerNetwork({
    genesis,
    self: selfOf(nodeId('node-1'), 1),
    tls: await tlsFor(both, 'tee', 'node-1'),
    addresses: new Map([[nodeId('node-2'), `127.0.0.1:${port}`]]),
    logger,
    revoked,
  });
  closing.push(() => network.stop());
  network.start({ admits: () => true, connected: () => undefined, disconnected: () => undefined });
  const [name] = namesIn(certificates[0]);
  await until(() => network.certificateNames(nodeId('node-2')).includes(name ?? 'key/'));

  revoked.add(namesIn(certificates[0]));
  const told = () =>
    logger.lines.filter(({ message }) => message === 'A peer’s certificate is revoked').length;
  await until(() => told() > 0);
  peer.setSecureContext(contextOptions(certificates[1]));
  const [next] = namesIn(certificates[1]);
  await until(() => network.certificateNames(nodeId('node-2')).includes(next ?? 'key/'));
  const seen = told();
  expect(seen).toBeGreaterThan(0);
});
