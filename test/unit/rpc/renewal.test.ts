import { afterEach, expect, test } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { nodeId } from '../../../src/common/index.js';
import { contextOptions, PeerNetwork } from '../../../src/rpc/index.js';
import type { TlsFiles } from '../../../src/rpc/index.js';
import { GetClusterRequest } from '../../../src/wire/index.js';
import {
  authorities,
  Fixture,
  genesisFor,
  MemoryLogger,
  selfOf,
  tlsFor,
  until as within,
} from './server-fixture.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});
const serialOf = ({ cert }: TlsFiles) => new X509Certificate(cert).serialNumber;
/** A machine may be busy: what is waited for has no event of its own, and comes. */
const until = (claim: () => boolean) => within(claim, WAIT_MS);
const WAIT_MS = 25_000;
const GET = '/quorate.v1.ClusterService/GetCluster';
const get = GetClusterRequest.encode({}).finish();

test('a port shows its new certificate to new connections, and those that are open go on', async () => {
  const fixture = await Fixture.open();
  closing.push(() => fixture.close());
  const own = await tlsFor(fixture.authorities, 'operator', 'ann');
  const shownNow = async () => {
    const [host = '', port] = fixture.address.split(':');
    const socket = connect({
      ...contextOptions(own),
      host,
      port: Number(port),
      ALPNProtocols: ['h2'],
    });
    await once(socket, 'secureConnect');
    const { serialNumber } = socket.getPeerCertificate();
    socket.destroy();
    return serialNumber;
  };
  const open = await fixture.as('operator');
  expect((await open.call(GET, get, { timeoutMs: WAIT_MS })).code).toBe(0);
  const before = fixture.server.connectionCount();
  const first = await shownNow();

  const renewed = await tlsFor(fixture.authorities, 'tee', 'node-1');
  fixture.server.renew(renewed);
  expect(serialOf(renewed)).not.toBe(first);
  expect(await shownNow()).toBe(serialOf(renewed));
  await until(() => fixture.server.connectionCount() === before);
  // On the connection of before, which nothing has ended.
  expect((await open.call(GET, get, { timeoutMs: WAIT_MS })).code).toBe(0);
  expect(fixture.server.connectionCount()).toBe(before);
});

test('files that TLS cannot use change nothing', async () => {
  const fixture = await Fixture.open();
  closing.push(() => fixture.close());
  const renewed = await tlsFor(fixture.authorities, 'tee', 'node-1');
  const other = await tlsFor(fixture.authorities, 'tee', 'node-1');
  expect(() => fixture.server.renew({ ...renewed, key: other.key })).toThrow(/mismatch/);
  expect((await (await fixture.as('operator')).call(GET, get, { timeoutMs: WAIT_MS })).code).toBe(
    0,
  );
});

test('a node shows its new certificate when it dials a peer again', async () => {
  const both = await authorities();
  const genesis = genesisFor(both);
  const shown: string[] = [];
  const peer = createServer({
    ...contextOptions(await tlsFor(both, 'tee', 'node-2')),
    requestCert: true,
    ALPNProtocols: ['h2'],
  });
  peer.on('secureConnection', (socket: TLSSocket) => {
    shown.push(socket.getPeerCertificate().serialNumber);
    // The link dials again.
    socket.destroy();
  });
  peer.listen(0, '127.0.0.1');
  await once(peer, 'listening');
  closing.push(() => peer.close());
  const tls = await tlsFor(both, 'tee', 'node-1');
  const { port } = peer.address() as AddressInfo;
  const network = new PeerNetwork({
    genesis,
    self: selfOf(nodeId('node-1'), 1),
    tls,
    addresses: new Map([[nodeId('node-2'), `127.0.0.1:${port}`]]),
    logger: new MemoryLogger(),
  });
  closing.push(() => network.stop());
  network.start({ admits: () => true, connected: () => undefined, disconnected: () => undefined });
  await until(() => shown.length > 0);
  expect(new Set(shown)).toEqual(new Set([serialOf(tls)]));

  const renewed = await tlsFor(both, 'tee', 'node-1');
  network.renew(renewed);
  await until(() => shown.includes(serialOf(renewed)));
});
